"""The progress of an upload, and exceptions of its callback and its source."""

from __future__ import annotations

import grpc
import pytest

from tests.services.files.driver import AsyncFiles
from tests.services.files.sources import DATA, Named, Stream
from xai_vision.services._files.upload import CHUNK_BYTES


class Bar:
    """A progress bar that can also be called, which tqdm's cannot."""

    def __init__(self):
        self.steps = []

    def update(self, n):
        self.steps.append(n)

    def __call__(self, sent, total):
        raise AssertionError("update() takes precedence")


LAST = len(DATA) - 2 * CHUNK_BYTES


def test_a_progress_bar_gets_steps(files, path):
    bar = Bar()
    files.upload(path, on_progress=bar)
    assert bar.steps == [CHUNK_BYTES, CHUNK_BYTES, LAST]


def test_a_function_of_one_argument_gets_steps(files, path):
    steps = []
    files.upload(path, on_progress=lambda step: steps.append(step))
    files.upload(path, on_progress=steps.append)
    assert steps == [CHUNK_BYTES, CHUNK_BYTES, LAST] * 2


def test_a_function_of_two_arguments_gets_the_sum_and_the_total(files, path):
    calls = []
    files.upload(path, on_progress=lambda *arguments: calls.append(arguments))
    size = len(DATA)
    assert calls == [(CHUNK_BYTES, size), (2 * CHUNK_BYTES, size), (size, size)]


def test_the_total_is_what_will_be_sent(files):
    calls = []
    file = Named(DATA)
    file.seek(CHUNK_BYTES)
    files.upload(file, on_progress=lambda sent, total=None: calls.append((sent, total)))
    assert calls[-1] == (len(DATA) - CHUNK_BYTES, len(DATA) - CHUNK_BYTES)


def test_the_total_of_a_stream_is_unknown(files):
    calls = []
    files.upload(Stream(DATA), on_progress=lambda sent, total: calls.append((sent, total)))
    assert calls[-1] == (len(DATA), None)


def test_an_empty_file_has_no_progress(files):
    calls = []
    assert files.upload(b"", filename="a", on_progress=calls.append).size == 0
    assert calls == []


@pytest.mark.parametrize("error", [TypeError("mine"), KeyError("mine"), KeyboardInterrupt("mine")])
def test_an_exception_of_the_callback_is_raised_unchanged(files, server, path, error):
    calls = []

    def on_progress(sent, total):
        calls.append(sent)
        raise error

    if isinstance(files, AsyncFiles) and isinstance(error, KeyboardInterrupt):
        pytest.skip("asyncio raises it from the event loop")
    with pytest.raises(type(error), match="mine") as caught:
        files.upload(path, on_progress=on_progress)
    assert caught.value is error
    assert calls == [CHUNK_BYTES]  # once
    # The call may be cancelled before it reaches the server.
    assert all(call.wait_cancelled(60) for call in server.calls)
    assert not server.files


def test_an_error_of_grpc_in_the_callback_is_raised_unchanged(files, path):
    class Mine(grpc.RpcError):
        pass

    def on_progress(step):
        raise Mine("mine")

    with pytest.raises(Mine, match="mine"):
        files.upload(path, on_progress=on_progress)


def test_an_exception_of_the_source_is_raised_unchanged(files, server):
    class Broken(Stream):
        def read(self, size=-1):
            if size and not self.rest[CHUNK_BYTES:]:
                raise RuntimeError("the disk is gone")
            return super().read(size)

    with pytest.raises(RuntimeError, match="the disk is gone"):
        files.upload(Broken(DATA))
    assert server.calls.last.wait_cancelled(60)
    assert not server.files
