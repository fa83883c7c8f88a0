"""A request's body, written once.

Each picture is read and encoded straight to its place; there is no second copy of it. Messages
come first and settings last, for the order of fields is free and messages are what stays the same
from one turn to the next.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, TypeAlias

from xai_vision.chat._messages.image_content import ImageContent, Placed
from xai_vision.chat._messages.lazy_proto import building
from xai_vision.chat._messages.message import Message
from xai_vision.chat._messages.wire_format import MAX_MESSAGE_BYTES, Write, head
from xai_vision.errors import ImageError, InvalidRequestError
from xai_vision.imaging._image_url import Picture

if TYPE_CHECKING:
    from xai_vision.chat._request.body_buffer import Buffer

KEPT_BYTES = 64 * 1024 * 1024
"""How many bytes of bodies all conversations of a process keep between turns, together, beside
the pictures that are held nowhere else."""

# Below this it is as quick to write a body anew.
_LEAST_KEPT = 256 * 1024
# Long texts are compared by their digests, so that they are not held a second time.
_DIGEST_OVER = 4096

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
    last.forget()
    # Nothing but protos: each serialises itself, and joining them is the quickest there is.
    pieces: list[bytes] = []
    for message in messages:
        piece = message.proto.SerializeToString()
        pieces += (head(field, len(piece)), piece)
    pieces.append(rest)
    _check_size(sum(map(len, pieces)))
    return b"".join(pieces)


def write_messages(out: BytesIO, field: int, messages: Sequence[Message], rest: bytes) -> None:
    """Write a request as ``request_body`` makes it; raises what that does."""
    _check_size(sum(message.encoded_size for message in messages) + len(rest))
    for place, message in enumerate(messages, 1):
        _write(out.write, field, message, place)
    out.write(rest)


def _write(
    write: Write, field: int, message: Message, place: int, placed: Placed | None = None
) -> None:
    write(head(field, message.encoded_size))
    try:
        message.write(write, placed)
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

    From then on it is also what the conversation's pictures are held by: one that was given as
    bytes or text is let go of, for its text is here. Of one in a file nothing else is held.

    The first body is not kept, for most conversations have but one turn; nor is a small one, or
    more than ``KEPT_BYTES`` in all of what could be made anew. A message is written anew, and all
    that follow it, unless it is what it was: its pictures never change, and everything else of it
    is compared.
    """

    __slots__ = ("__weakref__", "_held", "_turns")

    def __init__(self) -> None:
        self._turns = 0
        # One or none. A list, for pop() lets one thread have it and no other.
        self._held: list[_Held] = []

    def forget(self) -> None:
        """Keep nothing but the pictures that are held nowhere else."""
        self._held.clear()

    @property
    def size(self) -> int:
        """How many bytes are kept, without the settings at the end."""
        return sum(held.ends[-1] for held in self._held)

    @property
    def spare(self) -> int:
        """How many of them could be made anew, for they do not hold a picture."""
        return sum(held.ends[-1] - held.buffer.relied_on for held in self._held)

    def body(self, field: int, messages: Sequence[Message], rest: bytes) -> bytes:
        """Make the body: what is kept as far as that holds, and the rest."""
        marks = _marks(messages)
        if len(marks) < len(messages):
            # Pictures that are protobuf by now are held there.
            self.forget()
        held = self._taken(marks)
        same = len(held.ends) if held is not None else 0
        total = (held.ends[-1] if held is not None else 0) + len(rest)
        for message in messages[same:]:
            size = message.encoded_size
            total += len(head(field, size)) + size
        _check_size(total)
        if held is None:
            from xai_vision.chat._request.body_buffer import (
                Buffer,  # on use, by those who send pictures
            )

            held = _Held(Buffer(total))
        buffer, placed = held.buffer, _Places(held.buffer)
        for place, message in enumerate(messages[same:], same + 1):
            _write(buffer.write, field, message, place, placed.note)
            held.ends.append(buffer.end)
        # Before it is kept, for from then on other threads may go on with it.
        whole = buffer.closed_by(rest)
        self._turns += 1
        if self._turns > 1 and total >= _LEAST_KEPT and len(marks) == len(messages):
            self._keep(held, marks[same:], placed)
        return whole

    def _taken(self, marks: list[_Mark]) -> _Held | None:
        """What is kept, cut back to what still holds; None if nothing does."""
        try:
            held = self._held.pop()
        except IndexError:
            return None
        same = _common(held.marks, marks)
        del held.ends[same:], held.marks[same:]
        return held if held.ends and held.buffer.go_back(held.ends[-1]) else None

    def _keep(self, held: _Held, new: list[_Mark], placed: _Places) -> None:
        if held.buffer.end - held.buffer.relied_on - placed.holding > KEPT_BYTES:
            return
        moved = placed.take_over()
        held.marks += [tuple(moved.get(id(one), one) for one in mark) for mark in new]
        self._held[:] = [held]
        _keep_few(self)

    def __reduce__(self) -> tuple[Callable[[], LastBody], tuple[()]]:
        # Copies, and what is pickled, begin with nothing.
        return LastBody, ()


class _Held:
    """A body, what its messages are told by, and where each of them ends."""

    __slots__ = ("buffer", "ends", "marks")

    def __init__(self, buffer: Buffer) -> None:
        self.buffer = buffer
        self.marks: list[_Mark] = []
        self.ends: list[int] = []

    def __del__(self) -> None:
        # However it came to be let go of: branches and others may read pictures from it.
        self.buffer.shrink()


class _Places:
    """Where pictures were written to that are held in memory.

    Attributes:
        holding: How many bytes they take there.
    """

    __slots__ = ("_buffer", "_first", "_parts", "holding")

    def __init__(self, buffer: Buffer) -> None:
        self._buffer = buffer
        self._parts: list[tuple[ImageContent, Picture]] = []
        # By the picture's id; parts may share one.
        self._first: dict[int, int] = {}
        self.holding = 0

    def note(self, part: ImageContent, picture: Picture) -> None:
        """The picture's URL is what is written next."""
        if not picture.in_memory:
            return
        self._parts.append((part, picture))
        if id(picture) not in self._first:
            self._first[id(picture)] = self._buffer.end
            self.holding += picture.url_size

    def take_over(self) -> dict[int, Picture]:
        """Have the pictures held by the buffer; which is which now, by the ids of the old."""
        moved: dict[int, Picture] = {}
        for part, picture in self._parts:
            if id(picture) not in moved:
                moved[id(picture)] = picture.stored(self._buffer, self._first[id(picture)])
            part.hold(moved[id(picture)], instead_of=picture)
        return moved


def _marks(messages: Sequence[Message]) -> list[_Mark]:
    """What messages are told by, up to the first that cannot be told."""
    marks: list[_Mark] = []
    for message in messages:
        mark = _mark(message)
        if mark is None:
            break
        marks.append(mark)
    return marks


def _mark(message: Message) -> _Mark | None:
    parts = message.apart
    if parts is not None:
        marks: list[object] = [message._shell.SerializeToString()]
        for part in parts:
            if not isinstance(part, ImageContent):
                marks.append(part.SerializeToString())
            elif part._proto is None:
                # Pictures have no equals: the very object is meant, and that never changes.
                marks += (part.picture, part.detail)
            else:
                return None
        return tuple(marks)
    if message.proto is not message._shell:
        return None  # its pictures are protobuf now
    written = message.proto.SerializeToString()
    return (written if len(written) <= _DIGEST_OVER else _digest(written),)


def _digest(written: bytes) -> bytes:
    import hashlib  # on use, for it loads OpenSSL

    return hashlib.sha256(written).digest()


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
    with building():
        for one in (newest, *(ref() for ref in _recent)):
            # Of one that holds little beside pictures there is nothing to be gained.
            if one is None or (one is newest and kept) or one.spare < _LEAST_KEPT:
                continue
            room -= one.spare
            if room < 0:
                one.forget()
            else:
                kept.append(weakref.ref(one))
        _recent[:] = kept
