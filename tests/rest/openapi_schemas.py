"""JSON schemas of the REST API's requests and responses, for the OpenAPI description."""

from __future__ import annotations

from typing import Any, Final

from xai_vision.testing._service.models import LANGUAGE_MODELS

__all__ = ["SCHEMAS"]

_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer"}
_FLAG: Final = {"type": "boolean"}
_SOME_FLAG: Final = {"type": ["boolean", "null"]}
_SOME_TEXT: Final = {"type": ["string", "null"]}
_OBJECT: Final[dict[str, Any]] = {"type": "object"}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: str = "", **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required.split()}


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _word(*words: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)}


def _some(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _number(low: float, high: float) -> dict[str, Any]:
    return _some({"type": "number", "minimum": low, "maximum": high})


def _count(low: int, high: int) -> dict[str, Any]:
    return _some({"type": "integer", "minimum": low, "maximum": high})


_DETAIL: Final = _some(_word("auto", "low", "high"))
_INPUT_PARTS: Final = [
    _object("type text", type=_word("input_text", "output_text"), text=_TEXT),
    _object("type image_url", type=_word("input_image"), image_url=_TEXT, detail=_DETAIL),
    _object("type file_id", type=_word("input_file"), file_id=_TEXT),
]
_CHAT_PARTS: Final = [
    _object("type text", type=_word("text"), text=_TEXT),
    _object(
        "type image_url",
        type=_word("image_url"),
        image_url=_object("url", url=_TEXT, detail=_DETAIL),
    ),
]
_CALL: Final = _object(
    "id type function",
    id=_TEXT,
    type=_word("function"),
    function=_object("name arguments", name=_TEXT, arguments=_TEXT),
)
_DOMAINS: Final = {**_list(_TEXT), "maxItems": 5}
_SEARCHES: Final = [
    _object(
        "type",
        type=_word("web_search"),
        filters=_object(allowed_domains=_DOMAINS),
        enable_image_understanding=_SOME_FLAG,
        enable_image_search=_SOME_FLAG,
    ),
    _object(
        "type",
        type=_word("x_search"),
        allowed_x_handles={**_list(_TEXT), "maxItems": 10},
        from_date={"type": "string", "format": "date"},
        enable_image_understanding=_SOME_FLAG,
        enable_video_understanding=_SOME_FLAG,
    ),
    _object("type", type=_word("code_interpreter")),
]
_FUNCTION: Final[dict[str, Any]] = {
    "name": {"type": "string", "minLength": 1},
    "description": _SOME_TEXT,
    "parameters": _some(_OBJECT),
    "strict": _SOME_FLAG,
}
_MODES: Final = _word("auto", "none", "required")
_EFFORT: Final = _word("none", "low", "medium", "high", "xhigh")
_COMMON: Final[dict[str, Any]] = {
    "model": _word(*LANGUAGE_MODELS.names),
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "logprobs": _SOME_FLAG,
    "top_logprobs": _count(0, 8),
    "parallel_tool_calls": _SOME_FLAG,
    "stream": _SOME_FLAG,
    "store": _SOME_FLAG,
    "user": _SOME_TEXT,
    "metadata": _some(_OBJECT),
    "service_tier": _SOME_TEXT,
}
_SCHEMA_FORM: Final = {"name": _TEXT, "strict": _SOME_FLAG, "schema": _OBJECT}
_ANSWER: Final = _object(
    "index finish_reason message",
    index=_WHOLE,
    finish_reason=_word("stop", "length", "tool_calls"),
    message=_object("role content", role=_word("assistant"), content=_SOME_TEXT),
)
_MODEL: Final[dict[str, Any]] = {
    "id": _TEXT,
    "object": _word("model"),
    "created": _WHOLE,
    "owned_by": _TEXT,
}

SCHEMAS: Final[dict[str, Any]] = {
    "CreateResponse": _object(
        "model input",
        **_COMMON,
        input={"anyOf": [_TEXT, _list(_ref("InputItem"))]},
        instructions=_SOME_TEXT,
        previous_response_id=_SOME_TEXT,
        max_output_tokens=_count(1, 2**31 - 1),
        max_turns=_count(1, 2**31 - 1),
        reasoning=_some(_object(effort=_some(_EFFORT))),
        text=_some(_object(format=_ref("TextFormat"))),
        include=_some(_list(_word("reasoning.encrypted_content"))),
        tools=_some(
            {
                **_list({"anyOf": [*_SEARCHES, _object("type name", type=_word("function"))]}),
                "maxItems": 128,
            }
        ),
        tool_choice=_some({"anyOf": [_MODES, _object("type name", type=_word("function"))]}),
        truncation=_SOME_TEXT,
        background=_SOME_FLAG,
    ),
    "InputItem": {
        "anyOf": [
            _object(
                "role content",
                role=_word("user", "assistant", "system", "developer"),
                content={"anyOf": [_TEXT, _list({"anyOf": _INPUT_PARTS})]},
            ),
            *_INPUT_PARTS,
            _object(
                "type call_id name arguments",
                type=_word("function_call"),
                call_id=_TEXT,
                name=_TEXT,
                arguments=_TEXT,
            ),
            _object(
                "type call_id output",
                type=_word("function_call_output"),
                call_id=_TEXT,
                output=_TEXT,
            ),
            _object(
                "type summary",
                type=_word("reasoning"),
                summary=_list(_object("type text", type=_word("summary_text"), text=_TEXT)),
                encrypted_content=_SOME_TEXT,
            ),
        ]
    },
    "TextFormat": {
        "anyOf": [
            _object("type", type=_word("text", "json_object")),
            _object("type name schema", type=_word("json_schema"), **_SCHEMA_FORM),
        ]
    },
    "CreateChatCompletion": _object(
        "model messages",
        **_COMMON,
        messages=_list(_ref("Message")),
        max_tokens=_count(1, 2**31 - 1),
        n=_count(1, 128),
        seed=_count(-(2**31), 2**31 - 1),
        stop=_some({"anyOf": [_TEXT, {**_list(_TEXT), "maxItems": 4}]}),
        frequency_penalty=_number(-2, 2),
        presence_penalty=_number(-2, 2),
        reasoning_effort=_some(_EFFORT),
        response_format=_some(_ref("ResponseFormat")),
        stream_options=_some(_object(include_usage=_SOME_FLAG)),
        deferred=_SOME_FLAG,
        tools=_some(
            {
                **_list(
                    _object(
                        "type function",
                        type=_word("function"),
                        function=_object("name", **_FUNCTION),
                    )
                ),
                "maxItems": 128,
            }
        ),
        tool_choice=_some(_MODES),
    ),
    "Message": _object(
        "role content",
        role=_word("user", "assistant", "system", "developer", "tool"),
        content={"anyOf": [_TEXT, _list({"anyOf": _CHAT_PARTS})]},
        name=_SOME_TEXT,
        tool_calls=_list(_CALL),
        tool_call_id=_TEXT,
    ),
    "ResponseFormat": {
        "anyOf": [
            _object("type", type=_word("text", "json_object")),
            _object(
                "type json_schema",
                type=_word("json_schema"),
                json_schema=_object("name schema", **_SCHEMA_FORM),
            ),
        ]
    },
    "Response": _object(
        "id object created_at status model output usage",
        id=_TEXT,
        object=_word("response"),
        created_at=_WHOLE,
        status=_word("completed", "incomplete"),
        model=_TEXT,
        output=_list(_object("type", type=_TEXT)),
        usage=_object(
            "input_tokens output_tokens total_tokens num_sources_used num_server_side_tools_used",
            input_tokens=_WHOLE,
            output_tokens=_WHOLE,
            total_tokens=_WHOLE,
        ),
    ),
    "DeletedResponse": _object(
        "id object deleted", id=_TEXT, object=_word("response"), deleted=_FLAG
    ),
    "ChatCompletion": _object(
        "id object created model choices usage",
        id=_TEXT,
        object=_word("chat.completion"),
        created=_WHOLE,
        model=_TEXT,
        choices=_list(_ANSWER),
        usage=_object("prompt_tokens completion_tokens total_tokens prompt_tokens_details"),
    ),
    "ChatCompletionOrTicket": {
        "anyOf": [_ref("ChatCompletion"), _object("request_id", request_id=_TEXT)]
    },
    "Model": _object("id object created owned_by", **_MODEL),
    "ModelList": _object("object data", object=_word("list"), data=_list(_ref("Model"))),
    "LanguageModel": _object(
        "id object created owned_by input_modalities output_modalities aliases",
        **_MODEL,
        input_modalities=_list(_word("text", "image")),
        output_modalities=_list(_word("text")),
        aliases=_list(_TEXT),
    ),
    "LanguageModelList": _object("models", models=_list(_ref("LanguageModel"))),
    "ApiKey": _object(
        "redacted_api_key api_key_blocked api_key_disabled team_blocked acls",
        redacted_api_key=_TEXT,
        acls=_list(_TEXT),
        api_key_blocked=_FLAG,
    ),
    "Error": {
        "anyOf": [
            _object("code error", code=_TEXT, error=_TEXT),
            _object("error", error=_object("message type", message=_TEXT, type=_TEXT)),
        ]
    },
}


def _close(schema: Any) -> None:
    """Forbid unknown keys in every object of a request, as the fake server rejects them."""
    for part in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(part, (dict, list)):
            _close(part)
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
        schema.setdefault("additionalProperties", False)


for _name in ("CreateResponse", "InputItem", "TextFormat", "CreateChatCompletion", "Message"):
    _close(SCHEMAS[_name])
_close(SCHEMAS["ResponseFormat"])
