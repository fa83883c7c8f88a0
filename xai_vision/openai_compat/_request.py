"""Translate whole requests between JSON and protos, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from xai_vision.openai_compat._items import from_messages, read_input
from xai_vision.openai_compat._messages import from_message, read_message
from xai_vision.openai_compat._parsed_message import ParsedMessage, to_message
from xai_vision.openai_compat._search import from_search
from xai_vision.openai_compat._settings import (
    ENCRYPTED_REASONING,
    REASONING_EFFORTS,
    RESPONSE_FORMATS,
    SERVICE_TIERS,
    TOOL_MODES,
    Api,
    check_api,
    read_settings,
)
from xai_vision.openai_compat._tools import from_tool
from xai_vision.openai_compat._values import (
    TranslationError,
    enum_name,
    mapping,
    parse_schema,
    sequence,
    shortest_decimal,
    string,
    to_json,
    unsupported,
)
from xai_vision.proto import chat_pb2

_BOTH_SET: Final = "Argument not supported: instructions and previous_response_id together"


def to_request(
    body: Mapping[str, Any], *, api: Api | None = None
) -> chat_pb2.GetCompletionsRequest:
    """Translate a request's JSON into the equivalent proto.

    A key that the proto has no field for is an error, with these exceptions: ``stream``,
    ``stream_options`` and ``deferred`` (of Chat Completions) select a method in gRPC; the service
    does not read ids, statuses, annotations and log probabilities of items from earlier
    responses, nor the name of a JSON schema. None counts as left out.

    Types are checked here, ranges by the service.

    Args:
        body: The request body of ``chat.completions.create(...)`` or ``responses.create(...)``,
            as the openai package sends it.
        api: The format of the body. Default: "chat" for a body with ``messages``, "responses" for
            a body with ``input``.

    Returns:
        The proto. For the Responses API ``store_messages`` is true unless ``store`` is false, as
        that API stores responses by default.

    Raises:
        TranslationError: A key is not supported, or its value is invalid; the message and
            ``.key`` name it.

    Examples:
        >>> from xai_vision.openai_compat import to_request
        >>> request = to_request({"model": "grok-4", "input": "Hello", "max_output_tokens": 9})
        >>> request.max_tokens, request.messages[0].content[0].text
        (9, 'Hello')
    """
    fields, messages = read_request(body, api)
    request = chat_pb2.GetCompletionsRequest(**fields)
    request.messages.extend(to_message(message) for message in messages)
    return request


def read_request(
    body: Mapping[str, Any], api: Api | None = None
) -> tuple[dict[str, Any], list[ParsedMessage]]:
    """Read a request: its settings as fields of the proto, and its messages.

    Raises:
        TranslationError: As for ``to_request``.
    """
    settings = to_json(mapping("the request", body))
    api = api_of(body) if api is None else check_api(api)
    if api == "chat":
        values = sequence("messages", settings.pop("messages", None))
        messages = [
            read_message(mapping(f"messages[{index}]", value), f"messages[{index}]")
            for index, value in enumerate(values)
        ]
        return read_settings(settings, "chat"), messages
    value = settings.pop("input", None)
    messages = [] if value is None else read_input(value)
    instructions = settings.pop("instructions", None)
    if instructions is not None:
        if settings.get("previous_response_id") is not None:
            raise TranslationError(_BOTH_SET, key="instructions", unsupported=True)
        messages.insert(0, ParsedMessage("system", [string("instructions", instructions)]))
    if value is None:
        raise TranslationError("input is missing: pass a string or a list of items", key="input")
    return read_settings(settings, "responses"), messages


def api_of(body: Mapping[str, Any]) -> Api:
    """Detect the format of a request.

    Raises:
        TranslationError: The request has neither ``messages`` nor ``input``, or both.
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
    """Translate a request proto into the equivalent JSON.

    Args:
        request: The request.
        api: The format to write.

    Returns:
        The body of the POST request. Settings with default values are left out. In the Responses
        API a first system message with a single text becomes ``instructions``, except if
        ``previous_response_id`` is set, which the API does not accept together.

    Raises:
        TranslationError: The format cannot express a field that is set, or ``api`` is not one of
            the two formats; the message and ``.key`` name it.
    """
    check_api(api)
    _reject_unknown_fields(request)
    body: dict[str, Any] = {"model": request.model}
    if api == "chat":
        body["messages"] = [
            from_message(message, f"messages[{index}]")
            for index, message in enumerate(request.messages)
        ]
    else:
        body |= _from_conversation(request)
    for field, value in request.ListFields():
        if field.name not in ("model", "messages"):
            _write_setting(field.name, value, api, body)
    if api == "responses" and not request.store_messages:
        body["store"] = False
    return body


def _reject_unknown_fields(request: chat_pb2.GetCompletionsRequest) -> None:
    """Reject fields, at any depth, that this package's protos do not define."""
    known = chat_pb2.GetCompletionsRequest()
    known.CopyFrom(request)
    known.DiscardUnknownFields()
    if known.ByteSize() != request.ByteSize():
        raise unsupported("the request", "it has fields that are newer than this package")


def _from_conversation(request: chat_pb2.GetCompletionsRequest) -> dict[str, Any]:
    messages = list(request.messages)
    first = messages[0] if messages else chat_pb2.Message()
    is_instructions = (
        first.role == chat_pb2.ROLE_SYSTEM
        and not first.name
        and len(first.content) == 1
        and first.content[0].WhichOneof("content") == "text"
        and not request.HasField("previous_response_id")
    )
    if not is_instructions:
        return {"input": from_messages(messages)}
    return {"instructions": first.content[0].text, "input": from_messages(messages[1:], 1)}


def _write_setting(name: str, value: Any, api: Api, body: dict[str, Any]) -> None:
    if name == "n" and value == 1 and api == "responses":
        # The format always asks for one response; this package's client sends n with every request.
        return
    key = (_CHAT_KEYS if api == "chat" else _RESPONSES_KEYS).get(name)
    if key is None:
        api_name = "Chat Completions" if api == "chat" else "the Responses API"
        raise unsupported(name, f"{api_name} has no such setting")
    if name == "tools":
        body[key] = [from_tool(tool, api, f"tools[{n}]") for n, tool in enumerate(value)]
    elif name == "tool_choice":
        body[key] = from_tool_choice(value, api)
    elif name == "response_format":
        response_format = from_response_format(value, api)
        body[key] = response_format if api == "chat" else {"format": response_format}
    elif name == "reasoning_effort":
        effort = enum_name(name, value, REASONING_EFFORTS)
        body[key] = effort if api == "chat" else {"effort": effort}
    elif name == "use_encrypted_content":
        body[key] = [ENCRYPTED_REASONING]
    elif name == "store_messages":
        if api == "chat":
            body[key] = True
    else:
        body[key] = _json_value(name, value)


def _json_value(name: str, value: Any) -> Any:
    if name == "service_tier":
        return enum_name(name, value, SERVICE_TIERS)
    if name == "search_parameters":
        return from_search(value)
    if name == "stop":
        return list(value)
    return shortest_decimal(value) if isinstance(value, float) else value


def from_tool_choice(choice: chat_pb2.ToolChoice, api: Api) -> str | dict[str, Any]:
    """Write ``tool_choice``."""
    if choice.WhichOneof("tool_choice") == "function_name":
        if api == "chat":
            return {"type": "function", "function": {"name": choice.function_name}}
        return {"type": "function", "name": choice.function_name}
    return enum_name("tool_choice", choice.mode, TOOL_MODES)


def from_response_format(response_format: chat_pb2.ResponseFormat, api: Api) -> dict[str, Any]:
    """Write the response format. The schema's title, if it has one, becomes its name."""
    kind = enum_name("response_format", response_format.format_type, RESPONSE_FORMATS)
    if kind != "json_schema":
        if response_format.schema:
            raise unsupported(
                "response_format.schema", f"the response format {kind!r} has no schema"
            )
        return {"type": kind}
    schema = parse_schema("response_format.schema", response_format.schema or "{}")
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
