"""The content parts of messages: text, images and files, in both formats."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from xai_vision._validation import short_repr
from xai_vision.openai_compat._parsed_message import DETAILS, FilePart, ImagePart, Part
from xai_vision.openai_compat._values import (
    TranslationError,
    check_keys,
    drop_none,
    enum_name,
    invalid_value,
    mapping,
    shortest_decimal,
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
    text = part.get("text")
    if not isinstance(text, str):
        raise TranslationError(f"{path}: text must be a string, not {short_repr(text)}", key=path)
    return string(path, text)


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
    source: Any = part.get("image_url")
    detail: Any = part.get("detail")
    if isinstance(source, Mapping):
        check_keys(source, ("url", "detail"), f"{path}, image_url")
        if detail is not None and source.get("detail") is not None:
            raise TranslationError(f"{path}: 'detail' is given twice", key=f"{path}.detail")
        detail = source.get("detail") if detail is None else detail
        source = source.get("url")
    file_id = part.get("file_id")
    if file_id is not None:
        if source is not None:
            raise TranslationError(f"{path} has both image_url and file_id", key=path)
        return ImagePart(None, detail, string(f"{path}: file_id", file_id), path)
    if source is None:
        raise TranslationError(f"{path} has no image_url", key=path)
    return ImagePart(source, detail, None, path)


def _file(part: Mapping[str, Any], path: str) -> FilePart:
    check_keys(part, ("type", "file", *_FILE_KEYS), path)
    inner = drop_none(mapping(f"{path}.file", part.get("file") or {}))
    check_keys(inner, _FILE_KEYS, f"{path}.file")
    outer = {name: part[name] for name in _FILE_KEYS if part.get(name) is not None}
    duplicate = next((name for name in inner if name in outer), None)
    if duplicate:
        raise TranslationError(f"{path}: {duplicate!r} is given twice", key=f"{path}.{duplicate}")
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


def chat_parts(message: chat_pb2.Message, path: str) -> str | list[dict[str, Any]] | None:
    """Write a message's content for Chat Completions; a single text is written as a string.

    Raises:
        TranslationError: Chat Completions cannot express a part, such as a file by URL.
    """
    if not message.content:
        return None
    parts = [_chat_part(part, f"{path}, part {n}") for n, part in enumerate(message.content, 1)]
    return parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts


def _chat_part(content: chat_pb2.Content, path: str) -> dict[str, Any]:
    kind = content.WhichOneof("content")
    if kind == "text":
        return {"type": "text", "text": content.text}
    if kind == "image_url":
        image = content.image_url
        if image.HasField("file_id"):
            raise unsupported(path, "Chat Completions has no image by file_id")
        url = {"url": image.image_url, **_detail(image, path)}
        return {"type": "image_url", "image_url": url}
    source = _file_source(content, path)
    if "file_url" in source:
        raise unsupported(path, "Chat Completions has no file by URL")
    return {"type": "file", "file": source}


def responses_parts(message: chat_pb2.Message, path: str) -> str | list[dict[str, Any]]:
    """Write a message's content for the Responses API; a single text is written as a string.

    Raises:
        TranslationError: A part is newer than this package, or ambiguous.
    """
    kind = "output_text" if message.role == chat_pb2.ROLE_ASSISTANT else "input_text"
    parts = [
        _responses_part(part, kind, f"{path}, part {n}")
        for n, part in enumerate(message.content, 1)
    ]
    if len(parts) == 1 and parts[0]["type"] in ("input_text", "output_text"):
        return str(parts[0]["text"])
    return parts


def _responses_part(content: chat_pb2.Content, text_type: str, path: str) -> dict[str, Any]:
    kind = content.WhichOneof("content")
    if kind == "text":
        return {"type": text_type, "text": content.text}
    if kind == "image_url":
        image = content.image_url
        source = "file_id" if image.HasField("file_id") else "image_url"
        return {"type": "input_image", source: getattr(image, source), **_detail(image, path)}
    return {"type": "input_file", **_file_source(content, path)}


def _detail(image: image_pb2.ImageUrlContent, path: str) -> dict[str, str]:
    # "auto" is the default of both formats.
    if image.detail in (image_pb2.DETAIL_INVALID, image_pb2.DETAIL_AUTO):
        return {}
    return {"detail": enum_name(f"{path}.detail", image.detail, DETAILS)}


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
    return {
        "token": token.token,
        "logprob": shortest_decimal(token.logprob),
        "bytes": list(token.bytes),
        "top_logprobs": [
            {
                "token": top.token,
                "logprob": shortest_decimal(top.logprob),
                "bytes": list(top.bytes),
            }
            for top in token.top_logprobs
        ],
    }


def url_citations(citations: Iterable[chat_pb2.InlineCitation]) -> list[dict[str, Any]]:
    """Write inline citations of web pages and posts; JSON cannot express other citations."""
    annotations = []
    for citation in citations:
        kind = citation.WhichOneof("citation")
        if kind in ("web_citation", "x_citation"):
            annotations.append(
                {
                    "type": "url_citation",
                    "url": getattr(citation, kind).url,
                    "title": citation.id,
                    "start_index": citation.start_index,
                    "end_index": citation.end_index,
                }
            )
    return annotations
