"""The benchmark items: their tasks, metrics and targets."""

from __future__ import annotations

from dataclasses import dataclass, field

CLIENTS = ("raw", "xai_vision", "xai_sdk", "openai")


@dataclass(frozen=True)
class Metric:
    """A metric of an item.

    ``target`` is the highest acceptable ratio to the base client; with ``higher``, where more is
    better, the lowest. ``maximum`` is an absolute limit.
    """

    name: str
    unit: str
    target: float | None = None
    maximum: float | None = None
    higher: bool = False


@dataclass(frozen=True)
class Item:
    """A benchmark. The first client is the base of the ratios."""

    name: str
    about: str
    task: str
    metrics: tuple[Metric, ...]
    parameters: dict[str, str] = field(default_factory=dict)
    quick: dict[str, str] | None = None  # Parameters for --quick; None omits the item.
    clients: tuple[str, ...] = CLIENTS
    fresh: bool = False  # Starts a new process for each round.
    tls: bool = False
    image: int = 0  # The size of the image in bytes.
    flood: bool = False  # Uses the server of flood.py.


MIB = 1024 * 1024
_CPU_MS = Metric("cpu", "ms")
_WALL_MS = Metric("wall", "ms")
_MEMORY = Metric("memory", "MiB")


def _starts():
    targets = (Metric("cpu", "ms", 1.25), Metric("wall", "ms", 1.25))
    yield Item("import", "import the client", "import", targets, quick={}, fresh=True)
    yield Item("cold", "import to first response", "cold", targets, quick={}, fresh=True)


def _texts():
    for name, tls, cpu in (("text", False, 1.30), ("text-tls", True, 1.35)):
        yield Item(
            name,
            "short prompt over TLS" if tls else "short prompt",
            "text",
            (Metric("p50", "us", 1.10 if not tls else None), Metric("cpu", "us", cpu)),
            {"calls": "400"},
            quick={"calls": "200"},
            tls=tls,
        )


def _images():
    for size in (1, 10, 19):
        for source_type in ("path", "bytes"):
            ten = size == 10
            yield Item(
                f"image-{size}-{source_type}",
                f"{size} MiB image from {'a Path' if source_type == 'path' else 'bytes'}",
                "image",
                (
                    Metric("cpu", "ms", 0.60 if ten else None),
                    Metric("memory", "MiB", 1.05 if ten else None),
                    _WALL_MS,
                ),
                {"source_type": source_type, "calls": "20" if size == 1 else "5"},
                quick={"source_type": source_type, "calls": "3"} if ten else None,
                fresh=True,
                image=size * MIB,
            )
    yield Item(
        "conversation",
        "20 turns, a 1 MiB image each",
        "conversation",
        (
            Metric("cpu", "ms", 0.65),
            Metric("wall", "ms", 0.65),
            Metric("memory", "MiB", 0.55),
            Metric("growth", "ms/turn", 1.0),
        ),
        {"turns": "20"},
        quick={"turns": "20"},
        fresh=True,
        image=MIB,
    )
    for mode in ("asyncio", "threads"):
        yield Item(
            f"bulk-{mode}",
            f"16 images of 10 MiB in flight ({mode})",
            "bulk",
            (Metric("memory", "MiB", maximum=16 * 10 * 4 / 3 + 64), _CPU_MS, _WALL_MS),
            {"concurrency": "16", "mode": mode},
            quick=None,
            clients=("raw", "xai_vision"),
            fresh=True,
            image=10 * MIB,
        )


def _uploads():
    yield Item(
        "upload-200",
        "upload of a file of 200 MiB",
        "upload",
        (Metric("cpu", "ms", 1.25), _WALL_MS, Metric("memory", "MiB", maximum=32)),
        quick={},
        clients=("raw", "xai_vision", "xai_sdk"),
        fresh=True,
        image=200 * MIB,
    )


def _streams():
    cpu = Metric("cpu", "us/chunk", 0.65)
    memory = Metric("memory", "MiB")
    for chunks in (500, 4000, 16000):
        for read_each in ("no", "yes"):
            parameters = {"chunks": str(chunks), "pause": "0", "read_each": read_each}
            yield Item(
                f"stream-{chunks}{'-read' if read_each == 'yes' else ''}",
                f"{chunks} chunks{', .content at each' if read_each == 'yes' else ''}",
                "stream",
                (cpu, Metric("wall", "us/chunk"), memory),
                parameters,
                quick=parameters if read_each == "yes" and chunks != 4000 else None,
                flood=True,
            )
    yield Item(
        "stream-paced",
        "200 chunks, 2 ms apart",
        "stream",
        (Metric("cpu", "us/chunk"),),
        {"chunks": "200", "pause": "0.002", "read_each": "yes"},
        quick={"chunks": "100", "pause": "0.002", "read_each": "yes"},
    )
    for name, streams, about in (
        ("async-stream", "1", "asyncio: a stream of 2000 chunks"),
        ("async-streams", "16", "asyncio: 16 streams of 500 chunks"),
    ):
        chunks = "2000" if streams == "1" else "500"
        parameters = {"streams": streams, "chunks": chunks, "pause": "0", "read_each": "yes"}
        yield Item(
            name,
            about,
            "async_streams",
            (Metric("cpu", "us/chunk", 1.25), Metric("wall", "us/chunk")),
            parameters,
            quick=parameters | {"chunks": "500" if streams == "1" else "100"},
            flood=True,
        )


def _concurrent_calls():
    yield Item(
        "async-64",
        "asyncio: 64 short prompts in flight",
        "async_calls",
        (Metric("wall", "us/call", 1.10), Metric("cpu", "us/call")),
        {"concurrency": "64", "calls": "40"},
        quick={"concurrency": "64", "calls": "10"},
    )
    yield Item(
        "threads-16",
        "16 threads, short prompts",
        "threads",
        (Metric("wall", "us/call", 1.20), Metric("cpu", "us/call")),
        {"concurrency": "16", "calls": "100"},
        quick={"concurrency": "16", "calls": "40"},
    )


def _servers():
    servers = ("bare_aio", "bare_sync", "fake")
    yield Item(
        "fake-start",
        "from import to an open port",
        "startup",
        (Metric("wall", "ms", 2.0), _CPU_MS),
        quick={},
        clients=servers,
        fresh=True,
    )
    yield Item(
        "fixture",
        "a test's server, set up and taken down",
        "fixture",
        (Metric("wall", "ms", 1.25),),
        quick={},
        clients=("bare_sync", "xai_server", "fake_server"),
        fresh=True,
    )
    yield Item(
        "fake-rate",
        "short calls, 16 in flight",
        "rate",
        (Metric("rate", "calls/s", 0.5, higher=True),),
        {"concurrency": "16", "calls": "60"},
        quick={"concurrency": "16", "calls": "25"},
        clients=servers,
    )


def _preparations():
    """Yield the jobs of preparing.py, with targets for CPU and memory."""
    jobs = (
        ("url", "27-mpx.jpg", "27 MP JPEG to a data URL", 1.0, 1.05),
        ("verify", "27-mpx.jpg", "27 MP JPEG, verify", None, None),
        ("max_side=1024", "27-mpx.jpg", "27 MP JPEG, max_side=1024", 1.0, 1.0),
        ("max_bytes=4000000", "27-mpx.jpg", "27 MP JPEG, max_bytes=4 MB", 1.0, 1.0),
        ("fit", "large.jpg", "27 MP JPEG, fit", None, 1.1),
        ("verify", "100-mpx.png", "100 MP PNG, verify", None, None),
        ("max_side=2048", "100-mpx.png", "100 MP PNG, max_side=2048", 1.0, 1.0),
        ("image_to_png", "64-mpx.png", "64 MP Pillow image", 1.1, None),
        ("array_to_png", "64-mpx.png", "64 MP array", 1.1, 1.1),
        ("url", "jpegs", "200 small JPEGs to data URLs", None, None),
        ("max_side=128", "jpegs", "200 small JPEGs, max_side=128", None, None),
        ("to_png", "webps", "200 WebPs to PNG", 1.1, 1.1),
    )
    for job, file, about, cpu, memory in jobs:
        yield Item(
            f"prepare-{file.partition('.')[0]}-{job.partition('=')[0]}",
            about,
            "prepare",
            (Metric("cpu", "ms", cpu), Metric("memory", "MiB", memory), Metric("size", "MiB")),
            {"job": job, "file": file},
            clients=("pillow", "xai_vision"),
            fresh=True,
        )


def _all():
    groups = (
        _starts,
        _texts,
        _images,
        _preparations,
        _uploads,
        _streams,
        _concurrent_calls,
        _servers,
    )
    for group in groups:
        yield from group()


ITEMS = {item.name: item for item in _all()}
