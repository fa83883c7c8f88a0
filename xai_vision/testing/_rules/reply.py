"""What a test can have the server answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, get_args

from xai_vision.testing import _validation as given
from xai_vision.testing._rules.reply_checks import check_debug, check_usage

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


@given.spelled("ToolUse")
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

    def __post_init__(self) -> None:
        if not given.text("ToolUse: name", self.name):
            raise ValueError("ToolUse: name is empty")
        given.text("ToolUse: id", self.id)
        if isinstance(self.arguments, str):
            given.text("ToolUse: arguments", self.arguments)
        else:
            as_json("ToolUse: arguments", given.mapping("ToolUse: arguments", self.arguments))

    @property
    def json(self) -> str:
        """The arguments as they go over the wire."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@given.spelled("Step")
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
        given.choice("Step: tool", self.tool, SERVER_TOOLS)
        as_json("Step: arguments", given.mapping("Step: arguments", self.arguments))
        given.text("Step: output", self.output)
        given.text("Step: function", self.function)
        given.flag("Step: failed", self.failed)


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


_CHECKS: Mapping[str, Callable[[str, Any], object]] = {
    "text": given.text,
    "reasoning": given.text,
    "tool_calls": partial(given.sequence, kind=ToolUse, words="ToolUse objects"),
    "steps": partial(given.sequence, kind=Step, words="Step objects"),
    "citations": given.texts,
    "choices": given.texts,
    "finish": partial(given.choice, allowed=get_args(Finish)),
    "usage": check_usage,
    "cost_ticks": partial(given.whole, low=-1, high=2**63 - 1),
    "ttft": given.number,
    "tps": partial(given.number, above=True),
    "jitter": given.number,
    "encrypted": given.text,
    "response_id": given.text,
    "debug": check_debug,
    "files": partial(given.sequence, kind=(tuple, list), words="pairs (file id, name)"),
}


@given.spelled("Reply")
@dataclass(frozen=True)
class Reply:
    """An answer.

    What is given is checked at once: of a wrong kind, or misspelt, it is a TypeError; of a wrong
    value a ValueError.

    Attributes:
        text: The answer's text.
        reasoning: What the model thought before it; None leaves that to the request.
        tool_calls: Functions of the program's own that it asks to be called.
        steps: Server-side tools that were used before the answer, in order. Each becomes an
            output of its own.
        citations: URLs the answer rests on: of web pages, of posts on X, or of files as
            "collections://COLLECTION/FILE".
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
        # What was left as it is needs no check, and most of a reply is.
        for name, check in _CHECKS.items():
            value = getattr(self, name)
            if value is not _DEFAULTS[name]:
                check(f"Reply: {name}", value)
        self._check_chunks()
        for place, pair in enumerate(self.files):
            where = f"Reply: files[{place}]"
            if len(given.texts(where, pair)) != 2:
                raise ValueError(f"{where} must be (file id, name), not {given.shown(pair)}")

    def _check_chunks(self) -> None:
        if self.chunks is None:
            return
        if hasattr(self.chunks, "__index__"):
            given.whole("Reply: chunks", self.chunks, 1)
        elif "".join(given.texts("Reply: chunks", self.chunks)) != self.text:
            raise ValueError("Reply: chunks: the pieces joined are not the text")

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
        """Answer with ``value`` as JSON text; ``more`` are fields of Reply.

        Raises:
            TypeError: It has no form in JSON.
        """
        return cls(as_json("Reply.json: value", value), **more)

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
        given.choice("Reply.searched: tool", tool, ("web_search", "x_search"))
        given.text("Reply.searched: query", query)
        views = given.texts("Reply.searched: views", views)
        steps = [Step(tool, {"query": query}, found)]
        steps += [Step("view_image", {"image_url": url}) for url in views]
        cited = tuple(views) if citations is None else tuple(citations)
        return cls(text, steps=steps, citations=cited, **more)


# MISSING, which no value is, for those whose default is made anew each time.
_DEFAULTS = {one.name: one.default for one in fields(Reply)}


def as_json(where: str, value: Any) -> str:
    """A value as JSON text.

    Raises:
        TypeError: It has no form in JSON.
        ValueError: It holds NaN, an infinity, or itself.
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{where} has no form in JSON: {error}") from None
