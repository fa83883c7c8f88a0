"""Translate whole requests between JSON and protos, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from xai_vision.openai_compat._items import from_messages, read_input
from xai_vision.openai_compat._messages import from_message, read_message
from xai_vision.openai_compat._parsed_message import ParsedMessage, to_message
from xai_vision.openai_compat._settings import read_settings, write_settings
from xai_vision.openai_compat._values import (
    Api,
    TranslationError,
    check_api,
    mapping,
    sequence,
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
    protos = [to_message(message) for message in messages]
    return chat_pb2.GetCompletionsRequest(messages=protos, **fields)


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
    has_messages = body.get("messages") is not None
    if has_messages == (body.get("input") is not None):
        raise TranslationError(
            "a request has either messages (Chat Completions) or input (Responses)", key="messages"
        )
    return "chat" if has_messages else "responses"


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
    return body | write_settings(request, api)


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
