"""Batches whose requests are in an uploaded file."""

from __future__ import annotations

import json

import pytest

from tests.services.batches import FAST, chats
from xai_vision.errors import (
    BadRequestError,
    NotFoundError,
)


def test_a_batch_from_a_file(driver, server):
    server.on(prompt="Hi").reply("Hello")
    lines = [
        {
            "custom_id": "a",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]},
        },
        {"custom_id": "b", "url": "/v1/responses", "body": {"model": "grok-4", "input": "Hi"}},
    ]
    data = "\n".join(map(json.dumps, lines)).encode()
    file_id = driver.files.upload(data, filename="in.jsonl").id
    batch = driver.batch.create("file", input_file_id=file_id)
    assert (batch.input_file_id, batch.state.num_requests) == (file_id, 2)
    driver.batch.wait(batch.batch_id, **FAST)
    results = driver.batch.results(batch.batch_id)
    assert sorted(r.batch_request_id for r in results) == ["a", "b"]
    assert {r.response.content for r in results} == {"Hello"}
    with pytest.raises(BadRequestError, match="accepts no more requests"):
        driver.batch.add(batch.batch_id, chats(driver, 1))
    with pytest.raises(NotFoundError, match="File not found: f"):
        driver.batch.create("x", input_file_id="f")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "Line 2 of the input file"),
        (b"[]", "it is not a JSON object"),
        (b'{"url": "/v1/responses", "body": {}}', "custom_id"),
        (b'{"custom_id": "a", "url": "/v1/x", "body": {}}', "url must be one of"),
        (b'{"custom_id": "a", "url": "/v1/responses", "body": 3}', "body is not a JSON object"),
        (b'{"custom_id": "a", "url": "/v1/responses", "method": "GET", "body": {}}', "POST"),
        (b'{"custom_id": "a", "url": "/v1/responses", "body": {"zzz": 1}}', "input is missing"),
        (
            b'{"custom_id": "a", "url": "/v1/responses", "body": {"input": "x", "zzz": 1}}',
            "zzz",
        ),
        (b"\xff", "Line 2"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_its_line(driver, line, words):
    good = b'{"custom_id": "g", "url": "/v1/responses", "body": {"model": "m", "input": "x"}}'
    file_id = driver.files.upload(good + b"\n" + line, filename="in.jsonl").id
    with pytest.raises(BadRequestError, match=words):
        driver.batch.create("x", input_file_id=file_id)
