"""Requests with random changes either survive a round trip or raise an error with a path."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.rest import strategies
from xai_vision.openai_compat import TranslationError, from_request, to_request

DATA = "QUJD" * 5
URL = f"data:image/png;base64,{DATA * 1000}"
JUNK = st.sampled_from(
    [
        *(URL, [URL], {URL: 1}, {"type": URL}, {"url": URL, URL: URL}, -(10**5000)),
        *(None, 0, -1, 3.5, 2**70, 10**400, float("nan"), True, "", "x", "\ud800"),
        *([], [1], ["x"], [[]], [{}], {}, {"type": "x"}, {"a": 1}),
    ]
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for step in value if isinstance(value, dict) else ():
        yield from paths(value[step], (*path, step))
    for step, item in enumerate(value if isinstance(value, list) else ()):
        yield from paths(item, (*path, step))


def replace_at(value: Any, path: tuple[Any, ...], value_: Any) -> Any:
    if not path:
        return value_
    changed = copy.copy(value)
    changed[path[0]] = replace_at(changed[path[0]], path[1:], value_)
    return changed


@st.composite
def mutated_body(draw: Any) -> dict[str, Any]:
    body = draw(strategies.chat_body | strategies.responses_body)
    for _ in range(draw(st.integers(1, 2))):
        body = replace_at(body, draw(st.sampled_from(list(paths(body)))), draw(JUNK))
    return body


def check_round_trip_or_error(body: dict[str, Any]) -> None:
    api: Any = "chat" if "messages" in body else "responses"
    failure = None
    try:
        request = to_request(body, api=api)
    except TranslationError as error:
        failure = error
    if failure is None:
        assert to_request(from_request(request, api=api), api=api) == request
    else:
        assert failure.key
        assert str(failure)
        # The error quotes neither image data nor long values.
        assert DATA not in f"{failure}{failure.key}"
        assert len(str(failure)) < 600


@settings(max_examples=150, deadline=None)
@given(mutated_body())
@example({"model": "m", "input": [{"type": "function_call_output", "call_id": "", "output": []}]})
@example({"model": "m", "input": [{"type": "reasoning", "summary": [], "encrypted_content": "x"}]})
@example({"model": "m", "messages": [{"role": "tool"}]})
@example({"model": "m", "input": [{"type": URL}]})
@example({"model": "m", "input": [{"type": "input_image", "image_url": "u", "detail": URL}]})
@example({"model": "m", "input": [{"type": "input_image", "image_url": {"url": "u", URL: 1}}]})
@example({"model": "m", "input": [{"role": "user", "content": [{"type": URL}]}]})
@example({"model": "m", "input": "a", "tools": [{"type": "x_search", URL: 1}]})
@example({"model": "m", "input": "a", "tools": [{"type": "mcp", "headers": {URL: [URL]}}]})
@example({"model": "m", "input": [{"type": "input_image", "file_id": ""}]})
@example({"model": "m", "input": [{"type": "input_file", "file_id": ""}]})
@example({"model": "m", "input": "a", "search_parameters": {"from_date": ""}})
@example({"model": "m", "input": "a", "tools": [{"type": "x_search", "from_date": "x"}]})
@example({"model": "m", "input": "a", "tools": [{"type": "mcp", "server_url": ""}]})
@example({"model": "m", "input": "a", "tools": [{"type": "file_search", "vector_store_ids": []}]})
@example(
    {
        "model": "m",
        "input": [
            {"type": "function_call", "call_id": "a", "name": "a", "arguments": ""},
            {
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": ""}],
                "encrypted_content": "a",
            },
        ],
    }
)
def test_round_trip_or_error(body):
    check_round_trip_or_error(body)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None)
@given(mutated_body())
def test_round_trip_or_error_for_many(body):
    check_round_trip_or_error(body)
