"""Replies: the contents of responses, as tests write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, get_args

from xai_vision.testing import _validation as check
from xai_vision.testing._rules.reply_checks import check_debug, check_usage

if TYPE_CHECKING:
    from typing_extensions import Unpack


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
    """

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    output: str = ""
    function: str = ""
    failed: bool = False

    def __post_init__(self) -> None:
        check.enum("ServerToolCall: tool", self.tool, SERVER_TOOLS)
        label = "ServerToolCall: arguments"
        to_json(label, check.mapping(label, self.arguments))
        check.string("ServerToolCall: output", self.output)
        check.string("ServerToolCall: function", self.function)
        check.boolean("ServerToolCall: failed", self.failed)


class ReplyFields(TypedDict, total=False):
    """The fields of a ``Reply`` besides its text; see ``Reply``."""

    reasoning: str | None
    tool_calls: Sequence[FunctionCall]
    steps: Sequence[ServerToolCall]
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
    unchecked: bool


def _check_file_pairs(label: str, value: Any) -> None:
    check.sequence(label, value, (tuple, list), "a pair (file id, name)")
    for index, pair in enumerate(value):
        if len(check.strings(f"{label}[{index}]", pair)) != 2:
            shown = check.short_repr(pair)
            raise ValueError(f"{label}[{index}] must be a pair (file id, name), not {shown}")


_CHECKS: Mapping[str, Callable[[str, Any], object]] = {
    "text": check.string,
    "reasoning": check.string,
    "tool_calls": partial(check.sequence, types=FunctionCall, expected="a FunctionCall"),
    "steps": partial(check.sequence, types=ServerToolCall, expected="a ServerToolCall"),
    "citations": check.strings,
    "choices": check.strings,
    "finish": partial(check.enum, allowed=get_args(Finish)),
    "usage": check_usage,
    "cost_ticks": partial(check.integer, min_=-1, max_=2**63 - 1),
    "ttft": check.number,
    "tps": partial(check.number, positive=True),
    "jitter": check.number,
    "encrypted": check.string,
    "response_id": check.string,
    "debug": check_debug,
    "files": _check_file_pairs,
    "unchecked": check.boolean,
}


@dataclass(frozen=True)
class Reply:
    """The content of a response.

    The fields are checked when the reply is created: a wrong type or an unknown field is a
    TypeError, a wrong value is a ValueError.

    Attributes:
        text: The text of the response.
        reasoning: The reasoning of the model; None means that the request decides.
        tool_calls: Calls of the client's functions.
        steps: Calls of server-side tools before the text, in order. Each becomes an output.
        citations: The URLs that the response cites: web pages, posts on X, or files as
            "collections://COLLECTION/FILE".
        choices: The texts for a request with ``n``; they repeat if there are fewer than ``n``.
        finish: The finish reason. None means "tool_calls" with tool calls, "length" if
            max_tokens truncates the text, and otherwise "stop".
        usage: Fields of SamplingUsage that replace the computed values.
        cost_ticks: The price in 1e-10 USD. None means the price of the catalog; -1 leaves the
            price out, as for teams that do not see prices.
        chunks: The number of chunks of a streamed text, or the chunks themselves. None means a
            chunk for each word.
        ttft: Seconds until the first chunk, or until a response that is not streamed.
        tps: Tokens per second after the first chunk; None means no delay.
        jitter: Seconds by which each delay may differ, drawn from the server's seed.
        encrypted: The encrypted content; None means that the request decides.
        response_id: The response's id; the server generates one for "".
        debug: Fields of DebugOutput.
        files: Pairs (file id, name) of the files that the response produced.
        unchecked: Whether a rule may send the reply although the service could not. By default a
            call fails, and ``verify()`` reports it, if the reply calls a function or server-side
            tool that the request does not have, if its arguments do not match the parameters of
            the function, or if its text does not match the requested format. Arguments that are
            not valid JSON are always sent. A check against a JSON schema needs ``pip install
            "xai-vision[testing]"``; without that it fails with an ImportError.
    """

    text: str = ""
    _: KW_ONLY
    reasoning: str | None = None
    tool_calls: Sequence[FunctionCall] = ()
    steps: Sequence[ServerToolCall] = ()
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
    unchecked: bool = False

    def __post_init__(self) -> None:
        # Most fields of most replies have their default value, which needs no check.
        for name, check_field in _CHECKS.items():
            value = getattr(self, name)
            if value is not _DEFAULTS[name]:
                check_field(f"Reply: {name}", value)
        self._check_chunks()

    def _check_chunks(self) -> None:
        if self.chunks is None:
            return
        if hasattr(self.chunks, "__index__"):
            check.integer("Reply: chunks", self.chunks, 1)
        elif "".join(check.strings("Reply: chunks", self.chunks)) != self.text:
            raise ValueError("Reply: chunks must add up to the text when joined")

    def replace(self, **changes: Any) -> Reply:
        """Return a copy of this reply with some fields changed.

        Raises:
            TypeError: A field does not exist, or has a wrong type.
            ValueError: A field has a wrong value.
        """
        check.check_names("Reply", changes, _DEFAULTS)
        return replace(self, **changes)

    @classmethod
    def tool_call(
        cls, function: str, arguments: Mapping[str, Any] | str | None = None, /, **named: Any
    ) -> Reply:
        """Make a reply that asks the client to call one of its functions.

        Args:
            function: The function's name.
            arguments: The arguments. A str is sent unchanged, even if it is not valid JSON.
            named: The arguments as keywords, instead of ``arguments``.

        Raises:
            TypeError: Both forms are used, or a value has a wrong type.

        Examples:
            >>> Reply.tool_call("get_weather", city="Oslo").tool_calls[0].arguments_json
            '{"city": "Oslo"}'
            >>> Reply.tool_call("get_weather", {"city": "Oslo"}).tool_calls[0].arguments_json
            '{"city": "Oslo"}'
        """
        if arguments is not None and named:
            keywords = ", ".join(map(repr, named))
            raise TypeError(
                f"Reply.tool_call: arguments is set, and so are the keywords {keywords}. Pass all "
                "arguments of the function in one form"
            )
        return cls(tool_calls=(FunctionCall(function, named if arguments is None else arguments),))

    @classmethod
    def json(cls, value: Any, **more: Unpack[ReplyFields]) -> Reply:
        """Make a reply with ``value`` as JSON text.

        Args:
            value: Any value that JSON can represent.
            more: Other fields of the reply.

        Raises:
            TypeError: JSON cannot represent the value, or a field does not exist.
        """
        check.check_names("Reply", more, _DEFAULTS)
        return cls(to_json("Reply.json: value", value), **more)

    @classmethod
    def searched(
        cls,
        query: str,
        *,
        text: str = "",
        tool: Literal["web_search", "x_search"] = "web_search",
        views: Sequence[str] = (),
        result: str = "",
        citations: Sequence[str] | None = None,
        **more: Any,
    ) -> Reply:
        """Make a reply that searches, views images, and then answers.

        Args:
            query: The search query.
            text: The text of the response.
            tool: The search tool.
            views: The URLs of images that the model views, with one call of view_image each.
            result: The search result, for requests that include it.
            citations: The URLs that the response cites; by default those of ``views``.
            more: Other fields of the reply.
        """
        check.enum("Reply.searched: tool", tool, ("web_search", "x_search"))
        check.string("Reply.searched: query", query)
        views = check.strings("Reply.searched: views", views)
        steps = [ServerToolCall(tool, {"query": query}, result)]
        steps += [ServerToolCall("view_image", {"image_url": url}) for url in views]
        cited = tuple(views) if citations is None else tuple(citations)
        return cls(text, steps=steps, citations=cited, **more)


# MISSING, which equals no value, for the fields with a default factory.
_DEFAULTS = {item.name: item.default for item in fields(Reply)}


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
