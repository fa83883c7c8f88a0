"""Writing prepared images: in chunks, from changing files, from threads, and as copies."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sample_images import MIB, jpeg, jpeg_of, sample
from xai_vision.chat import image, user
from xai_vision.imaging import ImageError, ImageReadError, prepare_image


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg())
    return path


def url_of(data: bytes, kind: str = "jpeg") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def test_a_file_is_written_as_a_data_url(path):
    prepared = prepare_image(path)
    parts: list[bytes] = []
    prepared.write_url(parts.append)
    assert b"".join(parts).decode() == url_of(jpeg())
    assert sum(map(len, parts)) == prepared.url_size
    assert prepared.sha256() == hashlib.sha256(jpeg()).hexdigest()


def rewrite(path, data):
    before = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000_000))


def replace_by_twin(path, data):
    """Replace a file by another one of the same size and modification time."""
    before = path.stat()
    twin = path.with_suffix(".twin")
    twin.write_bytes(data)
    os.utime(twin, ns=(before.st_atime_ns, before.st_mtime_ns))
    twin.replace(path)


def rewrite_with_the_same_times(path, data):
    if os.name == "nt":
        pytest.skip("Windows does not record the time of the last change of the status")
    before = path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # its steps can be milliseconds long
        path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace_by_fifo(path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("the system has no FIFOs")
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.unlink(),
        lambda path: rewrite(path, jpeg()[:-1]),
        lambda path: rewrite(path, jpeg() + b"x"),
        lambda path: rewrite(path, jpeg()[::-1]),
        lambda path: rewrite(path, b""),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: replace_by_twin(path, jpeg()[::-1]),
        lambda path: rewrite_with_the_same_times(path, jpeg()[::-1]),
        lambda path: replace_by_fifo(path),
    ],
)
def test_a_changed_file_is_an_error_before_writing(path, change):
    prepared = prepare_image(path)
    change(path)
    parts: list[bytes] = []
    for read in (prepared.read, lambda: prepared.write_url(parts.append), prepared.sha256):
        with pytest.raises(ImageReadError) as caught:
            read()
        assert caught.value.source == "photo.jpg"
    assert not parts


def test_a_file_that_changes_during_writing(path):
    path.write_bytes(jpeg_of(MIB))
    prepared = prepare_image(path)
    with pytest.raises(ImageReadError, match="changed"):
        prepared.write_url(lambda part: rewrite(path, jpeg_of(MIB)[:-1]))


def test_errors_of_the_receiver_are_raised(path):
    def fail(part):
        raise OSError(28, "No space left on device")

    for source in (path, jpeg(), url_of(jpeg())):
        with pytest.raises(OSError, match="No space"):
            prepare_image(source).write_url(fail)


def test_a_relative_path_is_resolved_at_once(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prepared = prepare_image(path.relative_to(tmp_path))
    monkeypatch.chdir("/")
    assert prepared.read() == jpeg()


def sources(path):
    return {
        "path": path,
        "bytes": jpeg(),
        "file object": io.BytesIO(jpeg()),
        "part of a buffer": memoryview(b"--" + jpeg())[2:],
        "data URL": url_of(jpeg()),
        "base64": base64.b64encode(jpeg()).decode(),
        "URL": "https://example.com/a.jpg",
        "converted": sample("photo.webp"),
    }


@pytest.mark.parametrize("kind", sources(None))
def test_pickle_and_copies(path, kind):
    prepared = prepare_image(sources(path)[kind], name="it", detail="low")
    unpickled = pickle.loads(pickle.dumps(prepared))
    path.unlink()
    for other in (
        unpickled,
        copy.copy(unpickled),
        copy.deepcopy({"a": [unpickled]})["a"][0],
    ):
        assert other.url() == url_of(jpeg()) if kind not in ("URL", "converted") else True
        assert other.describe() == unpickled.describe()
        assert (other.size, other.changes, other.source) == (
            prepared.size,
            prepared.changes,
            prepared.source,
        )
        assert other.tokens == prepared.tokens
        assert other.url_size == len(other.url())


def test_a_copy_shares_the_data(path):
    prepared = prepare_image(jpeg())
    assert copy.deepcopy(prepared).read() is prepared.read()


def test_many_threads(path):
    path.write_bytes(jpeg_of(MIB))
    images = [
        prepare_image(path),
        prepare_image(jpeg_of(MIB)),
        prepare_image(url_of(jpeg_of(MIB))),
    ]
    expected = url_of(jpeg_of(MIB))
    with ThreadPoolExecutor(8) as pool:
        urls = list(pool.map(lambda image: image.url(), images * 8))
    assert all(url == expected for url in urls)


def test_errors_pickle():
    with pytest.raises(ImageError) as caught:
        prepare_image(jpeg_of(2 * MIB), limit=MIB, name="big")
    error = pickle.loads(pickle.dumps(caught.value))
    assert type(error) is type(caught.value)
    assert str(error) == str(caught.value)
    assert (error.size, error.limit) == (2 * MIB, MIB)


def test_repr_is_short():
    assert repr(prepare_image(jpeg())) == "<PreparedImage image (JPEG, 640x480, 34.8 KiB)>"


@pytest.mark.parametrize("replace", [replace_by_fifo, lambda p: replace_by_twin(p, jpeg()[::-1])])
def test_a_file_replaced_before_sending_is_an_error(path, replace, server, client):
    """Opening a FIFO would block until it has a writer, past every deadline."""
    conversation = client.chat.create("grok-4.5")
    conversation.append(user("What is this?", image(path)))
    replace(path)
    with pytest.raises(ImageReadError, match="changed after the image was prepared") as caught:
        conversation.sample()
    assert "Prepare it again" in caught.value.remedy
    assert not server.calls
