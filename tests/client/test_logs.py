"""The records of the logger ``xai_vision``, and the variable that prints them."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap

import pytest

from tests.client.drivers import SHAPES, get_response
from tests.sample_images import data_url, png
from xai_vision import Client, ConfigurationError
from xai_vision.chat import image, user
from xai_vision.errors import BadRequestError, UnavailableError
from xai_vision.testing import Fault, Reply


@pytest.fixture
def records(caplog):
    caplog.set_level(logging.DEBUG, "xai_vision")
    return lambda: [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.name == "xai_vision"
    ]


@SHAPES
def test_a_call_that_is_retried(driver, server, shape, records):
    server.on().replies(Fault.unavailable(), Reply("answer"))
    get_response(driver, shape)
    method = server.calls.last.method
    levels, messages = zip(*records(), strict=True)
    assert levels == ("DEBUG", "INFO", "DEBUG", "DEBUG")
    assert messages[0].startswith(f"{method}: attempt 1, ")
    assert messages[1].startswith(f"{method}: retry in 0.01 s after UnavailableError(")
    assert messages[2].startswith(f"{method}: attempt 2, ")
    assert messages[3].startswith(f"{method}: complete after 2 attempt(s), ")


@SHAPES
def test_a_call_that_is_given_up(driver, server, shape, records):
    server.on().replies(*[Fault.unavailable()] * 5)
    with pytest.raises(UnavailableError, match="after 5 attempts"):
        get_response(driver, shape)
    level, message = records()[-1]
    assert level == "WARNING"
    assert "UnavailableError('UNAVAILABLE" in message
    assert "after 5 attempt(s)" in message


def test_an_error_that_is_not_retried_is_the_callers_to_log(driver, server, records):
    server.on().replies(Fault.status("INVALID_ARGUMENT", "no"))
    with pytest.raises(BadRequestError, match="no"):
        driver.sample()
    assert {level for level, _ in records()} == {"DEBUG"}


@pytest.mark.parametrize("how", ["left", "cancelled"])
def test_a_stream_that_the_caller_stops(client, server, records, how):
    server.on().reply(Reply("word " * 2000, chunks=400, tps=200))
    stream = client.chat.create("grok-4").append(user("Hi")).stream()
    next(stream)
    stream.close() if how == "left" else stream.cancel()
    assert list(stream) == []
    assert records()[-1][1].startswith("GetCompletionChunk: stopped by the caller after 1 attempt")


def test_records_have_neither_key_nor_image(driver, server, records):
    url = data_url(png())
    server.on().replies(Fault.unavailable(f"key {server.api_key}"), Reply("answer"))
    driver.sample(image(url))
    text = repr(records())
    assert server.api_key not in text
    assert url[30:60] not in text


def run(server, level):
    code = f"""
        import os
        from xai_vision import Client
        from xai_vision.chat import user
        os.environ["XAI_VISION_LOG"] = {level!r}
        client = Client({server.api_key!r}, api_host={server.target!r})
        client.close()
        client = Client({server.api_key!r}, api_host={server.target!r})
        client.chat.create("grok-4").append(user("Hi")).sample()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("level", "expected"),
    [("DEBUG", ["attempt 1", "UNAVAILABLE", "attempt 2", "complete"]), ("info", ["UNAVAILABLE"])],
)
def test_the_variable_prints_records(server, level, expected):
    server.on().replies(Fault.unavailable(), Reply("answer"))
    lines = run(server, level).splitlines()
    assert len(lines) == len(expected)
    for line, words in zip(lines, expected, strict=True):
        assert words in line
        assert " xai_vision: " in line


def test_nothing_is_printed_without_it(server):
    server.on().replies(Fault.unavailable(), Reply("answer"))
    assert run(server, "") == ""


def test_an_unknown_level(monkeypatch):
    monkeypatch.setenv("XAI_VISION_LOG", "loud")
    words = "XAI_VISION_LOG must be one of debug, info, warning, not 'loud'"
    with pytest.raises(ConfigurationError, match=words):
        Client("k")
