"""Read responses of Chat Completions, whole and streamed, as protos.

Servers with OpenAI's API differ in details: ids, usage and indexes may be missing, and the visible
reasoning has one of two names. What is missing gets its default.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from xai_vision.openai_compat._values import TranslationError, invalid_value, mapping, sequence
from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2
from xai_vision.proto.timestamp_pb2 import Timestamp

_FINISH_REASONS: Final = {
    "stop": sample_pb2.REASON_STOP,
    "length": sample_pb2.REASON_MAX_LEN,
    "tool_calls": sample_pb2.REASON_TOOL_CALLS,
    "function_call": sample_pb2.REASON_TOOL_CALLS,
}
_REASONING_KEYS: Final = ("reasoning_content", "reasoning")


def to_response(completion: Mapping[str, Any]) -> chat_pb2.GetChatCompletionResponse:
    """Translate the JSON of a chat completion into the equivalent proto.

    Args:
        completion: The response of ``chat.completions.create(...)`` as JSON.

    Raises:
        TranslationError: It has no choices, or a value has a wrong type; the message and ``.key``
            name it.

    Examples:
        >>> from xai_vision.openai_compat import to_response
        >>> message = {"role": "assistant", "content": "Hello"}
        >>> to_response({"choices": [{"message": message}]}).outputs[0].message.content
        'Hello'
    """
    choices = sequence("choices", mapping("the response", completion).get("choices"))
    if not choices:
        raise TranslationError("choices is empty", key="choices")
    outputs = [_output(position, choice) for position, choice in enumerate(choices)]
    return chat_pb2.GetChatCompletionResponse(
        **_header(completion), outputs=outputs, usage=_usage(completion.get("usage"))
    )


def _header(value: Mapping[str, Any]) -> dict[str, Any]:
    created = value.get("created")
    return {
        "id": _text("id", value.get("id")),
        "model": _text("model", value.get("model")),
        "system_fingerprint": _text("system_fingerprint", value.get("system_fingerprint")),
        "created": Timestamp(seconds=int(_number("created", created))) if created else None,
    }


def _output(position: int, value: Any) -> chat_pb2.CompletionOutput:
    path = f"choices[{position}]"
    choice = mapping(path, value)
    message = mapping(f"{path}.message", choice.get("message"))
    calls = [
        _tool_call(f"{path}.message.tool_calls[{index}]", call)
        for index, call in enumerate(_list(f"{path}.message.tool_calls", message.get("tool_calls")))
    ]
    return chat_pb2.CompletionOutput(
        index=int(_number(f"{path}.index", choice.get("index", position))),
        # Some servers end a message with calls by "stop".
        finish_reason=sample_pb2.REASON_TOOL_CALLS
        if calls
        else _finish_reason(choice.get("finish_reason")),
        message=chat_pb2.CompletionMessage(
            role=chat_pb2.ROLE_ASSISTANT,
            content=_content(f"{path}.message", message),
            reasoning_content=_reasoning(f"{path}.message", message),
            tool_calls=calls,
        ),
        logprobs=_logprobs(f"{path}.logprobs", choice.get("logprobs")),
    )


def _finish_reason(value: Any) -> sample_pb2.FinishReason.ValueType:
    reason = _FINISH_REASONS.get(value) if isinstance(value, str) else None
    return reason or sample_pb2.REASON_STOP


def _content(path: str, message: Mapping[str, Any]) -> str:
    """Return the text of a message; a refusal is the text of a message without one."""
    text = _text(f"{path}.content", message.get("content"))
    return text or _text(f"{path}.refusal", message.get("refusal"))


def _reasoning(path: str, message: Mapping[str, Any]) -> str:
    texts = (_text(f"{path}.{key}", message.get(key)) for key in _REASONING_KEYS)
    return next(filter(None, texts), "")


def _tool_call(path: str, value: Any) -> chat_pb2.ToolCall:
    function = mapping(f"{path}.function", mapping(path, value).get("function"))
    arguments = function.get("arguments")
    # Some servers send the object itself.
    text = arguments if isinstance(arguments, str) or arguments is None else json.dumps(arguments)
    return chat_pb2.ToolCall(
        id=_text(f"{path}.id", value.get("id")),
        type=chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL,
        status=chat_pb2.TOOL_CALL_STATUS_IN_PROGRESS,
        function=chat_pb2.FunctionCall(
            name=_text(f"{path}.function.name", function.get("name")), arguments=text or "{}"
        ),
    )


def _logprobs(path: str, value: Any) -> chat_pb2.LogProbs | None:
    content = _list(f"{path}.content", _mapping_or_empty(path, value).get("content"))
    if not content:
        return None
    return chat_pb2.LogProbs(
        content=[
            chat_pb2.LogProb(
                **_token(f"{path}.content[{index}]", token),
                top_logprobs=[
                    chat_pb2.TopLogProb(**_token(f"{path}.content[{index}].top_logprobs", top))
                    for top in _list(path, mapping(path, token).get("top_logprobs"))
                ],
            )
            for index, token in enumerate(content)
        ]
    )


def _token(path: str, value: Any) -> dict[str, Any]:
    token = mapping(path, value)
    text = _text(f"{path}.token", token.get("token"))
    raw = token.get("bytes")
    try:
        data = text.encode() if raw is None else bytes(sequence(f"{path}.bytes", raw))
    except (TypeError, ValueError):
        raise invalid_value(f"{path}.bytes", "a list of integers from 0 to 255", raw) from None
    return {
        "token": text,
        "logprob": _number(f"{path}.logprob", token.get("logprob")),
        "bytes": data,
    }


def _usage(value: Any) -> usage_pb2.SamplingUsage | None:
    if value is None:
        return None
    usage = mapping("usage", value)
    prompt = _details("usage.prompt_tokens_details", usage)
    completion = _details("usage.completion_tokens_details", usage)
    sent, received = (_count(usage, name) for name in ("prompt_tokens", "completion_tokens"))
    image = _count(prompt, "image_tokens")
    return usage_pb2.SamplingUsage(
        prompt_tokens=sent,
        completion_tokens=received,
        total_tokens=_count(usage, "total_tokens") or sent + received,
        prompt_image_tokens=image,
        prompt_text_tokens=_count(prompt, "text_tokens") or sent - image,
        cached_prompt_text_tokens=_count(prompt, "cached_tokens"),
        reasoning_tokens=_count(completion, "reasoning_tokens"),
    )


def _details(path: str, usage: Mapping[str, Any]) -> Mapping[str, Any]:
    value = usage.get(path.removeprefix("usage."))
    return {} if value is None else mapping(path, value)


def _count(value: Mapping[str, Any], name: str) -> int:
    return int(_number(f"usage: {name}", value.get(name)))


def _text(path: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid_value(path, "a string", value)
    # Protos cannot contain lone surrogates, which the escapes of JSON can express.
    return value.encode("utf-8", "replace").decode()


def _number(path: str, value: Any) -> float:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 2**31:
        raise invalid_value(path, "a number", value)
    return value


def _list(path: str, value: Any) -> list[Any]:
    return [] if value is None else list(sequence(path, value))


@dataclass
class _CallParts:
    """A function call whose arguments come in parts."""

    call_id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class CompletionStreamReader:
    """Reads the chunks of a streamed chat completion as protos.

    A function call is complete in one proto, as the service sends it: after its last part.
    """

    def __init__(self) -> None:
        self._calls: dict[int, dict[int, _CallParts]] = {}
        self._open: dict[int, bool] = {}

    @property
    def finished(self) -> bool:
        """Whether there is a choice, and each has its finish reason."""
        return bool(self._open) and not any(self._open.values())

    def feed(self, chunk: Mapping[str, Any]) -> chat_pb2.GetChatCompletionChunk | None:
        """Translate the next chunk; return None if it contains nothing to send.

        Raises:
            TranslationError: A value has a wrong type.
        """
        choices = _list("choices", mapping("the chunk", chunk).get("choices"))
        outputs = [
            output
            for position, choice in enumerate(choices)
            for output in self._outputs(f"choices[{position}]", position, choice)
        ]
        usage = _usage(chunk.get("usage"))
        if not outputs and usage is None:
            return None
        return chat_pb2.GetChatCompletionChunk(**_header(chunk), outputs=outputs, usage=usage)

    def _outputs(
        self, path: str, position: int, value: Any
    ) -> Iterator[chat_pb2.CompletionOutputChunk]:
        choice = mapping(path, value)
        index = int(_number(f"{path}.index", choice.get("index", position)))
        delta = _mapping_or_empty(f"{path}.delta", choice.get("delta"))
        self._open.setdefault(index, True)
        self._add_calls(f"{path}.delta.tool_calls", index, delta.get("tool_calls"))
        finish = choice.get("finish_reason")
        calls = self._take_calls(index) if finish else []
        output = chat_pb2.CompletionOutputChunk(
            index=index,
            delta=chat_pb2.Delta(
                role=chat_pb2.ROLE_ASSISTANT,
                content=_content(f"{path}.delta", delta),
                reasoning_content=_reasoning(f"{path}.delta", delta),
                tool_calls=calls,
            ),
            logprobs=_logprobs(f"{path}.logprobs", choice.get("logprobs")),
        )
        if finish:
            self._open[index] = False
            # Some servers end a message with calls by "stop".
            output.finish_reason = sample_pb2.REASON_TOOL_CALLS if calls else _finish_reason(finish)
        if finish or output.delta.content or output.delta.reasoning_content:
            yield output

    def _add_calls(self, path: str, choice: int, value: Any) -> None:
        known = self._calls.setdefault(choice, {})
        for item in _list(path, value):
            call = mapping(path, item)
            # A server that does not number calls sends each as a whole.
            number = call.get("index")
            index = len(known) if number is None else int(_number(f"{path}.index", number))
            function = _mapping_or_empty(f"{path}.function", call.get("function"))
            call_id = _text(f"{path}.id", call.get("id"))
            name = _text(f"{path}.function.name", function.get("name"))
            parts = known.get(index)
            if parts is not None and name and call_id not in ("", parts.call_id):
                # Some servers send several whole calls with the index 0.
                index, parts = max(known) + 1, None
            parts = known.setdefault(index, parts or _CallParts())
            parts.call_id = parts.call_id or call_id
            parts.name = parts.name or name
            arguments = function.get("arguments")
            if arguments is not None:
                is_text = isinstance(arguments, str)
                parts.arguments.append(arguments if is_text else json.dumps(arguments))

    def _take_calls(self, choice: int) -> list[chat_pb2.ToolCall]:
        return [
            _tool_call(
                "tool_calls",
                {
                    "id": parts.call_id,
                    "function": {"name": parts.name, "arguments": "".join(parts.arguments)},
                },
            )
            for _, parts in sorted(self._calls.pop(choice, {}).items())
        ]


def _mapping_or_empty(path: str, value: Any) -> Mapping[str, Any]:
    return {} if value is None else mapping(path, value)
