"""The same program with xai_sdk and xai_vision: the same requests, and results where both have one.

Both run against the fake server, whose log has the requests.
"""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import xai_vision
from tests.sample_images import png
from xai_vision.testing import FakeServer

pytestmark = pytest.mark.peer
CHUNK = 3 * 1024 * 1024


@pytest.fixture(scope="module")
def setup():
    import xai_sdk

    with FakeServer(unused="allow") as server:
        options = {"api_key": server.api_key, "api_host": server.target}
        theirs, ours = xai_sdk.Client(**options), xai_vision.Client(**options)
        yield server, theirs, ours
        theirs.close()
        ours.close()


def both(setup, program):
    """Run a program of the client with both; return the calls and results of each."""
    server, *clients = setup
    observed = []
    for client in clients:
        server.calls.clear()
        result = program(client)
        calls = [
            (call.method, call.request.SerializeToString(deterministic=True), call.upload)
            for call in server.calls
        ]
        observed.append((calls, result))
    return observed


names = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters='";\\'),
    min_size=1,
    max_size=255,
).filter(str.strip)
expiries = st.none() | st.integers(3600, 2592000)
durations = expiries | st.floats(3600, 2592000).map(lambda s: timedelta(seconds=s))
sizes = st.sampled_from([0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
SETTINGS = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def named(data, name, position=0):
    file = io.BytesIO(data)
    file.name = name
    file.seek(position)
    return file


@SETTINGS
@given(sizes, names, durations, st.sampled_from(["bytes", "object", "named"]), st.integers(0, 2))
def test_uploads(setup, size, name, expires_after, way, position):
    def program(client):
        data = bytes(size)
        if way == "bytes":
            return client.files.upload(data, filename=name, expires_after=expires_after)
        file = named(data, f"/x/{name}" if "/" not in name else "a", min(position, size))
        filename = None if way == "named" else name
        return client.files.upload(file, filename=filename, expires_after=expires_after)

    (their_calls, theirs), (our_calls, ours) = both(setup, program)
    assert our_calls == their_calls
    assert (ours.size, ours.filename) == (theirs.size, theirs.filename)


@SETTINGS
@given(sizes, durations)
def test_uploads_of_paths(setup, tmp_path, size, expires_after):
    path = tmp_path / "some name.bin"
    path.write_bytes(bytes(size))
    (their_calls, _), (our_calls, _) = both(
        setup, lambda client: client.files.upload(str(path), expires_after=expires_after)
    )
    assert our_calls == their_calls


@SETTINGS
@given(
    st.none() | st.integers(1, 2**31 - 1),
    st.sampled_from([None, "asc", "desc"]),
    st.sampled_from([None, "created_at", "filename", "size"]),
    st.sampled_from([None, "", 'name = "a"', "size_bytes > 5 AND expires_at = null"]),
)
def test_lists(setup, limit, order, sort_by, filter_):
    (their_calls, theirs), (our_calls, ours) = both(
        setup,
        lambda client: client.files.list(limit=limit, order=order, sort_by=sort_by, filter=filter_),
    )
    assert our_calls == their_calls
    assert [file.id for file in ours.data] == [file.id for file in theirs.data]


@SETTINGS
@given(durations)
def test_one_file(setup, expires_after):
    server = setup[0]
    entry = server.files.add("a.png", png())

    def program(client):
        files = client.files
        return [
            files.get(entry.file_id).SerializeToString(),
            files.content(entry.file_id),
            files.create_public_url(entry.file_id, expires_after=expires_after).public_url,
            files.revoke_public_url(entry.file_id).revoked,
        ]

    (their_calls, theirs), (our_calls, ours) = both(setup, program)
    assert our_calls == their_calls
    assert theirs[:2] == ours[:2]
    assert theirs[3] is ours[3] is True
    token = server.files.add("b", b"").file_id
    (their_calls, deleted), (our_calls, _) = both(
        setup,
        lambda client: (
            client.files.delete(token) if token in server.files else None,
            server.files.__setitem__(token, b""),
        ),
    )
    assert our_calls == their_calls
    assert deleted[0].deleted


@pytest.mark.parametrize("form", ["update", "sent and total", "step"])
def test_progress(setup, form):
    class Bar:
        def __init__(self):
            self.steps = []

        def update(self, n):
            self.steps.append(n)

    def program(client):
        calls, bar = [], Bar()
        callback = {
            "update": bar,
            "sent and total": lambda sent, total: calls.append((sent, total)),
            "step": lambda step: calls.append(step),
        }[form]
        client.files.upload(bytes(CHUNK + 5), filename="a", on_progress=callback)
        return calls or bar.steps

    (_, theirs), (_, ours) = both(setup, program)
    assert ours == theirs
    assert len(ours) == 2


def test_batches(setup, tmp_path):
    for number in range(4):
        (tmp_path / f"{number}.bin").write_bytes(bytes(number))
    paths = [*(str(tmp_path / f"{number}.bin") for number in range(4)), "no/such/file"]
    (_, theirs), (_, ours) = both(
        setup, lambda client: client.files.batch_upload(paths, batch_size=2)
    )

    def summary(results):
        return {
            index: type(result) if isinstance(result, Exception) else result.filename
            for index, result in sorted(results.items())
        }

    assert summary(ours) == summary(theirs)
    assert summary(ours)[4] is FileNotFoundError


@pytest.mark.parametrize(
    "arguments",
    [
        {"file": "no/such/file"},
        {"file": b"x"},
        {"file": io.BytesIO(b"x")},
        {"file": 5},
    ],
)
def test_the_same_errors(setup, arguments):
    _, theirs, ours = setup
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        theirs.files.upload(**arguments)
    with pytest.raises(FileNotFoundError if "no" in str(arguments) else ValueError):
        ours.files.upload(**arguments)
    assert issubclass(type(caught.value), (ValueError, FileNotFoundError))


async def test_the_async_client_sends_the_same(setup):
    import xai_sdk

    server = setup[0]
    observed = []
    for package in (xai_sdk, xai_vision):
        client = package.AsyncClient(api_key=server.api_key, api_host=server.target)
        server.calls.clear()
        uploaded = await client.files.upload(bytes(CHUNK + 1), filename="a", expires_after=3600)
        await client.files.get(uploaded.id)
        await client.files.list(limit=5, order="desc", sort_by="size")
        assert await client.files.content(uploaded.id) == bytes(CHUNK + 1)
        await client.files.delete(uploaded.id)
        await client.close()
        names = [(call.method, call.upload) for call in server.calls]
        first = [server.calls[0].request, server.calls[2].request]
        observed.append((names, first))
    assert observed[0] == observed[1]
