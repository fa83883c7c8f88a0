"""The response format of a request: free text, JSON, or JSON that matches a schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xai_vision._validation import dump_json, short_repr
from xai_vision.chat._messages.content import is_proto
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2
from xai_vision.proto._convert import adopt

_FORMATS = {
    "text": chat_pb2.FORMAT_TYPE_TEXT,
    "json_object": chat_pb2.FORMAT_TYPE_JSON_OBJECT,
}


def response_format(name: str, value: Any) -> chat_pb2.ResponseFormat:
    """Build the request's response_format.

    Args:
        name: The parameter's name in error messages.
        value: "text", "json_object", a Pydantic model class, a JSON schema as a dict, or the
            proto.

    Raises:
        InvalidRequestError: The value is none of these.
    """
    if is_proto(value, "xai_api.ResponseFormat"):
        return adopt(value, chat_pb2.ResponseFormat)
    if isinstance(value, Mapping):
        value = _from_openai(value)
    if isinstance(value, str) and value in _FORMATS:
        return chat_pb2.ResponseFormat(format_type=_FORMATS[value])
    schema = model_schema(name, value)
    if schema is None:
        allowed = ", ".join(map(repr, _FORMATS))
        raise InvalidRequestError(
            f"{name} must be one of {allowed}, a Pydantic model or a JSON schema (dict), "
            f"not {short_repr(value)}"
        )
    return chat_pb2.ResponseFormat(
        format_type=chat_pb2.FORMAT_TYPE_JSON_SCHEMA, schema=dump_json(name, schema)
    )


def _from_openai(value: Mapping[str, Any]) -> Any:
    """Return the format or schema in one of OpenAI's dicts; any other dict is a schema itself.

    The types of OpenAI's dicts are not types of JSON Schema, so the two cannot be confused.
    """
    kind = value.get("type")
    if isinstance(kind, str) and kind in _FORMATS:
        return kind
    if kind != "json_schema":
        return value
    inner = value.get("json_schema")  # only Chat Completions nests it
    return (inner if isinstance(inner, Mapping) else value).get("schema")


def model_schema(name: str, value: Any) -> Mapping[str, Any] | None:
    """Return the JSON schema of a Pydantic model, or a dict unchanged; None for other values.

    Raises:
        InvalidRequestError: Pydantic cannot make a schema of the model.
    """
    # Found by its method and not its base class, so that Pydantic is not imported.
    make_schema: Callable[[], Mapping[str, Any]] | None
    make_schema = getattr(value, "model_json_schema", None)
    if not (isinstance(value, type) and callable(make_schema)):
        return value if isinstance(value, Mapping) else None
    try:
        schema: Mapping[str, Any] = make_schema()
    except Exception as error:  # noqa: BLE001  # Pydantic raises errors of many classes
        raise InvalidRequestError(f"{name}: {value.__name__} has no JSON schema: {error}") from None
    return schema
