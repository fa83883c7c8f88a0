"""The content parts of messages: text, images and files, in both formats."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from xai_vision._validation import short_repr
from xai_vision.openai_compat._fields import shortest_decimal
from xai_vision.openai_compat._parsed_message import DETAILS, FilePart, ImagePart, Part
from xai_vision.openai_compat._values import (
    Api,
    TranslationError,
    check_keys,
    drop_none,
    enum_name,
    invalid_value,
    read_object,
    string,
    unsupported,
)
from xai_vision.proto import chat_pb2, image_pb2

_FILE_KEYS: Final = ("file_id", "file_url", "file_data", "filename")


def read_parts(content: Any, path: str) -> list[Part]:
    """Read a message's content: a string, a list of parts, or None.

    Raises:
        TranslationError: The content or a part is invalid; the message gives its path.
    """
    if content is None:
        return []
    if isinstance(content, str):
        return [string(path, content)]
    if isinstance(content, Mapping) or not isinstance(content, Sequence):
        kind = type(content).__name__
        raise TranslationError(
            f"{path}: content must be a string or a list of parts, not {kind}", key=path
        )
    return [read_part(part, f"{path}, part {number}") for number, part in enumerate(content, 1)]


def read_part(part: Any, path: str) -> Part:
    """Read one part of either format.

    Raises:
        TranslationError: The part is invalid.
    """
    if isinstance(part, str):
        return string(path, part)
    if not isinstance(part, Mapping):
        raise TranslationError(f"{path} must be a dict, not {type(part).__name__}", key=path)
    kind = part.get("type")
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        known = ", ".join(map(repr, _READERS))
        raise TranslationError(
            f"{path} has type {short_repr(kind)}; supported types are {known}", key=path
        )
    return read(part, path)


def _text(part: Mapping[str, Any], path: str) -> str:
    # Parts of a response have these other keys; "parsed" repeats the text.
    check_keys(part, ("type", "text", "annotations", "logprobs", "parsed"), path)
    return string(f"{path}: text", part.get("text"))


def _refusal(part: Mapping[str, Any], path: str) -> str:
    check_keys(part, ("type", "refusal"), path)
    if part.get("refusal"):
        raise refusal_error(f"{path}.refusal")
    return ""


def refusal_error(path: str) -> TranslationError:
    """Return the error for a refusal that is sent back."""
    return unsupported(
        path,
        "the service's messages have no field for a refusal, and as content it would look like "
        "a response. Leave the message out, or put the refusal into content if the model should "
        "read it",
    )


def _image(part: Mapping[str, Any], path: str) -> ImagePart:
    check_keys(part, ("type", "image_url", "detail", "file_id"), path)
    source, detail, file_id = (part.get(key) for key in ("image_url", "detail", "file_id"))
    if isinstance(source, Mapping):
        options = read_object(f"{path}, image_url", source, ("url", "detail"))
        if detail is not None and "detail" in options:
            raise TranslationError(f"{path}: 'detail' is set twice", key=f"{path}.detail")
        source, detail = options.get("url"), options.get("detail", detail)
    if file_id is None and source is None:
        raise TranslationError(f"{path} has no image_url", key=path)
    if file_id is not None:
        if source is not None:
            raise TranslationError(f"{path} has both image_url and file_id", key=path)
        file_id = string(f"{path}: file_id", file_id)
    return ImagePart(source, detail, file_id, path)


def _file(part: Mapping[str, Any], path: str) -> FilePart:
    check_keys(part, ("type", "file", *_FILE_KEYS), path)
    inner = read_object(f"{path}.file", part.get("file") or {}, _FILE_KEYS)
    outer = drop_none({name: part.get(name) for name in _FILE_KEYS})
    duplicate = next((name for name in inner if name in outer), None)
    if duplicate:
        raise TranslationError(f"{path}: {duplicate!r} is set twice", key=f"{path}.{duplicate}")
    return _file_part({**outer, **inner}, path)


def _file_part(options: Mapping[str, Any], path: str) -> FilePart:
    sources = [name for name in ("file_id", "file_url", "file_data") if name in options]
    if len(sources) != 1:
        names = " and ".join(sources) or "none"
        raise TranslationError(
            f"{path} needs exactly one of file_id, file_url and file_data, not {names}", key=path
        )
    (source,) = sources
    value = string(f"{path}: {source}", options[source])
    if source == "file_data":
        data, mime_type = _decode(value, path)
        filename = string(f"{path}: filename", options.get("filename", "file"))
        return FilePart(data=data, filename=filename, mime_type=mime_type)
    if "filename" in options:
        reason = f"only file_data has a filename; with {source} the name comes from the file"
        raise unsupported(f"{path}.filename", reason)
    if not value:
        raise invalid_value(f"{path}.{source}", "a non-empty string", value)
    return FilePart(file_id=value) if source == "file_id" else FilePart(url=value)


def _decode(value: str, path: str) -> tuple[bytes, str]:
    """Decode base64 or a data URL; return the bytes and the media type."""
    label, _, body = value.partition(",") if value[:5] == "data:" else ("data:;base64", "", value)
    mime_type, marker, rest = label[5:].rpartition(";base64")
    try:
        if not marker or rest:
            raise ValueError
        return base64.b64decode(body, validate=True), mime_type
    except (binascii.Error, ValueError):
        raise TranslationError(
            f"{path}: file_data is not valid base64", key=f"{path}.file_data"
        ) from None


_READERS: Final[dict[str, Callable[[Mapping[str, Any], str], Part]]] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "image_url": _image,
    "input_image": _image,
    "input_file": _file,
    "file": _file,
    "refusal": _refusal,
}


def write_parts(
    message: chat_pb2.Message, api: Api, path: str
) -> str | list[dict[str, Any]] | None:
    """Write a message's content; a single text is written as a string.

    Raises:
        TranslationError: The format cannot express a part, or a part is newer than this package.
    """
    if api == "chat" and not message.content:
        return None
    text_type = "output_text" if message.role == chat_pb2.ROLE_ASSISTANT else "input_text"
    parts = [
        _write_part(part, api, "text" if api == "chat" else text_type, f"{path}, part {number}")
        for number, part in enumerate(message.content, 1)
    ]
    return parts[0]["text"] if len(parts) == 1 and "text" in parts[0] else parts


def _write_part(content: chat_pb2.Content, api: Api, text_type: str, path: str) -> dict[str, Any]:
    kind = content.WhichOneof("content")
    if kind == "text":
        return {"type": text_type, "text": content.text}
    if kind == "image_url":
        return _write_image(content.image_url, api, path)
    source = _file_source(content, path)
    if api == "responses":
        return {"type": "input_file", **source}
    if "file_url" in source:
        raise unsupported(path, "Chat Completions has no file by URL")
    return {"type": "file", "file": source}


def _write_image(image: image_pb2.ImageUrlContent, api: Api, path: str) -> dict[str, Any]:
    detail = {}
    # "auto" is the default of both formats.
    if image.detail not in (image_pb2.DETAIL_INVALID, image_pb2.DETAIL_AUTO):
        detail["detail"] = enum_name(f"{path}.detail", image.detail, DETAILS)
    if api == "responses":
        source = "file_id" if image.HasField("file_id") else "image_url"
        return {"type": "input_image", source: getattr(image, source), **detail}
    if image.HasField("file_id"):
        raise unsupported(path, "Chat Completions has no image by file_id")
    return {"type": "image_url", "image_url": {"url": image.image_url, **detail}}


def _file_source(content: chat_pb2.Content, path: str) -> dict[str, str]:
    """Write a file's source; JSON can express only one."""
    if content.WhichOneof("content") is None:
        raise unsupported(path, "the part is empty, or newer than this package")
    file = content.file
    sources = [name for name in ("file_id", "url", "data") if getattr(file, name)]
    if len(sources) > 1:
        raise unsupported(path, f"a file has one of file_id, url and data, not {sources}")
    described = next((name for name in ("filename", "mime_type") if getattr(file, name)), None)
    if sources in (["file_id"], ["url"]):
        if described:
            raise unsupported(f"{path}.{described}", f"with {sources[0]} it comes from the file")
        return {"file_url": file.url} if file.url else {"file_id": file.file_id}
    body = base64.b64encode(file.data).decode()
    label = f"data:{file.mime_type};base64," if file.mime_type else ""
    return {"filename": file.filename, "file_data": label + body}


def from_logprob(token: chat_pb2.LogProb) -> dict[str, Any]:
    """Write a token and its log probability, the same way in both formats."""
    return {**_token(token), "top_logprobs": [_token(top) for top in token.top_logprobs]}


def _token(token: chat_pb2.LogProb | chat_pb2.TopLogProb) -> dict[str, Any]:
    logprob = shortest_decimal(token.logprob)
    return {"token": token.token, "logprob": logprob, "bytes": list(token.bytes)}


def url_citations(citations: Iterable[chat_pb2.InlineCitation]) -> list[dict[str, Any]]:
    """Write inline citations of web pages and posts; JSON cannot express other citations."""
    return [
        {
            "type": "url_citation",
            "url": getattr(citation, kind).url,
            "title": citation.id,
            "start_index": citation.start_index,
            "end_index": citation.end_index,
        }
        for citation in citations
        if (kind := citation.WhichOneof("citation")) in ("web_citation", "x_citation")
    ]
