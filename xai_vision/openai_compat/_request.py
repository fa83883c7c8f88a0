"""Whole requests, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from xai_vision.openai_compat._items import from_messages, read_input
from xai_vision.openai_compat._messages import from_message, read_message
from xai_vision.openai_compat._parsed_message import Said, to_message
from xai_vision.openai_compat._search import from_search
from xai_vision.openai_compat._settings import (
    EFFORTS,
    ENCRYPTED,
    FORMATS,
    MODES,
    TIERS,
    Api,
    check_api,
    read_settings,
)
from xai_vision.openai_compat._tools import from_tool
from xai_vision.openai_compat._values import (
    TranslationError,
    listed,
    mapping,
    plain,
    schema_of,
    shortest,
    text,
    unsupported,
)
from xai_vision.proto import chat_pb2

__all__ = [
    "api_of",
    "from_format",
    "from_request",
    "from_tool_choice",
    "read_request",
    "to_request",
]

_TOGETHER: Final = "Argument not supported: instructions and previous_response_id together"


def to_request(
    body: Mapping[str, Any], *, api: Api | None = None
) -> chat_pb2.GetCompletionsRequest:
    """Translate a request's JSON into the message that says the same over gRPC.

    What the message has no field for is an error, with these exceptions: ``stream``,
    ``stream_options`` and, of Chat Completions, ``deferred`` say how the answer comes, which over
    gRPC is the choice of the method; ids, statuses, annotations and log probabilities of items that
    come from earlier answers, and the name of a JSON schema, say nothing to the service. None
    counts as left out.

    Types are checked, ranges are not: those are the service's.

    Args:
        body: The request of ``chat.completions.create(...)`` or ``responses.create(...)``, as it
            goes over the wire.
        api: Which of the two forms it is in. Default: "chat" if it has ``messages``, "responses"
            if it has ``input``.

    Returns:
        The message; ``store_messages`` is set for the Responses API unless ``store`` is false,
        as it is there by default.

    Raises:
        TranslationError: Something in it has no place in the message, or is of a wrong type; the
            text and ``.key`` name it.

    Example:
        >>> from xai_vision.openai_compat import to_request
        >>> request = to_request({"model": "grok-4", "input": "Hello", "max_output_tokens": 9})
        >>> request.max_tokens, request.messages[0].content[0].text
        (9, 'Hello')
    """
    fields, said = read_request(body, api)
    request = chat_pb2.GetCompletionsRequest(**fields)
    request.messages.extend(to_message(one) for one in said)
    return request


def read_request(
    body: Mapping[str, Any], api: Api | None = None
) -> tuple[dict[str, Any], list[Said]]:
    """Read a request: its settings as fields of the message, and what was said.

    Raises:
        TranslationError: As for ``to_request``.
    """
    rest = plain(mapping("the request", body))
    api = api_of(body) if api is None else check_api(api)
    if api == "chat":
        messages = listed("messages", rest.pop("messages", None))
        said = [
            read_message(mapping(f"messages[{place}]", one), f"messages[{place}]")
            for place, one in enumerate(messages)
        ]
        return read_settings(rest, "chat"), said
    given = rest.pop("input", None)
    said = [] if given is None else read_input(given)
    instructions = rest.pop("instructions", None)
    if instructions is not None:
        if rest.get("previous_response_id") is not None:
            raise TranslationError(_TOGETHER, key="instructions", unsupported=True)
        said.insert(0, Said("system", [text("instructions", instructions)]))
    if given is None:
        raise TranslationError("input is missing: a text, or a list of items", key="input")
    return read_settings(rest, "responses"), said


def api_of(body: Mapping[str, Any]) -> Api:
    """Which form a request is in.

    Raises:
        TranslationError: It has neither ``messages`` nor ``input``, or both.
    """
    found: list[Api] = []
    if body.get("messages") is not None:
        found.append("chat")
    if body.get("input") is not None:
        found.append("responses")
    if len(found) != 1:
        raise TranslationError(
            "a request has either messages (Chat Completions) or input (Responses)", key="messages"
        )
    return found[0]


def from_request(request: chat_pb2.GetCompletionsRequest, *, api: Api) -> dict[str, Any]:
    """Translate a message into the JSON of a request that says the same.

    Args:
        request: What to ask.
        api: Which form to write.

    Returns:
        The body of the POST. What has its default is left out; a leading system message of one
        text is ``instructions`` in the Responses API, except where ``previous_response_id``
        forbids that.

    Raises:
        TranslationError: The form has no words for something that is set, or there is no such
            form; the text and ``.key`` name it.
    """
    check_api(api)
    _check_known(request)
    written: dict[str, Any] = {"model": request.model}
    if api == "chat":
        written["messages"] = [
            from_message(message, f"messages[{place}]")
            for place, message in enumerate(request.messages)
        ]
    else:
        written |= _conversation(request)
    for field, value in request.ListFields():
        if field.name not in ("model", "messages"):
            _write(field.name, value, api, written)
    if api == "responses" and not request.store_messages:
        written["store"] = False
    return written


def _check_known(request: chat_pb2.GetCompletionsRequest) -> None:
    """Refuse fields, anywhere within, that came over the wire and have no name here."""
    known = chat_pb2.GetCompletionsRequest()
    known.CopyFrom(request)
    known.DiscardUnknownFields()
    if known.ByteSize() != request.ByteSize():
        raise unsupported("the request", "it has fields that are newer than this package")


def _conversation(request: chat_pb2.GetCompletionsRequest) -> dict[str, Any]:
    messages = list(request.messages)
    first = messages[0] if messages else chat_pb2.Message()
    instructs = (
        first.role == chat_pb2.ROLE_SYSTEM
        and not first.name
        and len(first.content) == 1
        and first.content[0].WhichOneof("content") == "text"
        and not request.HasField("previous_response_id")
    )
    if not instructs:
        return {"input": from_messages(messages)}
    return {"instructions": first.content[0].text, "input": from_messages(messages[1:], 1)}


def _write(name: str, value: Any, api: Api, written: dict[str, Any]) -> None:
    if name == "n" and value == 1 and api == "responses":
        # One answer is all that form knows; our own client says it with every request.
        return
    key = (_CHAT_KEYS if api == "chat" else _RESPONSES_KEYS).get(name)
    if key is None:
        form = "Chat Completions" if api == "chat" else "the Responses API"
        raise unsupported(name, f"{form} has no such setting")
    if name == "tools":
        written[key] = [from_tool(tool, api, f"tools[{n}]") for n, tool in enumerate(value)]
    elif name == "tool_choice":
        written[key] = from_tool_choice(value, api)
    elif name == "response_format":
        shape = from_format(value, api)
        written[key] = shape if api == "chat" else {"format": shape}
    elif name == "reasoning_effort":
        effort = _named(EFFORTS, value, name)
        written[key] = effort if api == "chat" else {"effort": effort}
    elif name == "use_encrypted_content":
        written[key] = [ENCRYPTED]
    elif name == "store_messages":
        if api == "chat":
            written[key] = True
    else:
        written[key] = _plain(name, value)


def _plain(name: str, value: Any) -> Any:
    if name == "service_tier":
        return _named(TIERS, value, name)
    if name == "search_parameters":
        return from_search(value)
    if name == "stop":
        return list(value)
    return shortest(value) if isinstance(value, float) else value


def _named(words: Mapping[str, int], value: int, name: str) -> str:
    for word, number in words.items():
        if number == value:
            return word
    raise unsupported(name, f"there is no word for {value}")


def from_tool_choice(choice: chat_pb2.ToolChoice, api: Api) -> str | dict[str, Any]:
    """Write which tool is to be called."""
    if choice.WhichOneof("tool_choice") == "function_name":
        if api == "chat":
            return {"type": "function", "function": {"name": choice.function_name}}
        return {"type": "function", "name": choice.function_name}
    return _named(MODES, choice.mode, "tool_choice")


def from_format(form: chat_pb2.ResponseFormat, api: Api) -> dict[str, Any]:
    """Write the form an answer is to have. The schema's title, if it has one, is its name."""
    kind = _named(FORMATS, form.format_type, "response_format")
    if kind != "json_schema":
        if form.schema:
            raise unsupported("response_format.schema", f"the form {kind!r} has none")
        return {"type": kind}
    schema = schema_of("response_format.schema", form.schema or "{}")
    title = schema.get("title") if isinstance(schema, dict) else None
    options = {
        "name": title if isinstance(title, str) and title else "response",
        "strict": True,
        "schema": schema,
    }
    return {"type": kind, "json_schema": options} if api == "chat" else {"type": kind, **options}


_COMMON_KEYS: Final = {
    name: name
    for name in (
        *("temperature", "top_p", "logprobs", "top_logprobs", "tools", "tool_choice"),
        *("parallel_tool_calls", "max_turns", "search_parameters", "service_tier"),
        *("user", "safety_identifier"),
    )
} | {"store_messages": "store"}
_CHAT_KEYS: Final = _COMMON_KEYS | {
    name: name
    for name in (
        *("n", "seed", "stop", "frequency_penalty", "presence_penalty", "reasoning_effort"),
        *("response_format", "max_tokens"),
    )
}
_RESPONSES_KEYS: Final = _COMMON_KEYS | {
    "max_tokens": "max_output_tokens",
    "previous_response_id": "previous_response_id",
    "use_encrypted_content": "include",
    "reasoning_effort": "reasoning",
    "response_format": "text",
}
