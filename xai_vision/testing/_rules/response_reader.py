"""Read a response into the fields of a reply, so that a rule can repeat it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from google.protobuf.unknown_fields import UnknownFieldSet

from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2
from xai_vision.proto._convert import adopt
from xai_vision.testing import _validation as check
from xai_vision.testing._service.response.server_tools import (
    SERVER_TOOLS,
    TOOL_FAILED,
    no_results,
)

_FINISH: Final = {
    sample_pb2.REASON_STOP: "stop",
    sample_pb2.REASON_MAX_LEN: "length",
    sample_pb2.REASON_MAX_CONTEXT: "max_context",
    sample_pb2.REASON_TOOL_CALLS: "tool_calls",
    sample_pb2.REASON_TIME_LIMIT: "time_limit",
}
_ATTEMPTS: Final = chat_pb2.DebugOutput.DESCRIPTOR.fields_by_name["attempts"]
_COST: Final = "cost_in_usd_ticks"
_TOOLS_USED: Final = "server_side_tools_used"


def read_response(response: Any) -> dict[str, Any]:
    """Return the fields of a reply that repeats ``response``, with tool calls as dicts.

    Raises:
        TypeError: The argument is not a response.
        ValueError: A reply cannot repeat the whole response.
    """
    try:
        proto = adopt(getattr(response, "proto", response), chat_pb2.GetChatCompletionResponse)
    except TypeError:
        raise TypeError(
            "Reply.from_response: response must be a response of chat.sample(), or its proto, not "
            f"{check.short_repr(response)}"
        ) from None
    reader = _Reader()
    values = reader.read(proto)
    if reader.problems:
        remedy = "Remove that from a copy of response.proto, and pass the copy"
        if not reader.complete:
            remedy = "Pass the response of a call that ended, or make the reply with Reply(...)"
        raise ValueError(
            f"Reply.from_response: a Reply cannot repeat {'; '.join(reader.problems)}. {remedy}"
        )
    return {name: value for name, value in values.items() if value not in (None, (), [], {})}


class _Reader:
    """Reads one response.

    Attributes:
        problems: The parts that a reply cannot contain.
        complete: Whether the response ended.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.complete = True

    def read(self, proto: chat_pb2.GetChatCompletionResponse) -> dict[str, Any]:
        self.problems += _unknown_fields("", proto)
        outputs = [(f"outputs[{index}]", output) for index, output in enumerate(proto.outputs)]
        steps: list[dict[str, Any]] = []
        if any(_is_step(output) for _, output in outputs):
            last = max(
                (i for i, (_, output) in enumerate(outputs) if not _is_tool_result(output)),
                default=-1,
            )
            for position, (path, output) in enumerate(outputs):
                self._read_step(path, output, steps, is_last=position == last)
            outputs = outputs[last : last + 1] if last >= 0 else []
        else:
            outputs.sort(key=lambda pair: pair[1].index)  # the choices of a request with n
        if not outputs:
            self.problems.append("a response without an answer of the model")
            self.complete = False
            return {}
        texts = [output.message.content for _, output in outputs]
        return {
            "text": texts[0],
            "choices": texts if len(texts) > 1 else (),
            **self._read_answers(outputs),
            "steps": steps,
            "citations": list(proto.citations),
            **self._read_usage(proto, steps),
            "response_id": proto.id or None,
            "debug": self._read_debug(proto),
            "files": [[file.file_id, file.name] for file in proto.output_files],
        }

    def _read_debug(self, proto: chat_pb2.GetChatCompletionResponse) -> dict[str, Any]:
        if not proto.HasField("debug_output"):
            return {}
        fields = proto.debug_output.ListFields() or [(_ATTEMPTS, 0)]
        return {
            field.name: value if isinstance(value, (str, int)) else list(value)
            for field, value in fields
        }

    def _read_step(
        self,
        path: str,
        output: chat_pb2.CompletionOutput,
        steps: list[dict[str, Any]],
        *,
        is_last: bool,
    ) -> None:
        """Read an output of a response with server-side tools."""
        message = output.message
        if _is_tool_result(output):
            self._read_tool_result(path, message, steps)
            return
        for index, call in enumerate(message.tool_calls):
            call_path = f"{path}.message.tool_calls[{index}]"
            if call.type != chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL:
                steps.append(self._read_server_call(call_path, call))
            elif not is_last:
                self.problems.append(
                    f"{call_path} (a call of the client's function before the end)"
                )
        if is_last:
            return
        verbose = {f"Using {SERVER_TOOLS[step['tool']].function}." for step in steps[-1:]}
        if message.reasoning_content and message.reasoning_content not in verbose:
            self.problems.append(f"{path}.message.reasoning_content (before the last output)")
        for name in ("content", "encrypted_content"):
            if getattr(message, name):
                self.problems.append(f"{path}.message.{name} (before the last output)")

    def _read_server_call(self, path: str, call: chat_pb2.ToolCall) -> dict[str, Any]:
        function = call.function
        tools = [name for name, tool in SERVER_TOOLS.items() if tool.call_type == call.type]
        if not tools:
            self.problems.append(f"{path}.type ({call.type})")
            tools = ["web_search"]
        name = function.name if function.name in tools else tools[0]
        failed = call.status == chat_pb2.TOOL_CALL_STATUS_FAILED
        if not failed and call.status != chat_pb2.TOOL_CALL_STATUS_COMPLETED:
            self.complete &= call.status != chat_pb2.TOOL_CALL_STATUS_IN_PROGRESS
            self.problems.append(f"{path}.status ({_enum_name(call, 'status')})")
        if call.error_message and not failed:
            self.problems.append(f"{path}.error_message (of a call that did not fail)")
        try:
            arguments = json.loads(function.arguments or "{}")
        except ValueError:
            arguments = None
        if not isinstance(arguments, dict):
            self.problems.append(f"{path}.function.arguments (not a JSON object)")
            arguments = {}
        step: dict[str, Any] = {"tool": name, "arguments": arguments, "id": call.id}
        if function.name != SERVER_TOOLS[name].function:
            step["function"] = function.name
        if failed:
            output = "" if call.error_message == TOOL_FAILED else call.error_message
            step |= {"failed": True, "output": output}
        return step

    def _read_tool_result(
        self, path: str, message: chat_pb2.CompletionMessage, steps: Sequence[dict[str, Any]]
    ) -> None:
        ids = {call.id for call in message.tool_calls}
        called = [step for step in steps if step["id"] in ids]
        if len(called) != 1 or len(ids) != 1:
            self.problems.append(f"{path} (a tool's output without its call)")
            return
        (step,) = called
        output = step.get("output", "")
        if message.content == (output or no_results(SERVER_TOOLS[step["tool"]])):
            return
        if step.get("failed") and message.content != (output or TOOL_FAILED):
            self.problems.append(f"{path}.message.content (differs from the call's error_message)")
        step["output"] = message.content

    def _read_answers(
        self, outputs: Sequence[tuple[str, chat_pb2.CompletionOutput]]
    ) -> dict[str, Any]:
        """Read the last output, or the outputs of a request with ``n``, which share a reply."""
        answers = [self._read_answer(path, output) for path, output in outputs]
        for (path, _), answer in zip(outputs[1:], answers[1:], strict=True):
            for name, value in answer.items():
                if value != answers[0][name]:
                    self.problems.append(f"{path} (its {name} differs from that of outputs[0])")
        return answers[0]

    def _read_answer(self, path: str, output: chat_pb2.CompletionOutput) -> dict[str, Any]:
        message = output.message
        if message.role not in (chat_pb2.ROLE_ASSISTANT, chat_pb2.INVALID_ROLE):
            self.problems.append(f"{path}.message.role ({_enum_name(message, 'role')})")
        if output.logprobs.content:
            self.problems.append(f"{path}.logprobs (log probabilities)")
        if message.citations:
            self.problems.append(f"{path}.message.citations (inline citations)")
        calls = [
            self._read_function_call(f"{path}.message.tool_calls[{index}]", call)
            for index, call in enumerate(message.tool_calls)
            if call.type == chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL
        ]
        finish = _FINISH.get(output.finish_reason)
        if finish is None:
            self.complete = False
            reason = _enum_name(output, "finish_reason")
            self.problems.append(f"{path}.finish_reason ({reason}: the response is not complete)")
        default = "tool_calls" if calls else "stop"
        return {
            "reasoning": message.reasoning_content,
            "encrypted": message.encrypted_content or None,
            "tool_calls": calls,
            "finish": None if finish == default else finish,
        }

    def _read_function_call(self, path: str, call: chat_pb2.ToolCall) -> dict[str, Any]:
        if call.status != chat_pb2.TOOL_CALL_STATUS_IN_PROGRESS:
            self.problems.append(f"{path}.status ({_enum_name(call, 'status')})")
        if call.error_message:
            self.problems.append(f"{path}.error_message")
        text = call.function.arguments
        try:
            arguments = json.loads(text)
        except ValueError:
            arguments = text
        # Text that would be written in another way is kept as it is.
        if not isinstance(arguments, dict) or json.dumps(arguments) != text:
            arguments = text
        return {"name": call.function.name, "arguments": arguments, "id": call.id}

    def _read_usage(
        self, proto: chat_pb2.GetChatCompletionResponse, steps: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        if not proto.HasField("usage"):
            return {}
        usage = proto.usage
        called = Counter(
            SERVER_TOOLS[step["tool"]].usage for step in steps if not step.get("failed")
        )
        if Counter(usage.server_side_tools_used) != called:
            used = [usage_pb2.ServerSideTool.Name(tool) for tool in usage.server_side_tools_used]
            self.problems.append(f"usage.{_TOOLS_USED} ({', '.join(used)}; the calls are others)")
        names = (
            name for name in usage.DESCRIPTOR.fields_by_name if name not in (_COST, _TOOLS_USED)
        )
        return {
            "usage": {name: getattr(usage, name) for name in names},
            "cost_ticks": usage.cost_in_usd_ticks if usage.HasField(_COST) else -1,
        }


def _is_tool_result(output: chat_pb2.CompletionOutput) -> bool:
    return output.message.role == chat_pb2.ROLE_TOOL


def _is_step(output: chat_pb2.CompletionOutput) -> bool:
    """Return whether an output belongs to the use of a server-side tool."""
    return _is_tool_result(output) or any(
        call.type != chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL for call in output.message.tool_calls
    )


def _enum_name(message: Any, field: str) -> str:
    number = getattr(message, field)
    value = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(number)
    return str(number) if value is None else value.name


def _unknown_fields(path: str, message: Any) -> Iterator[str]:
    """Name the fields of a newer version of the API, in the message and in its parts."""
    unknown = UnknownFieldSet(message)
    for index in range(len(unknown)):
        number = unknown[index].field_number
        yield f"field {number} of {path or 'the response'} (unknown to this version)"
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        name = f"{path}.{field.name}" if path else field.name
        if hasattr(value, "ListFields"):
            yield from _unknown_fields(name, value)
        else:
            for index, item in enumerate(value):
                yield from _unknown_fields(f"{name}[{index}]", item)
