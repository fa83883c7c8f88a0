"""Add the calls of server-side tools, and their results, to a response."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2
from xai_vision.testing._rules import tool_calls
from xai_vision.testing._rules.tool_calls import ServerToolCall

# The protos have no call type for these tools, which belong to a search tool.
_PARENT_TOOLS: Final = {
    "view_image": "web_search",
    "image_search": "web_search",
    "view_x_video": "x_search",
}


@dataclass(frozen=True)
class ServerTool:
    """A server-side tool in the protos.

    Attributes:
        call_type: The type of its calls.
        function: The function name in its calls.
        usage: The item that a call adds to the usage.
        include: The option with which a request asks for the output; None if the output is
            always sent.
    """

    call_type: chat_pb2.ToolCallType.ValueType
    function: str
    usage: usage_pb2.ServerSideTool.ValueType
    include: chat_pb2.IncludeOption.ValueType | None


def _server_tool(name: str) -> ServerTool:
    prefix = _PARENT_TOOLS.get(name, name).upper()
    include = None
    if name != "image_generation":
        include = chat_pb2.IncludeOption.Value(f"INCLUDE_OPTION_{prefix}_CALL_OUTPUT")
    return ServerTool(
        call_type=chat_pb2.ToolCallType.Value(f"TOOL_CALL_TYPE_{prefix}_TOOL"),
        function="x_keyword_search" if name == "x_search" else name,
        usage=usage_pb2.ServerSideTool.Value(f"SERVER_SIDE_TOOL_{name.upper()}"),
        include=include,
    )


SERVER_TOOLS: Final = {name: _server_tool(name) for name in tool_calls.SERVER_TOOLS}


TOOL_FAILED: Final = "The tool failed."
"""The error of a failed call without an output."""


def no_results(tool: ServerTool) -> str:
    """Return the result of a call without an output."""
    return f"{tool.function} returned no results."


def add_server_tool_call(
    response: chat_pb2.GetChatCompletionResponse,
    tool_call: ServerToolCall,
    request: chat_pb2.GetCompletionsRequest,
    call_id: str,
) -> None:
    """Add the outputs of a call: the call itself, and its result if the request asks for it."""
    tool = SERVER_TOOLS[tool_call.tool]
    output = response.outputs.add(index=len(response.outputs))
    output.finish_reason = sample_pb2.REASON_TOOL_CALLS
    output.message.role = chat_pb2.ROLE_ASSISTANT
    if chat_pb2.INCLUDE_OPTION_VERBOSE_STREAMING in request.include:
        output.message.reasoning_content = f"Using {tool.function}."
    call = output.message.tool_calls.add(id=call_id, type=tool.call_type)
    call.function.name = tool_call.function or tool.function
    call.function.arguments = json.dumps(dict(tool_call.arguments), ensure_ascii=False)
    call.status = chat_pb2.TOOL_CALL_STATUS_COMPLETED
    if tool_call.failed:
        call.status = chat_pb2.TOOL_CALL_STATUS_FAILED
        call.error_message = tool_call.output or TOOL_FAILED
    if tool.include is None or tool.include in request.include:
        result = response.outputs.add(index=len(response.outputs))
        result.finish_reason = sample_pb2.REASON_STOP
        result.message.role = chat_pb2.ROLE_TOOL
        result.message.content = tool_call.output or no_results(tool)
        result.message.tool_calls.append(call)
