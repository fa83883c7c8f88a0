"""A request with anything put anywhere is kept as a whole, or an error that names a place."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.rest import forms
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


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    for step in value if isinstance(value, dict) else ():
        yield from places(value[step], (*at, step))
    for step, one in enumerate(value if isinstance(value, list) else ()):
        yield from places(one, (*at, step))


def put(value: Any, at: tuple[Any, ...], what: Any) -> Any:
    if not at:
        return what
    changed = copy.copy(value)
    changed[at[0]] = put(changed[at[0]], at[1:], what)
    return changed


@st.composite
def spoilt(draw: Any) -> dict[str, Any]:
    body = draw(forms.chat_body | forms.responses_body)
    for _ in range(draw(st.integers(1, 2))):
        body = put(body, draw(st.sampled_from(list(places(body)))), draw(JUNK))
    return body


def kept_or_refused(body: dict[str, Any]) -> None:
    api: Any = "chat" if "messages" in body else "responses"
    refusal = None
    try:
        request = to_request(body, api=api)
    except TranslationError as error:
        refusal = error
    if refusal is None:
        assert to_request(from_request(request, api=api), api=api) == request
    else:
        assert refusal.key
        assert str(refusal)
        # No picture, and no more of anything than is read.
        assert DATA not in f"{refusal}{refusal.key}"
        assert len(str(refusal)) < 600


@settings(max_examples=150, deadline=None)
@given(spoilt())
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
def test_kept_or_refused(body):
    kept_or_refused(body)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None)
@given(spoilt())
def test_many_are_kept_or_refused(body):
    kept_or_refused(body)
