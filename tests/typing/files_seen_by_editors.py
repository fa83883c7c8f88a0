"""The types of client.files, as editors infer them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

from typing_extensions import assert_type

from xai_vision import AsyncClient, Client
from xai_vision.chat import file, image
from xai_vision.files import File
from xai_vision.proto import chat_pb2, files_pb2


class Bar:
    """A progress bar such as tqdm's."""

    def update(self, n: float | None = 1) -> bool | None:
        """Add ``n``."""


def upload(client: Client) -> None:
    """Call every method."""
    files = client.files
    uploaded = files.upload(Path("a"), on_progress=Bar(), expires_after=timedelta(hours=1))
    assert_type(uploaded, files_pb2.File)
    files.upload(b"x", filename="a", on_progress=lambda sent, total: print(sent, total), timeout=5)
    with Path("a").open("rb") as stream:
        files.upload(stream)
    assert_type(files.image(Path("a"), detail="low"), chat_pb2.Content)
    assert_type(files.batch_upload(["a", Path("b")]), dict[int, File | Exception])
    assert_type(files.list(order="asc", sort_by="size").data[0], files_pb2.File)
    assert_type(files.list_all(filter="x"), Iterator[File])
    assert_type(files.get(uploaded), files_pb2.File)
    assert_type(files.content("file_1", format="text", idle_timeout=5), bytes)
    assert_type(files.content_to(uploaded, Path("b")), int)
    assert_type(files.delete("file_1").deleted, bool)
    assert_type(files.create_public_url("file_1", expires_after=3600).public_url, str)
    assert_type(files.revoke_public_url("file_1").revoked, bool)
    assert_type(image(file=uploaded), chat_pb2.Content)
    assert_type(file(uploaded), chat_pb2.Content)


async def upload_async(client: AsyncClient) -> None:
    """Call the async twins."""
    files = client.files
    assert_type(await files.upload("a"), files_pb2.File)
    assert_type(await files.image(b"x"), chat_pb2.Content)
    assert_type(await files.batch_upload(["a"]), dict[int, File | Exception])
    assert_type(files.list_all(), AsyncIterator[File])
    assert_type(await files.content("file_1"), bytes)
