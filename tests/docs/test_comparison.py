"""Each row of the tables in ``comparison.md`` and in the README is true."""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Callable
from importlib.metadata import entry_points, files, requires
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.sample_images import sample
from xai_vision import Client
from xai_vision.chat import image, user
from xai_vision.errors import APIError, StreamBrokenError
from xai_vision.testing import FakeServer, Fault, match

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "comparison.md"
DISTRIBUTIONS = ("xai-vision", "xai-sdk", "openai")
YES = {True: "yes", False: "no"}


def table(path: Path, marker: str) -> list[list[str]]:
    """Return the cells of the rows below a marker, without the header."""
    _, _, below = path.read_text("utf-8").partition(f"<!-- {marker} -->\n\n")
    lines = below.split("\n\n", 1)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.fixture
def row(request: pytest.FixtureRequest) -> list[str]:
    """Return the cells of the page's row that names this test: one for each package."""
    rows = table(PAGE, "clients") + table(PAGE, "fakes")
    (cells,) = [cells for cells in rows if cells[-1] == f"`{request.node.name}`"]
    return cells[1:-1]


def test_each_row_has_a_test():
    rows = table(PAGE, "clients") + table(PAGE, "fakes")
    assert len(rows) == 18
    for cells in rows:
        assert len(cells) == 5
        assert cells[-1].strip("`") in globals(), cells


@pytest.mark.parametrize("marker", ["clients", "fakes"])
def test_readme_shows_rows_of_the_page(marker):
    shown = table(ROOT / "README.md", marker)
    known = [cells[:-1] for cells in table(PAGE, marker)]
    assert len(shown) >= 5
    for cells in shown:
        assert cells in known


# --- clients ---


class Programs:
    """The same program with each of the three packages, against one fake server."""

    def __init__(self, server: FakeServer) -> None:
        import openai
        import xai_sdk

        self.server = server
        self.ours = Client(server.api_key, api_host=server.target)
        self.sdk = xai_sdk.Client(
            api_key=server.api_key, api_host=server.target, use_insecure_channel=True
        )
        self.openai = openai.OpenAI(api_key=server.api_key, base_url=server.http_url)

    def close(self) -> None:
        self.ours.close()
        self.sdk.close()
        self.openai.close()

    def with_ours(self, *content: Any, stream: bool = False) -> str:
        chat = self.ours.chat.create("grok-4").append(user("What is this?", *map(image, content)))
        return last(chat.stream()) if stream else chat.sample().content

    def with_sdk(self, *content: Any, stream: bool = False) -> str:
        from xai_sdk import chat as sdk

        chat = self.sdk.chat.create("grok-4")
        chat.append(sdk.user("What is this?", *map(sdk.image, content)))
        return last(chat.stream()) if stream else chat.sample().content

    def with_openai(self, *content: Any, stream: bool = False) -> str:
        parts: list[Any] = [{"type": "text", "text": "What is this?"}]
        parts += [{"type": "image_url", "image_url": {"url": each}} for each in content]
        arguments: Any = {"model": "grok-4", "messages": [{"role": "user", "content": parts}]}
        create = self.openai.chat.completions.create
        if stream:
            chunks = create(**arguments, stream=True)
            deltas = [choice.delta.content or "" for each in chunks for choice in each.choices]
            return "".join(deltas)
        return create(**arguments).choices[0].message.content

    def results(self, *content: Any, **options: Any) -> list[str | Exception]:
        """Return the text, or the error, of each."""
        found: list[str | Exception] = []
        for ask in (self.with_ours, self.with_sdk, self.with_openai):
            try:
                found.append(ask(*content, **options))
            except Exception as error:
                found.append(error)
        return found

    def sent(self, *content: Any) -> list[str]:
        """Return for each whether its request reached the server."""
        outcomes = []
        for ask in (self.with_ours, self.with_sdk, self.with_openai):
            before = len(self.server.calls)
            with contextlib.suppress(Exception):
                ask(*content)
            reached = len(self.server.calls) > before
            outcomes.append("sent" if reached else "error before sending")
        return outcomes


def last(stream: Any) -> str:
    response = None
    for response, _ in stream:
        pass
    assert response is not None
    return response.content


@pytest.fixture
def programs():
    for needed in ("xai_sdk", "openai", "starlette"):
        pytest.importorskip(needed)
    with FakeServer(http=True) as server:
        programs = Programs(server)
        yield programs
        programs.close()


def data_url(data: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


@pytest.mark.peer
def test_api(row, programs):
    assert all(isinstance(result, str) for result in programs.results())
    services = [call.service for call in programs.server.calls]
    assert row == ["REST" if service == "REST" else "gRPC" for service in services]


@pytest.mark.peer
def test_image_file(row, programs, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(sample("photo.jpg"))
    results = programs.results(path)
    assert row == [YES[isinstance(result, str)] for result in results]
    assert "640x480" in str(results[0])
    assert [type(result) for result in results[1:]] == [TypeError, TypeError]


@pytest.mark.peer
def test_large_image(row, programs):
    # Data after the end of an image belongs to its file.
    large = data_url(sample("photo.jpg") + bytes(17 * 1024 * 1024))
    assert row == programs.sent(large)


@pytest.mark.peer
def test_broken_image(row, programs):
    assert row == programs.sent(data_url(b"not an image"))


@pytest.mark.peer
def test_broken_stream(row, programs):
    programs.server.fault(Fault.truncated(after_chunks=2), next=3)
    ours, sdk, openai = programs.results(stream=True)
    assert isinstance(ours, StreamBrokenError)
    part = ours.partial.content
    assert part
    assert row == [
        "error with the part that arrived",
        *("looks complete" if result == part else "error" for result in (sdk, openai)),
    ]


@pytest.mark.peer
def test_rate_limit(row, programs):
    outcomes = []
    for ask in (programs.with_ours, programs.with_sdk, programs.with_openai):
        with programs.server.tenant() as tenant:
            one = Programs(tenant)
            tenant.fault(Fault.rate_limited(retry_after=0.1), next=1)
            try:
                getattr(one, ask.__name__)()
                outcomes.append("retried")
            except Exception:
                outcomes.append("error")
            one.close()
    assert row == outcomes


@pytest.mark.peer
def test_error_type(row, programs):
    programs.server.fault(Fault.status("INVALID_ARGUMENT", "no"), next=3)
    results = programs.results()
    assert all(isinstance(result, Exception) for result in results)
    assert row == [YES[isinstance(result, grpc.RpcError)] for result in results]


@pytest.mark.peer
def test_openai_format(row, programs):
    request: dict[str, Any] = {"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]}
    assert programs.ours.chat.from_openai(**request).sample().content
    assert programs.openai.chat.completions.create(**request).choices[0].message.content
    with pytest.raises((TypeError, ValueError), match="user"):
        programs.sdk.chat.create("grok-4", messages=request["messages"]).sample()
    assert row == ["yes", "no", "yes"]


def installed(measure: Callable[[str], str]) -> list[str]:
    """Measure each of the three distributions."""
    pytest.importorskip("xai_sdk")
    pytest.importorskip("openai")
    return [measure(name) for name in DISTRIBUTIONS]


@pytest.mark.peer
def test_types(row):
    def measure(name: str) -> str:
        if name == "xai-vision":  # an editable installation lists no files
            return YES[(ROOT / "xai_vision" / "py.typed").is_file()]
        return YES[any(path.name == "py.typed" for path in files(name) or ())]

    assert row == installed(measure)


@pytest.mark.peer
def test_pytest_plugin(row):
    plugins = {entry.dist.name for entry in entry_points(group="pytest11") if entry.dist}
    assert row == installed(lambda name: YES[name in plugins])


@pytest.mark.peer
def test_requirements(row):
    def measure(name: str) -> str:
        return str(sum("extra ==" not in line for line in requires(name) or ()))

    assert row == installed(measure)


# --- fake servers ---


def test_fake_serves(row, server):
    http = pytest.importorskip("httpx")
    pytest.importorskip("starlette")
    assert row[0] == "xAI's gRPC API and its REST API"
    server.on().reply("Hello.")
    with Client(server.api_key, api_host=server.target) as client:
        assert client.chat.create("grok-4").ask("Hi").content == "Hello."
    body = {"model": "grok-4", "input": "Hi"}
    headers = {"authorization": f"Bearer {server.api_key}"}
    response = http.post(f"{server.http_url}/responses", json=body, headers=headers, timeout=60)
    assert response.json()["output"][0]["content"][0]["text"] == "Hello."
    assert [call.service == "REST" for call in server.calls] == [False, True]


def test_fake_in_pytest(row, xai_server):
    assert row[0] == "a fixture, in the process of the test"
    here: list[int] = []
    xai_server.on().side_effect(lambda call: here.append(os.getpid()) or "Hello.")
    with Client(xai_server.api_key, api_host=xai_server.target) as client:
        assert client.chat.create("grok-4").ask("Hi").content == "Hello."
    assert here == [os.getpid()]


def test_fake_default(row, client):
    assert row[0] == "answers as a model would in form"
    response = client.chat.create("grok-4").ask("What is this?", image(sample("photo.jpg")))
    assert response.content
    assert response.finish_reason == "REASON_STOP"
    assert response.usage.prompt_image_tokens > 0
    parsed = client.chat.create("grok-4").append(user("Hi")).parse(list[str])[1]
    assert isinstance(parsed, list)


def test_fake_validates(row, server, client):
    from xai_vision.proto.chat_pb2 import GetCompletionsRequest

    assert row[0] == "is refused"
    request = GetCompletionsRequest(model="grok-4", temperature=9, messages=[user("Hi").proto])
    with (
        grpc.insecure_channel(server.target) as channel,
        pytest.raises(grpc.RpcError) as refused,
    ):
        channel.unary_unary(
            "/xai_api.Chat/GetCompletion",
            request_serializer=GetCompletionsRequest.SerializeToString,
        )(request, metadata=[("authorization", f"Bearer {server.api_key}")], timeout=60)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "temperature" in refused.value.details()


def test_fake_images(row, server, client):
    assert row[0] == "decoded; conditions on size, format and likeness"
    photo = sample("photo.jpg")
    server.on(image=match.size(640, 480) & match.format("JPEG") & match.near(photo)).reply("It.")
    assert client.chat.create("grok-4").ask("What?", image(photo)).content == "It."
    assert server.calls.last.images[0].pil().size == (640, 480)


def test_fake_faults(row, server, client):
    assert row[0] == "status, latency, cut streams, TCP resets at a byte"
    for fault in (
        Fault.status("NOT_FOUND", "gone"),
        Fault.truncated(after_chunks=1),
        Fault.reset_connection(after_bytes=40),
    ):
        with FakeServer(tcp_proxy=True) as other:
            other.fault(fault, next=1)
            with Client(other.api_key, api_host=other.target, retries=0) as plain:
                chat = plain.chat.create("grok-4").append(user("Hi"))
                with pytest.raises(APIError):
                    list(chat.stream())
    server.fault(Fault.latency(0.01))
    assert client.chat.create("grok-4").ask("Hi").content


def test_fake_unused(row):
    assert row[0] == "fails the test"
    with pytest.raises(AssertionError, match="was never used"), FakeServer() as server:
        server.on(prompt="never").reply("x")
