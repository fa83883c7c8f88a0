"""The form an answer is asked for: free text, JSON, or JSON that fits a schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

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
        name: What to call it in errors.
        value: "text", "json_object", a Pydantic model class, a JSON schema as a dict, or the
            proto.

    Raises:
        InvalidRequestError: It is none of these.
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
            f"not {value!r:.80}"
        )
    return chat_pb2.ResponseFormat(
        format_type=chat_pb2.FORMAT_TYPE_JSON_SCHEMA, schema=_written(name, schema)
    )


def _from_openai(value: Mapping[str, Any]) -> Any:
    """What OpenAI's forms stand for; a dict that is none of them is a schema itself.

    No schema has a type of these names, so nothing is mistaken for one.
    """
    kind = value.get("type")
    if isinstance(kind, str) and kind in _FORMATS:
        return kind
    if kind != "json_schema":
        return value
    inner = value.get("json_schema")  # Chat Completions nests it, the Responses API does not
    return (inner if isinstance(inner, Mapping) else value).get("schema")


def _written(name: str, schema: Mapping[str, Any]) -> str:
    try:
        return json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidRequestError(f"{name} is no JSON schema: {error}") from None


def model_schema(name: str, value: Any) -> Mapping[str, Any] | None:
    """The JSON schema of a Pydantic model, or of a dict that is one; else None.

    Raises:
        InvalidRequestError: Pydantic has no schema for the model.
    """
    # Asked for by name, so that Pydantic need not be there for those who do not use it.
    make = getattr(value, "model_json_schema", None)
    if not (isinstance(value, type) and callable(make)):
        return value if isinstance(value, Mapping) else None
    try:
        schema: Mapping[str, Any] = make()
    except Exception as error:  # noqa: BLE001  # Pydantic has many ways to say no
        raise InvalidRequestError(f"{name}: {value.__name__} has no JSON schema: {error}") from None
    return schema
