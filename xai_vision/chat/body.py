"""A request's body, written once.

Each picture is read and encoded straight to its place; there is no second copy of it. Messages
come first and settings last, for the order of fields is free and messages are what stays the same
from one turn to the next.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TypeAlias

from xai_vision.chat.content import ImageContent
from xai_vision.chat.encode import MAX_MESSAGE_BYTES, Write, head
from xai_vision.chat.message import Message
from xai_vision.errors import ImageError, InvalidRequestError

KEPT_BYTES = 64 * 1024 * 1024
"""How many bytes of bodies all conversations of a process keep between turns, together."""

# Below this it is as quick to write a body anew.
_LEAST_KEPT = 256 * 1024
# Of messages that are protobuf, at most so many bytes are kept to be compared.
_MOST_COMPARED = 64 * 1024

_Mark: TypeAlias = tuple[object, ...]


def request_body(field: int, messages: Sequence[Message], rest: bytes, last: LastBody) -> bytes:
    """A request: its messages, which are ``field`` of it, and the rest as it is.

    Raises:
        InvalidRequestError: It is larger than a protobuf message can be (2 GiB).
        ImageError: A picture can no longer be read; ``source`` says which.
    """
    for message in messages:
        if message._proto is None:
            return last.body(field, messages, rest)
    # Nothing but protos: each serialises itself, and joining them is the quickest there is.
    pieces = []
    for message in messages:
        piece = message.proto.SerializeToString()
        pieces.append(head(field, len(piece)))
        pieces.append(piece)
    pieces.append(rest)
    _check_size(sum(map(len, pieces)))
    return b"".join(pieces)


def write_messages(out: BytesIO, field: int, messages: Sequence[Message], rest: bytes) -> None:
    """Write a request as ``request_body`` makes it; raises what that does."""
    _check_size(sum(message.encoded_size for message in messages) + len(rest))
    for place, message in enumerate(messages, 1):
        _write(out.write, field, message, place)
    out.write(rest)


def _write(write: Write, field: int, message: Message, place: int) -> None:
    write(head(field, message.encoded_size))
    try:
        message.write(write)
    except ImageError as error:
        error.source = f"message {place}, {error.source}"
        raise


def _check_size(total: int) -> None:
    if total > MAX_MESSAGE_BYTES:
        raise InvalidRequestError(
            f"the request is {total / 2**20:.0f} MiB; a protobuf message ends at 2048 MiB. "
            "Send fewer pictures at once, or chain with previous_response_id."
        )


class LastBody:
    """What a conversation with pictures sent last, so that the next turn writes only what is new.

    The first body is not kept, for most conversations have but one turn; nor is a small one, or
    more than ``KEPT_BYTES`` in all. A message is written anew, and all that follow it, unless it
    is what it was: its pictures never change, and everything else of it is compared.
    """

    __slots__ = ("__weakref__", "_held", "_turns")

    def __init__(self) -> None:
        self._turns = 0
        # One or none. A list, for pop() lets one thread have it and no other.
        self._held: list[_Held] = []

    def forget(self) -> None:
        """Let go of what is kept."""
        self._held.clear()

    @property
    def size(self) -> int:
        """How many bytes are kept, without the settings at the end."""
        return sum(held.ends[-1] for held in self._held)

    def body(self, field: int, messages: Sequence[Message], rest: bytes) -> bytes:
        """Make the body: what is kept as far as that holds, and the rest."""
        marks = _marks(messages)
        try:
            held = self._held.pop()
        except IndexError:
            held = None
        same = _common(held.marks, marks) if held is not None else 0
        ends = held.ends[:same] if held is not None else []
        start = ends[-1] if ends else 0
        total = start + len(rest)
        for message in messages[same:]:
            size = message.encoded_size
            total += len(head(field, size)) + size
        _check_size(total)
        # Room for all of it at once: BytesIO takes over these zeros, and does not copy them.
        out = held.out if held is not None and start else BytesIO(bytes(total))
        out.seek(start)
        for place, message in enumerate(messages[same:], same + 1):
            _write(out.write, field, message, place)
            ends.append(out.tell())
        out.write(rest)
        out.truncate()
        self._turns += 1
        if self._turns > 1 and _LEAST_KEPT <= total <= KEPT_BYTES:
            self._held.append(_Held(out, marks, ends))
            _keep_few(self)
        # The buffer itself, not a copy; should it be written to while somebody has this, BytesIO
        # parts from it first.
        return out.getvalue()

    def __reduce__(self) -> tuple[Callable[[], LastBody], tuple[()]]:
        # Copies, and what is pickled, begin with nothing.
        return LastBody, ()


class _Held:
    """A body, what its messages are told by, and where each of them ends."""

    __slots__ = ("ends", "marks", "out")

    def __init__(self, out: BytesIO, marks: list[_Mark], ends: list[int]) -> None:
        self.out = out
        self.marks = marks
        self.ends = ends


def _marks(messages: Sequence[Message]) -> list[_Mark]:
    """What messages are told by, up to the first that can only be told by writing it."""
    marks: list[_Mark] = []
    for message in messages:
        mark = _mark(message)
        if mark is None:
            break
        marks.append(mark)
    return marks


def _mark(message: Message) -> _Mark | None:
    if message._proto is None:
        marks: list[object] = [message._shell.SerializeToString()]
        for part in message._parts:
            if not isinstance(part, ImageContent):
                marks.append(part.SerializeToString())
            elif part._proto is None:
                # Pictures have no equals: the very object is meant, and that never changes.
                marks += (part.picture, part.detail)
            else:
                return None
        return tuple(marks)
    if message._parts:
        return None  # its pictures are protobuf now
    written = message._proto.SerializeToString()
    return (written,) if len(written) <= _MOST_COMPARED else None


def _common(old: list[_Mark], new: list[_Mark]) -> int:
    """How many marks at the beginning are the same."""
    count = 0
    for one, other in zip(old, new):  # noqa: B905  # as far as the shorter goes
        if one != other:
            break
        count += 1
    return count


_recent: list[weakref.ref[LastBody]] = []


def _keep_few(newest: LastBody) -> None:
    """Note a body that is kept; the ones that were used the longest ago make room."""
    room = KEPT_BYTES
    kept: list[weakref.ref[LastBody]] = []
    for one in (newest, *(ref() for ref in _recent)):
        if one is None or (one is newest and kept) or not one.size:
            continue
        room -= one.size
        if room < 0:
            one.forget()
        else:
            kept.append(weakref.ref(one))
    _recent[:] = kept
