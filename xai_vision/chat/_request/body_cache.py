"""Encode the body of a request, and cache it between the turns of a conversation.

Each image is read and encoded directly into the body, so no second copy of it exists. The messages
come first and the settings last: protobuf fields may have any order, and a new turn usually
changes the settings and appends messages, so the start of the body can be reused.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, TypeAlias

from xai_vision.chat._messages.image_content import ImageContent, OnImage
from xai_vision.chat._messages.lazy_proto import build_lock
from xai_vision.chat._messages.message import Message
from xai_vision.errors import ImageError, InvalidRequestError
from xai_vision.imaging._image_url import ImageUrlSource
from xai_vision.proto._wire_format import MAX_MESSAGE_BYTES, Write, length_prefix

if TYPE_CHECKING:
    from xai_vision.chat._request.body_buffer import AppendBuffer

MAX_CACHED_BYTES = 64 * 1024 * 1024
"""The limit for the bytes cached by all conversations of a process, without the image data that
is stored nowhere else."""

# Encoding a smaller body again is as fast as comparing it with the cached one.
_MIN_CACHED_BYTES = 256 * 1024
# Longer messages are compared by their digests, so that the cache does not store a second copy.
_DIGEST_ABOVE_BYTES = 4096

_Fingerprint: TypeAlias = tuple[object, ...]


def request_body(
    field: int, messages: Sequence[Message], settings: bytes, cache: RequestBodyCache
) -> bytes:
    """Encode a request.

    Args:
        field: The number of the request's field for messages.
        messages: The messages of the request.
        settings: The request's other fields, encoded.
        cache: The cache of the conversation.

    Raises:
        InvalidRequestError: The request is larger than a protobuf message can be (2 GiB).
        ImageError: An image can no longer be read; ``source`` names it.
    """
    for message in messages:
        if message._proto is None:
            return cache.build(field, messages, settings)
    cache.clear()
    # All messages are protos. Serializing and joining them is the fastest way.
    chunks: list[bytes] = []
    for message in messages:
        encoded = message.proto.SerializeToString()
        chunks += (length_prefix(field, len(encoded)), encoded)
    chunks.append(settings)
    _check_size(sum(map(len, chunks)))
    return b"".join(chunks)


def write_messages(out: BytesIO, field: int, messages: Sequence[Message], settings: bytes) -> None:
    """Write the encoding that ``request_body`` returns to ``out``; raise the same errors."""
    _check_size(sum(message.encoded_size for message in messages) + len(settings))
    for number, message in enumerate(messages, 1):
        _write(out.write, field, message, number)
    out.write(settings)


def _write(
    write: Write, field: int, message: Message, number: int, on_image: OnImage | None = None
) -> None:
    write(length_prefix(field, message.encoded_size))
    try:
        message.write(write, on_image)
    except ImageError as error:
        error.source = f"message {number}, {error.source}"
        raise


def _check_size(total: int) -> None:
    if total > MAX_MESSAGE_BYTES:
        raise InvalidRequestError(
            f"the request is {total / 2**20:.0f} MiB; the limit of a protobuf message is 2048 MiB. "
            "Send fewer images per request, or chain with previous_response_id."
        )


class RequestBodyCache:
    """The last body a conversation sent, so that the next turn encodes only what is new.

    The cache then owns the image data: images passed as bytes or base64 drop the original and read
    from the body's buffer; file images keep only their path.

    Three kinds of bodies are not cached: the first of a conversation, as most conversations have
    one turn; small ones; and ones that would exceed ``MAX_CACHED_BYTES`` of data that can be
    encoded again. A message is reused if its fingerprint and those of all messages before it are
    unchanged. Images are immutable, so they are compared by identity; all else is compared by
    value.
    """

    __slots__ = ("__weakref__", "_cached", "_turns")

    def __init__(self) -> None:
        self._turns = 0
        # At most one body. A list, because pop() is atomic: only one thread gets the body.
        self._cached: list[_CachedBody] = []

    def clear(self) -> None:
        """Drop the cached body; images that read from its buffer keep their data."""
        self._cached.clear()

    @property
    def size(self) -> int:
        """The number of cached bytes, without the settings at the end."""
        return sum(body.ends[-1] for body in self._cached)

    @property
    def evictable_bytes(self) -> int:
        """The number of cached bytes that no image reads from, so that they can be dropped."""
        return sum(body.ends[-1] - body.buffer.pinned_bytes for body in self._cached)

    def build(self, field: int, messages: Sequence[Message], settings: bytes) -> bytes:
        """Return the body, reusing the cached messages that are unchanged."""
        fingerprints = _fingerprints(messages)
        cacheable = len(fingerprints) == len(messages)
        if not cacheable:
            self.clear()  # the caller holds protos with the image data
        body = self._valid_prefix(fingerprints)
        reused = len(body.ends) if body is not None else 0
        total = (body.ends[-1] if body is not None else 0) + len(settings)
        for message in messages[reused:]:
            size = message.encoded_size
            total += len(length_prefix(field, size)) + size
        _check_size(total)
        if body is None:
            # Imported on use: only requests with images need it.
            from xai_vision.chat._request.body_buffer import AppendBuffer

            body = _CachedBody(AppendBuffer(total))
        buffer, images = body.buffer, _ImageSpans(body.buffer)
        for number, message in enumerate(messages[reused:], reused + 1):
            _write(buffer.write, field, message, number, images.add)
            body.ends.append(buffer.end)
        # Before the body is stored: afterwards another thread can take it and write to it.
        encoded = buffer.with_suffix(settings)
        self._turns += 1
        if self._turns > 1 and total >= _MIN_CACHED_BYTES and cacheable:
            self._store(body, fingerprints[reused:], images)
        return encoded

    def _valid_prefix(self, fingerprints: list[_Fingerprint]) -> _CachedBody | None:
        """Take the cached body, truncated to its unchanged messages; None if there are none."""
        try:
            body = self._cached.pop()
        except IndexError:
            return None
        unchanged = _common_prefix_length(body.fingerprints, fingerprints)
        del body.ends[unchanged:], body.fingerprints[unchanged:]
        return body if body.ends and body.buffer.truncate(body.ends[-1]) else None

    def _store(self, body: _CachedBody, added: list[_Fingerprint], images: _ImageSpans) -> None:
        if body.buffer.end - body.buffer.pinned_bytes - images.image_bytes > MAX_CACHED_BYTES:
            return
        moved = images.move_images()
        body.fingerprints += [
            tuple(moved.get(id(item), item) for item in fingerprint) for fingerprint in added
        ]
        self._cached[:] = [body]
        _evict(self)

    def __reduce__(self) -> tuple[Callable[[], RequestBodyCache], tuple[()]]:
        # Copies and unpickled conversations start with an empty cache.
        return RequestBodyCache, ()


class _CachedBody:
    """A body, with the fingerprint of each message and the offset at which it ends."""

    __slots__ = ("buffer", "ends", "fingerprints")

    def __init__(self, buffer: AppendBuffer) -> None:
        self.buffer = buffer
        self.fingerprints: list[_Fingerprint] = []
        self.ends: list[int] = []

    def __del__(self) -> None:
        # Forks and copies of the conversation may still read images from the buffer.
        self.buffer.release_unpinned()


class _ImageSpans:
    """The offsets in a buffer of the images that hold their data in memory.

    Attributes:
        image_bytes: The number of bytes these images take in the buffer.
    """

    __slots__ = ("_buffer", "_parts", "_starts", "image_bytes")

    def __init__(self, buffer: AppendBuffer) -> None:
        self._buffer = buffer
        self._parts: list[tuple[ImageContent, ImageUrlSource]] = []
        # By the image's id, as several parts may share an image.
        self._starts: dict[int, int] = {}
        self.image_bytes = 0

    def add(self, part: ImageContent, image: ImageUrlSource) -> None:
        """Note that the buffer's next chunk is the URL of ``image``."""
        if not image.in_memory:
            return
        self._parts.append((part, image))
        if id(image) not in self._starts:
            self._starts[id(image)] = self._buffer.end
            self.image_bytes += image.url_size

    def move_images(self) -> dict[int, ImageUrlSource]:
        """Let the images read from the buffer; return the new image by the id of the old one."""
        moved: dict[int, ImageUrlSource] = {}
        for part, image in self._parts:
            if id(image) not in moved:
                moved[id(image)] = image.moved_to(self._buffer, self._starts[id(image)])
            part.replace_image(moved[id(image)], instead_of=image)
        return moved


def _fingerprints(messages: Sequence[Message]) -> list[_Fingerprint]:
    """Fingerprints of the messages, up to the first that has none."""
    fingerprints: list[_Fingerprint] = []
    for message in messages:
        fingerprint = _fingerprint(message)
        if fingerprint is None:
            break
        fingerprints.append(fingerprint)
    return fingerprints


def _fingerprint(message: Message) -> _Fingerprint | None:
    """What identifies a message's content; None if its images are protos, which can change."""
    parts = message.unbuilt_parts
    if parts is not None:
        items: list[object] = [message._fields_proto.SerializeToString()]
        for part in parts:
            if not isinstance(part, ImageContent):
                items.append(part.SerializeToString())
            elif part._proto is None:
                # Images compare by identity and never change.
                items += (part.source, part.detail)
            else:
                return None
        return tuple(items)
    if message.proto is not message._fields_proto:
        return None
    encoded = message.proto.SerializeToString()
    return (encoded if len(encoded) <= _DIGEST_ABOVE_BYTES else _digest(encoded),)


def _digest(encoded: bytes) -> bytes:
    import hashlib  # imported on use: it loads OpenSSL

    return hashlib.sha256(encoded).digest()


def _common_prefix_length(old: list[_Fingerprint], new: list[_Fingerprint]) -> int:
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(old), len(new)))


_recent: list[weakref.ref[RequestBodyCache]] = []


def _evict(newest: RequestBodyCache) -> None:
    """Register a cache that was used, and clear the least recently used ones above the limit."""
    available = MAX_CACHED_BYTES
    kept: list[weakref.ref[RequestBodyCache]] = []
    with build_lock():
        for cache in (newest, *(reference() for reference in _recent)):
            if cache is None or (cache is newest and kept):
                continue
            # Clearing a cache of little more than image data would free almost nothing.
            if cache.evictable_bytes < _MIN_CACHED_BYTES:
                continue
            available -= cache.evictable_bytes
            if available < 0:
                cache.clear()
            else:
                kept.append(weakref.ref(cache))
        _recent[:] = kept
