"""What a test can have the server answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Finish", "Reply", "ReplyFields", "Step", "ToolUse"]

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
Finish: TypeAlias = Literal["stop", "length", "max_context", "tool_calls", "time_limit"]


@dataclass(frozen=True)
class ToolUse:
    """A call of one of the program's own functions.

    Attributes:
        name: The function.
        arguments: Its arguments; a str is sent as it is, valid JSON or not.
        id: The call's id; "" has the server make one.
    """

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)
    id: str = ""

    @property
    def json(self) -> str:
        """The arguments as they go over the wire."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@dataclass(frozen=True)
class Step:
    """One use of a tool that runs on the server.

    Attributes:
        tool: One of ``SERVER_TOOLS``, such as "web_search" or "view_image".
        arguments: What the agent called it with.
        output: What the tool gave back; sent only to requests that ask for it by ``include``.
        function: The function's name on the wire; "" means the tool's own.
        failed: Whether it failed; then it is not counted in the usage.
    """

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    output: str = ""
    function: str = ""
    failed: bool = False

    def __post_init__(self) -> None:
        if self.tool not in SERVER_TOOLS:
            raise ValueError(f"Step({self.tool!r}): no such tool; one of {SERVER_TOOLS}")


class ReplyFields(TypedDict, total=False):
    """Fields of a Reply besides its text; each is explained in ``Reply``."""

    reasoning: str | None
    tool_calls: Sequence[ToolUse]
    steps: Sequence[Step]
    citations: Sequence[str]
    choices: Sequence[str]
    finish: Finish | None
    usage: Mapping[str, int]
    cost_ticks: int | None
    chunks: int | Sequence[str] | None
    ttft: float
    tps: float | None
    jitter: float
    encrypted: str | None
    response_id: str
    debug: Mapping[str, Any]
    files: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Reply:
    """An answer.

    Attributes:
        text: The answer's text.
        reasoning: What the model thought before it; None leaves that to the request.
        tool_calls: Functions of the program's own that it asks to be called.
        steps: Server-side tools that were used before the answer, in order. Each becomes an
            output of its own.
        citations: URLs the answer rests on.
        choices: Texts for a request with ``n``; where there are fewer than asked for, they
            are used again from the first.
        finish: Why it ended; None works it out: "tool_calls" with tool calls, "length" where
            max_tokens cut it, else "stop".
        usage: Fields of SamplingUsage that are to differ from what was counted.
        cost_ticks: The price in 1e-10 USD; None works it out from the catalogue, -1 leaves it
            out as for a team that is not shown prices.
        chunks: How a stream cuts the text: a number of pieces, or the pieces themselves. None
            cuts at words.
        ttft: Seconds until the first piece of a stream, or the whole of a single answer.
        tps: Tokens a second after that; None is as fast as it goes.
        jitter: Seconds by which each wait may be off, drawn from the server's seed.
        encrypted: Encrypted content; None leaves that to the request.
        response_id: The answer's id; "" has the server make one.
        debug: Fields of DebugOutput, for programs that read it.
        files: (file id, name) of files the answer made.
    """

    text: str = ""
    _: KW_ONLY
    reasoning: str | None = None
    tool_calls: Sequence[ToolUse] = ()
    steps: Sequence[Step] = ()
    citations: Sequence[str] = ()
    choices: Sequence[str] = ()
    finish: Finish | None = None
    usage: Mapping[str, int] = field(default_factory=dict)
    cost_ticks: int | None = None
    chunks: int | Sequence[str] | None = None
    ttft: float = 0.0
    tps: float | None = None
    jitter: float = 0.0
    encrypted: str | None = None
    response_id: str = ""
    debug: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[tuple[str, str]] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"Reply(text): a str, not {type(self.text).__name__}")
        if isinstance(self.chunks, Sequence) and "".join(self.chunks) != self.text:
            raise ValueError("Reply(chunks): the pieces joined are not the text")
        if isinstance(self.chunks, int) and self.chunks < 1:
            raise ValueError("Reply(chunks): at least 1")

    def but(self, **changes: Any) -> Reply:
        """Return this reply with some fields changed."""
        return replace(self, **changes)

    @classmethod
    def tool_call(cls, function: str, /, **arguments: Any) -> Reply:
        """Ask the program to call one of its functions.

        Example: ``Reply.tool_call("get_weather", city="Oslo")``.
        """
        return cls(tool_calls=(ToolUse(function, arguments),))

    @classmethod
    def json(cls, value: Any, **more: Unpack[ReplyFields]) -> Reply:
        """Answer with ``value`` as JSON text; ``more`` are fields of Reply."""
        return cls(json.dumps(value, ensure_ascii=False), **more)

    @classmethod
    def searched(
        cls,
        query: str,
        *,
        text: str = "",
        tool: Literal["web_search", "x_search"] = "web_search",
        views: Sequence[str] = (),
        found: str = "",
        citations: Sequence[str] | None = None,
        **more: Any,
    ) -> Reply:
        """Search, look at pictures found, then answer.

        Args:
            query: What is searched for.
            text: The answer.
            tool: Where.
            views: Picture URLs the agent opens with view_image, one step each.
            found: The search's result, for requests that include it.
            citations: URLs the answer rests on; by default the viewed ones.
            more: Other fields of Reply.
        """
        steps = [Step(tool, {"query": query}, found)]
        steps += [Step("view_image", {"image_url": url}) for url in views]
        cited = tuple(views) if citations is None else tuple(citations)
        return cls(text, steps=steps, citations=cited, **more)
