"""Tool calls in replies: of the client's functions, and of tools that run on the server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xai_vision.testing import _validation as check

SERVER_TOOLS = (
    "web_search",
    "x_search",
    "code_execution",
    "collections_search",
    "attachment_search",
    "mcp",
    "image_generation",
    "view_image",
    "image_search",
    "view_x_video",
)


@dataclass(frozen=True)
class FunctionCall:
    """A call of one of the client's functions, which the model asks for.

    Attributes:
        name: The function's name.
        arguments: The arguments. A str is sent unchanged, even if it is not valid JSON.
        id: The id of the call; the server generates one for "".
    """

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)
    id: str = ""

    def __post_init__(self) -> None:
        if not check.string("FunctionCall: name", self.name):
            raise ValueError("FunctionCall: name is empty")
        check.string("FunctionCall: id", self.id)
        label = "FunctionCall: arguments"
        if isinstance(self.arguments, str):
            check.string(label, self.arguments)
        else:
            to_json(label, check.mapping(label, self.arguments))

    @property
    def arguments_json(self) -> str:
        """The arguments as sent to the client."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@dataclass(frozen=True)
class ServerToolCall:
    """A call of a tool that runs on the server.

    Attributes:
        tool: A name in ``SERVER_TOOLS``, such as "web_search" or "view_image".
        arguments: The arguments of the call.
        output: The tool's output; sent only to requests that ask for it by ``include``.
        function: The function name in the response; "" means the tool's own name.
        failed: Whether the call failed. Failed calls are not counted in the usage.
        id: The id of the call; the server generates one for "".
    """

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    output: str = ""
    function: str = ""
    failed: bool = False
    id: str = ""

    def __post_init__(self) -> None:
        check.enum("ServerToolCall: tool", self.tool, SERVER_TOOLS)
        label = "ServerToolCall: arguments"
        to_json(label, check.mapping(label, self.arguments))
        check.string("ServerToolCall: output", self.output)
        check.string("ServerToolCall: function", self.function)
        check.boolean("ServerToolCall: failed", self.failed)
        check.string("ServerToolCall: id", self.id)


def to_json(label: str, value: Any) -> str:
    """Return a value as JSON text.

    Raises:
        TypeError: JSON cannot represent the value.
        ValueError: The value contains NaN, an infinity, or itself.
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{label} cannot be written as JSON: {error}") from None
