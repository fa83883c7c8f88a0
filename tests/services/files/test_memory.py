"""The memory of an upload of 500 MiB, in processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.slow

MIB = 1024 * 1024
LIMIT = 16 * MIB

UPLOAD = textwrap.dedent("""
    import asyncio, sys, tracemalloc
    from xai_vision import AsyncClient, Client

    MIB = 1024 * 1024
    target, key, path, kind, way = sys.argv[1:]

    def rss(field):
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field))

    def begin():
        # The peak is measured from here on.
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        return rss("VmRSS")

    def source():
        return path if way == "path" else open(path, "rb")

    def upload_and_fetch(client):
        client.files.upload(bytes(8 * MIB), filename="warm-up")
        before, steps = begin(), []
        uploaded = client.files.upload(source(), filename="big", on_progress=steps.append)
        assert uploaded.size == sum(steps) == 500 * MIB, uploaded
        print("upload", rss("VmHWM") - before)
        tracemalloc.start()
        assert client.files.content_to(uploaded, path + ".copy") == 500 * MIB
        print("content_to", tracemalloc.get_traced_memory()[1])

    async def upload_and_fetch_async(client):
        await client.files.upload(bytes(8 * MIB), filename="warm-up")
        before, steps = begin(), []
        uploaded = await client.files.upload(source(), filename="big", on_progress=steps.append)
        assert uploaded.size == sum(steps) == 500 * MIB, uploaded
        print("upload", rss("VmHWM") - before)
        tracemalloc.start()
        assert await client.files.content_to(uploaded, path + ".copy") == 500 * MIB
        print("content_to", tracemalloc.get_traced_memory()[1])

    async def main():
        async with AsyncClient(api_key=key, api_host=target) as client:
            await upload_and_fetch_async(client)

    if kind == "async":
        asyncio.run(main())
    else:
        with Client(api_key=key, api_host=target) as client:
            upload_and_fetch(client)
""")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("way", ["path", "object"])
def test_500_mib_take_less_than_16_mib(server, tmp_path, kind, way):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(500 * MIB)
    arguments = [server.target, server.api_key, str(path), kind, way]
    # Freed memory goes back at once, so that the peak is what was held and not what malloc keeps.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    result = subprocess.run(
        [sys.executable, "-c", UPLOAD, *arguments],
        capture_output=True,
        text=True,
        timeout=600,
        env=environment,
    )
    assert result.returncode == 0, result.stderr
    growth = {name: int(size) for name, size in re.findall(r"(\w+) (-?\d+)", result.stdout)}
    assert growth.keys() == {"upload", "content_to"}
    assert growth["upload"] < LIMIT, growth["upload"] / MIB
    # The memory that Python allocated. gRPC reads ahead, as far as its flow control lets it: 20 MiB
    # on an idle machine, more on a busy one.
    assert growth["content_to"] < LIMIT, growth["content_to"] / MIB
    assert server.calls.where(method="UploadFile").last.upload.size == 500 * MIB
    server.clear()
