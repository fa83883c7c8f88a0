"""Replies: the contents of responses, as tests write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, MISSING, dataclass, field, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, get_args

from xai_vision.testing import _validation as check
from xai_vision.testing._rules.reply_checks import check_debug, check_file_pairs, check_usage
from xai_vision.testing._rules.response_reader import read_response
from xai_vision.testing._rules.tool_calls import FunctionCall, ServerToolCall, to_json

if TYPE_CHECKING:
    from typing_extensions import Unpack


Finish: TypeAlias = Literal["stop", "length", "max_context", "tool_calls", "time_limit"]


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
    "files": check_file_pairs,
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
            tool that the request does not have, if it calls none although ``tool_choice`` requires
            a call, if its arguments do not match the parameters of the function, or if its text
            does not match the requested format. Arguments that are
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

    def to_json(self) -> str:
        """Return the reply as JSON, without the fields that have their default value.

        ``Reply.from_json`` reads it, and so do rule files, as the value of ``reply``.
        """
        values = {
            name: [_without_defaults(call) for call in value] if name in _CALLS else value
            for name, value in _without_defaults(self).items()
        }
        return to_json("Reply.to_json: the reply", values)

    @classmethod
    def from_json(cls, text: str | bytes) -> Reply:
        """Make a reply from the result of ``to_json``.

        Raises:
            TypeError: The text has a field that a reply does not have, or a wrong type.
            ValueError: The text is not valid JSON, or has a wrong value.
        """
        label = "Reply.from_json"
        check.instance(f"{label}: text", text, (str, bytes), "a str or bytes")
        try:
            values = json.loads(text)
        except ValueError as error:
            raise ValueError(f"{label}: text is not valid JSON: {error}") from None
        return _from_values(label, values)

    @classmethod
    def from_response(cls, response: Any) -> Reply:
        """Make a reply that repeats a response, such as one of the real service.

        The reply has the texts, the reasoning, the tool calls, the citations, the usage, the
        price and the ids of the response. The server computes the rest for each request: the
        model, the time, the settings, the fingerprint and the service tier. Each server-side tool
        call becomes an output of its own.

        Args:
            response: A response of ``chat.sample()`` or of a complete stream, also of xai_sdk; or
                its proto. A response of ``sample_batch()`` gives the choices of all of them.

        Raises:
            TypeError: The argument is not a response.
            ValueError: The response contains what a reply cannot repeat, such as log
                probabilities or inline citations. The message names each.

        Examples:
            >>> from xai_vision.proto import chat_pb2
            >>> proto = chat_pb2.GetChatCompletionResponse(id="a")
            >>> output = proto.outputs.add(finish_reason=3, message={"content": "Hi", "role": 2})
            >>> Reply.from_response(proto).to_json()
            '{"text": "Hi", "reasoning": "", "response_id": "a"}'
        """
        return _from_values("Reply.from_response", read_response(response))

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


_CALLS: Mapping[str, type[FunctionCall | ServerToolCall]] = {
    "tool_calls": FunctionCall,
    "steps": ServerToolCall,
}


def _from_values(label: str, values: Any) -> Reply:
    """Make a reply from the values of ``to_json``."""
    check.check_names(label, check.mapping(label, values), _DEFAULTS)
    arguments = {name: _to_tuples(value) for name, value in values.items()}
    for name, kind in _CALLS.items():
        if name in arguments:
            items = arguments[name]
            check.sequence(f"{label}: {name}", items, Mapping, "an object")
            for item in items:
                check.check_names(f"{label}: {name}", item, [f.name for f in fields(kind)])
            arguments[name] = tuple(kind(**item) for item in items)
    return Reply(**arguments)


def _to_tuples(value: Any) -> Any:
    return tuple(map(_to_tuples, value)) if isinstance(value, list) else value


def _without_defaults(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass that do not have their default value."""
    result = {}
    for item in fields(value):
        content = getattr(value, item.name)
        default = item.default if item.default_factory is MISSING else item.default_factory()
        if content != default:
            result[item.name] = content
    return result


# MISSING, which equals no value, for the fields with a default factory.
_DEFAULTS = {item.name: item.default for item in fields(Reply)}
