"""``xai-vision serve --inspect [--open]``."""

from __future__ import annotations

import sys
import urllib.request

import pytest

from tests.cli.conftest import stop
from tests.testing.waiting import until
from xai_vision import Client
from xai_vision.chat import user

pytest.importorskip("starlette")


def read(url):
    with urllib.request.urlopen(url, timeout=60) as response:
        return response.read().decode()


def test_the_page_of_a_server(serve):
    process, ready = serve("--inspect", "--json")
    assert ready["inspector"].startswith("http://127.0.0.1:")
    with Client(ready["api_key"], api_host=ready["grpc"]) as client:
        client.chat.create("grok-4", messages=[user("Hi")]).sample()
    page = read(ready["inspector"])
    assert "<title>xai-vision inspector</title>" in page
    with urllib.request.urlopen(f"{ready['inspector']}events", timeout=60) as events:
        lines = [line for _, line in zip(range(6), events, strict=False)]
    assert any(b'"prompt":"Hi"' in line for line in lines)
    # The page is on the HTTP port, which --http-port did not open: there is no admin API.
    assert (ready["http"], ready["admin"]) == (None, None)
    assert stop(process)[0] == 0


def test_the_url_is_printed(serve):
    process, _ = serve("--inspect", "--key", "key-of-the-test", "--http-port", "0")
    lines = [process.stdout.readline() for _ in range(5)]
    (line,) = [line for line in lines if "inspector" in line]
    assert "<title>xai-vision inspector</title>" in read(line.split()[-1])
    assert "key-of-the-test" not in "".join(lines)
    stop(process)


def test_without_it_there_is_no_page(serve):
    process, ready = serve("--http-port", "0", "--json")
    assert ready["inspector"] is None
    with pytest.raises(urllib.error.HTTPError) as caught:
        read(f"{ready['http'].removesuffix('/v1')}/__inspect/x/")
    assert caught.value.code == 404
    caught.value.close()
    stop(process)


def test_the_rule_file_and_the_environment(serve, folder):
    (folder / "rules.yaml").write_text("serve: {inspect: true}\n")
    process, ready = serve("--rules", "rules.yaml", "--json")
    assert ready["inspector"]
    stop(process)
    process, ready = serve("--json", XAI_VISION_SERVE_INSPECT="1")
    assert ready["inspector"]
    stop(process)


def test_the_browser_is_opened(serve, folder):
    # The module webbrowser runs the program that this variable names.
    program = folder / "browser.py"
    program.write_text(
        f"import sys, pathlib\npathlib.Path({str(folder / 'url')!r}).write_text(sys.argv[1])\n"
    )
    process, ready = serve(
        "--inspect", "--open", "--json", BROWSER=f"{sys.executable} {program} %s"
    )
    until(lambda: (folder / "url").is_file() and (folder / "url").read_text() == ready["inspector"])
    stop(process)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--open"], "--open needs --inspect"),
        (
            ["--inspect", "--host", "0.0.0.0", "--key", "key-of-the-test"],
            "--inspect needs a host that other machines cannot reach",
        ),
    ],
)
def test_wrong_use(xai_in_process, arguments, message):
    result = xai_in_process("serve", *arguments)
    assert result.code == 2
    assert message in " ".join(result.err.split())
