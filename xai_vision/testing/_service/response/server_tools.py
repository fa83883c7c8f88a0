"""Steps of an agent on the wire: tools that run on the server, their calls and results."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2
from xai_vision.testing._rules.reply import ServerToolCall


@dataclass(frozen=True)
class ServerTool:
    """How one server-side tool shows on the wire.

    Attributes:
        call_type: The kind of tool call.
        function: The function's name there.
        usage: What it counts as in the usage.
        include: The option that asks for its output; None where there is none.
    """

    call_type: chat_pb2.ToolCallType.ValueType
    function: str
    usage: usage_pb2.ServerSideTool.ValueType
    include: chat_pb2.IncludeOption.ValueType | None


SERVER_TOOLS: Final = {
    "web_search": ServerTool(
        chat_pb2.TOOL_CALL_TYPE_WEB_SEARCH_TOOL,
        "web_search",
        usage_pb2.SERVER_SIDE_TOOL_WEB_SEARCH,
        chat_pb2.INCLUDE_OPTION_WEB_SEARCH_CALL_OUTPUT,
    ),
    "x_search": ServerTool(
        chat_pb2.TOOL_CALL_TYPE_X_SEARCH_TOOL,
        "x_keyword_search",
        usage_pb2.SERVER_SIDE_TOOL_X_SEARCH,
        chat_pb2.INCLUDE_OPTION_X_SEARCH_CALL_OUTPUT,
    ),
    "code_execution": ServerTool(
        chat_pb2.TOOL_CALL_TYPE_CODE_EXECUTION_TOOL,
        "code_execution",
        usage_pb2.SERVER_SIDE_TOOL_CODE_EXECUTION,
        chat_pb2.INCLUDE_OPTION_CODE_EXECUTION_CALL_OUTPUT,
    ),
    "collections_search": ServerTool(
        chat_pb2.TOOL_CALL_TYPE_COLLECTIONS_SEARCH_TOOL,
        "collections_search",
        usage_pb2.SERVER_SIDE_TOOL_COLLECTIONS_SEARCH,
        chat_pb2.INCLUDE_OPTION_COLLECTIONS_SEARCH_CALL_OUTPUT,
    ),
    "attachment_search": ServerTool(
        chat_pb2.TOOL_CALL_TYPE_ATTACHMENT_SEARCH_TOOL,
        "attachment_search",
        usage_pb2.SERVER_SIDE_TOOL_ATTACHMENT_SEARCH,
        chat_pb2.INCLUDE_OPTION_ATTACHMENT_SEARCH_CALL_OUTPUT,
    ),
    "mcp": ServerTool(
        chat_pb2.TOOL_CALL_TYPE_MCP_TOOL,
        "mcp",
        usage_pb2.SERVER_SIDE_TOOL_MCP,
        chat_pb2.INCLUDE_OPTION_MCP_CALL_OUTPUT,
    ),
    "image_generation": ServerTool(
        chat_pb2.TOOL_CALL_TYPE_IMAGE_GENERATION_TOOL,
        "image_generation",
        usage_pb2.SERVER_SIDE_TOOL_IMAGE_GENERATION,
        None,
    ),
    # These three come with a search tool and have no call type of their own.
    "view_image": ServerTool(
        chat_pb2.TOOL_CALL_TYPE_WEB_SEARCH_TOOL,
        "view_image",
        usage_pb2.SERVER_SIDE_TOOL_VIEW_IMAGE,
        chat_pb2.INCLUDE_OPTION_WEB_SEARCH_CALL_OUTPUT,
    ),
    "image_search": ServerTool(
        chat_pb2.TOOL_CALL_TYPE_WEB_SEARCH_TOOL,
        "image_search",
        usage_pb2.SERVER_SIDE_TOOL_IMAGE_SEARCH,
        chat_pb2.INCLUDE_OPTION_WEB_SEARCH_CALL_OUTPUT,
    ),
    "view_x_video": ServerTool(
        chat_pb2.TOOL_CALL_TYPE_X_SEARCH_TOOL,
        "view_x_video",
        usage_pb2.SERVER_SIDE_TOOL_VIEW_X_VIDEO,
        chat_pb2.INCLUDE_OPTION_X_SEARCH_CALL_OUTPUT,
    ),
}


def add_server_tool_call(
    response: chat_pb2.GetChatCompletionResponse,
    step: ServerToolCall,
    request: chat_pb2.GetCompletionsRequest,
    call_id: str,
) -> None:
    """Add the outputs of one step to an answer: the call, and its result where asked for."""
    tool = SERVER_TOOLS[step.tool]
    called = response.outputs.add(index=len(response.outputs))
    called.finish_reason = sample_pb2.REASON_TOOL_CALLS
    called.message.role = chat_pb2.ROLE_ASSISTANT
    if chat_pb2.INCLUDE_OPTION_VERBOSE_STREAMING in request.include:
        called.message.reasoning_content = f"Using {tool.function}."
    _fill(called.message.tool_calls.add(), step, tool, call_id)
    # A generated image is the answer's own; there is no option to leave it out.
    if not (tool.include is None or tool.include in request.include):
        return
    result = response.outputs.add(index=len(response.outputs))
    result.finish_reason = sample_pb2.REASON_STOP
    result.message.role = chat_pb2.ROLE_TOOL
    result.message.content = step.output or f"Nothing: the fake's {tool.function} finds nothing."
    _fill(result.message.tool_calls.add(), step, tool, call_id)


def _fill(call: chat_pb2.ToolCall, step: ServerToolCall, tool: ServerTool, call_id: str) -> None:
    call.id = call_id
    call.type = tool.call_type
    call.function.name = step.function or tool.function
    call.function.arguments = json.dumps(dict(step.arguments), ensure_ascii=False)
    if step.failed:
        call.status = chat_pb2.TOOL_CALL_STATUS_FAILED
        call.error_message = step.output or "The tool failed."
    else:
        call.status = chat_pb2.TOOL_CALL_STATUS_COMPLETED
