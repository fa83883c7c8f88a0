"""Values of the request in the replies of rule files: ``{{ prompt }}``, ``{{ images[0].width }}``.

An expression is a path: the name of an attribute of ``Call``, then attributes, and indices in
brackets. Nothing is called or computed, so that a rule file cannot run code. ``{{ "text" }}``
stands for the text, which may contain braces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from xai_vision._validation import did_you_mean
from xai_vision.openai_compat._fields import shortest_decimal
from xai_vision.proto import chat_pb2

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._rule_files.document import Value


_OPEN: Final = "{{"
_EXPRESSION = re.compile(
    r"""\{\{\s*(?:(?P<quote>["'])(?P<text>.*?)(?P=quote)\s*|(?P<path>[^{}]*))\}\}""", re.DOTALL
)
_STEP = re.compile(
    r"""\.?(?P<name>[A-Za-z_]\w*)|\[(?:(?P<index>-?\d+)|(?P<quote>["'])(?P<key>.*?)(?P=quote))\]"""
)


@dataclass(frozen=True)
class _List:
    """A list of objects or scalars."""

    item: Any


@dataclass(frozen=True)
class _Keys:
    """A mapping with any keys."""

    item: Any


# The types of values: a scalar; anything that JSON can express.
_SCALAR: Final = "a value"
_JSON: Final = "JSON"
_IMAGE: Final = dict.fromkeys(
    (
        *("width", "height", "format", "size", "sha256", "detail", "source"),
        *("declared_media_type", "tokens", "turn", "earlier"),
    ),
    _SCALAR,
) | {"colors": _List(_SCALAR)}
_REQUEST: Final = chat_pb2.GetCompletionsRequest.DESCRIPTOR
_CALL: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("prompt", "model", "method", "service", "key_id", "peer"), _SCALAR),
    **dict.fromkeys(("system", "turn", "stream", "attempt"), _SCALAR),
    "tool_results": _List(dict.fromkeys(("name", "text"), _SCALAR)),
    "images": _List(_IMAGE),
    "earlier_images": _List(_IMAGE),
    "metadata": _Keys(_SCALAR),
    "messages": _List(_REQUEST.fields_by_name["messages"].message_type),
    "request": _REQUEST,
    "body": _JSON,
}


class TemplateError(ValueError):
    """An expression is not valid, or the call does not have its value."""


def check(value: Value) -> bool:
    """Report the invalid expressions in all strings of a value; return whether it has any."""
    found = False
    for text in _strings(value.raw):
        try:
            found |= any(isinstance(part, _Path) for part in _parse(text)) or _OPEN in text
        except TemplateError as error:
            value.report(str(error))
            found = True
    return found


def render(value: Any, call: Call, *, keep_types: bool = False) -> Any:
    """Return a copy of a value whose expressions are replaced.

    Args:
        value: A string, or lists and mappings with strings.
        call: The call.
        keep_types: Whether a string that is a single expression becomes the expression's value:
            a number instead of its digits. Always so inside ``json`` and ``arguments``.

    Raises:
        TemplateError: The call does not have a value, such as a second image.
    """
    if isinstance(value, str):
        parts = _parse(value) if _OPEN in value else [value]
        if keep_types and len(parts) == 1 and isinstance(parts[0], _Path):
            return parts[0].evaluate(call)
        return "".join(part if isinstance(part, str) else part.text(call) for part in parts)
    if isinstance(value, list):
        return [render(item, call, keep_types=keep_types) for item in value]
    if isinstance(value, Mapping):
        return {
            key: render(item, call, keep_types=keep_types or key in ("json", "arguments"))
            for key, item in value.items()
        }
    return value


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(item)


@dataclass(frozen=True)
class _Path:
    """An expression.

    Attributes:
        source: The expression as written.
        steps: The names of attributes, and the indices and keys in brackets as 1-tuples.
    """

    source: str
    steps: tuple[str | tuple[int | str], ...]

    def evaluate(self, call: Call) -> Any:
        """Return the value of the expression.

        Raises:
            TemplateError: The call does not have it.
        """
        value: Any = call
        for step in self.steps:
            try:
                value = _take(value, step)
            except (AttributeError, LookupError, TypeError):
                raise TemplateError(f"{{{{ {self.source} }}}}: {_missing(value, step)}") from None
        is_float32 = isinstance(value, float) and self.steps[0] in ("request", "messages")
        return shortest_decimal(value) if is_float32 else value

    def text(self, call: Call) -> str:
        """Return the value of the expression as text."""
        value = self.evaluate(call)
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _take(value: Any, step: str | tuple[int | str]) -> Any:
    if isinstance(step, tuple):
        (key,) = step
        # The metadata of a call are pairs, because a key can occur several times.
        is_metadata = isinstance(value, tuple) and isinstance(key, str)
        items: Any = dict(reversed(value)) if is_metadata else value
        return items[key]
    return value[step] if isinstance(value, dict) else getattr(value, step)


def _missing(value: Any, step: str | tuple[int | str]) -> str:
    if isinstance(step, tuple) and isinstance(step[0], int) and hasattr(value, "__len__"):
        return f"there is no [{step[0]}], because the call has only {len(value)}"
    return f"the call has no {step[0] if isinstance(step, tuple) else step!r}"


def _parse(text: str) -> list[str | _Path]:
    """Split a text into literal parts and expressions.

    Raises:
        TemplateError: An expression is not valid.
    """
    parts: list[str | _Path] = []
    position = 0
    while (start := text.find(_OPEN, position)) >= 0:
        while text[start + 2 : start + 3] == "{":
            start += 1  # Of more braces the last two begin the expression.
        match = _EXPRESSION.match(text, start)
        if match is None:
            shown = text[start : start + 40]
            raise TemplateError(
                f"{shown!r} is not an expression such as {{{{ prompt }}}}. For the characters "
                'themselves, write {{ "{{" }}'
            )
        literal = match["text"]
        part = _parse_path(match["path"].strip()) if literal is None else literal
        parts += [text[position:start], part]
        position = match.end()
    return [part for part in (*parts, text[position:]) if part != ""]


def _parse_path(source: str) -> _Path:
    steps: list[str | tuple[int | str]] = []
    position = 0
    kind: Any = _CALL
    while position < len(source):
        match = _STEP.match(source, position)
        if match is None or (position == 0) != (match[0] == match["name"]):
            raise TemplateError(
                f"{{{{ {source} }}}} is not a path, such as prompt or images[0].width"
            )
        position = match.end()
        if match["name"]:
            steps.append(match["name"])
            kind = _attribute(source, kind, match["name"])
        else:
            key = match["key"] if match["index"] is None else int(match["index"])
            steps.append((key,))
            kind = _item(source, kind, key)
    if not steps or kind not in (_SCALAR, _JSON):
        fields = f"such as .{next(iter(_names(kind)))}" if _names(kind) else "such as [0]"
        raise TemplateError(f"{{{{ {source} }}}} is not a single value; add a step, {fields}")
    return _Path(source, tuple(steps))


def _names(kind: Any) -> list[str]:
    if isinstance(kind, Descriptor):
        return list(kind.fields_by_name)
    return list(kind) if isinstance(kind, dict) else []


def _attribute(source: str, kind: Any, name: str) -> Any:
    """Return the type of an attribute.

    Raises:
        TemplateError: Values of this type do not have it.
    """
    if kind == _JSON:
        return _JSON
    names = _names(kind)
    if name in names:
        return (
            _field_type(kind.fields_by_name[name]) if isinstance(kind, Descriptor) else kind[name]
        )
    hint = did_you_mean(name, names) or (f"; there are {', '.join(names)}" if names else "")
    if isinstance(kind, (_List, _Keys)):
        hint = "; add an index, such as [0]" if isinstance(kind, _List) else '; write ["key"]'
    raise TemplateError(f"{{{{ {source} }}}}: there is no {name!r}{hint}")


def _item(source: str, kind: Any, key: int | str) -> Any:
    """Return the type of an item of a list or mapping.

    Raises:
        TemplateError: The type has no items, or the index has a wrong type.
    """
    if kind == _JSON:
        return _JSON
    expected = {_List: int, _Keys: str}.get(type(kind))
    if expected is None or not isinstance(key, expected):
        shown = json.dumps(key)
        raise TemplateError(f"{{{{ {source} }}}}: [{shown}] is not an index of what is before it")
    return kind.item


def _field_type(field: FieldDescriptor) -> Any:
    item: Any = field.message_type or _SCALAR
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        return _Keys(entry.fields_by_name["value"].message_type or _SCALAR)
    if field.type == FieldDescriptor.TYPE_BYTES:
        item = {}  # Bytes are not text.
    # protobuf before 6.31 has only the label.
    repeated = getattr(field, "is_repeated", None)
    if repeated is None:
        repeated = getattr(field, "label", None) == FieldDescriptor.LABEL_REPEATED
    return _List(item) if repeated else item
