"""Parts of a message: text, images, files, in the words of both forms."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from xai_vision import _validation as checks
from xai_vision.openai_compat._parsed_message import DETAILS, FilePart, ImagePart, Part
from xai_vision.openai_compat._values import (
    TranslationError,
    check_keys,
    drop_none,
    invalid_value,
    mapping,
    shortest_decimal,
    string,
    unsupported,
)
from xai_vision.proto import chat_pb2, image_pb2

__all__ = [
    "chat_parts",
    "logprob",
    "read_part",
    "read_parts",
    "refusal_error",
    "responses_parts",
    "url_citations",
]


def read_parts(content: Any, where: str) -> list[Part]:
    """Read a message's content: a text, a list of parts, or nothing.

    Raises:
        TranslationError: It is none of these, or a part is none; the text says which.
    """
    if content is None:
        return []
    if isinstance(content, str):
        return [string(where, content)]
    if isinstance(content, Mapping) or not isinstance(content, Sequence):
        kind = type(content).__name__
        raise TranslationError(
            f"{where}: content must be a string or a list of parts, not {kind}", key=where
        )
    return [read_part(part, f"{where}, part {place}") for place, part in enumerate(content, 1)]


def read_part(part: Any, where: str) -> Part:
    """Read one part, of either form.

    Raises:
        TranslationError: It is none.
    """
    if isinstance(part, str):
        return string(where, part)
    if not isinstance(part, Mapping):
        raise TranslationError(f"{where} must be a dict, not {type(part).__name__}", key=where)
    kind = part.get("type")
    read = _READ.get(kind) if isinstance(kind, str) else None
    if read is None:
        known = ", ".join(map(repr, _READ))
        raise TranslationError(
            f"{where} has type {checks.short_repr(kind)}; there are {known}", key=where
        )
    return read(part, where)


def _text(part: Mapping[str, Any], where: str) -> str:
    # The others come with a part of an answer that is sent back; "parsed" repeats the text.
    check_keys(part, ("type", "text", "annotations", "logprobs", "parsed"), where)
    said = part.get("text")
    if not isinstance(said, str):
        raise TranslationError(
            f"{where}: text must be a string, not {checks.short_repr(said)}", key=where
        )
    return string(where, said)


def _refusal(part: Mapping[str, Any], where: str) -> str:
    check_keys(part, ("type", "refusal"), where)
    if part.get("refusal"):
        raise refusal_error(f"{where}.refusal")
    return ""


def refusal_error(where: str) -> TranslationError:
    """What to raise for a refusal that is sent back."""
    return unsupported(
        where,
        "the service's messages have no place for a refusal, and as content it would pass for "
        "an answer; leave the message out, or say it in content if the model is to read it",
    )


def _image(part: Mapping[str, Any], where: str) -> ImagePart:
    check_keys(part, ("type", "image_url", "detail", "file_id"), where)
    source: Any = part.get("image_url")
    detail: Any = part.get("detail")
    if isinstance(source, Mapping):
        check_keys(source, ("url", "detail"), f"{where}, image_url")
        if detail is not None and source.get("detail") is not None:
            raise TranslationError(f"{where}: 'detail' is given twice", key=f"{where}.detail")
        detail = source.get("detail") if detail is None else detail
        source = source.get("url")
    file_id = part.get("file_id")
    if file_id is not None:
        if source is not None:
            raise TranslationError(f"{where} has both image_url and file_id", key=where)
        return ImagePart(None, detail, string(f"{where}: file_id", file_id), where)
    if source is None:
        raise TranslationError(f"{where} has no image_url", key=where)
    return ImagePart(source, detail, None, where)


def _file(part: Mapping[str, Any], where: str) -> FilePart:
    keys = ("file_id", "file_url", "file_data", "filename")
    check_keys(part, ("type", "file", *keys), where)
    inner = drop_none(mapping(f"{where}.file", part.get("file") or {}))
    check_keys(inner, keys, f"{where}.file")
    outer = {name: part[name] for name in keys if part.get(name) is not None}
    twice = next((name for name in inner if name in outer), None)
    if twice:
        raise TranslationError(f"{where}: {twice!r} is given twice", key=f"{where}.{twice}")
    return _document({**outer, **inner}, where)


def _document(options: Mapping[str, Any], where: str) -> FilePart:
    sources = [name for name in ("file_id", "file_url", "file_data") if name in options]
    if len(sources) != 1:
        found = " and ".join(sources) or "none"
        raise TranslationError(
            f"{where} takes one of file_id, file_url and file_data; got {found}", key=where
        )
    value = string(f"{where}: {sources[0]}", options[sources[0]])
    if sources[0] == "file_data":
        data, mime_type = _data(value, where)
        name = string(f"{where}: filename", options.get("filename", "file"))
        return FilePart(data=data, filename=name, mime_type=mime_type)
    if "filename" in options:
        what = f"it belongs to file_data; with {sources[0]} the name comes from the file"
        raise unsupported(f"{where}.filename", what)
    if not value:
        raise invalid_value(f"{where}.{sources[0]}", "a string with something in it", value)
    return FilePart(file_id=value) if sources[0] == "file_id" else FilePart(url=value)


def _data(value: str, where: str) -> tuple[bytes, str]:
    label, _, body = value.partition(",") if value[:5] == "data:" else ("data:;base64", "", value)
    mime_type, marker, rest = label[5:].rpartition(";base64")
    try:
        if not marker or rest:
            raise ValueError
        return base64.b64decode(body, validate=True), mime_type
    except (binascii.Error, ValueError):
        raise TranslationError(
            f"{where}: file_data is no base64", key=f"{where}.file_data"
        ) from None


_READ: Final[dict[str, Callable[[Mapping[str, Any], str], Part]]] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "image_url": _image,
    "input_image": _image,
    "input_file": _file,
    "file": _file,
    "refusal": _refusal,
}


def chat_parts(message: chat_pb2.Message, where: str) -> str | list[dict[str, Any]] | None:
    """Write a message's content as Chat Completions has it; one text alone is a string.

    Raises:
        TranslationError: A file at a web address, which that form has no part for.
    """
    if not message.content:
        return None
    parts = [_chat_part(part, f"{where}, part {n}") for n, part in enumerate(message.content, 1)]
    return parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts


def _chat_part(content: chat_pb2.Content, where: str) -> dict[str, Any]:
    kind = content.WhichOneof("content")
    if kind == "text":
        return {"type": "text", "text": content.text}
    if kind == "image_url":
        image = content.image_url
        if image.HasField("file_id"):
            raise unsupported(where, "Chat Completions has no image by file_id")
        url = {"url": image.image_url, **_detail(image, where)}
        return {"type": "image_url", "image_url": url}
    source = _source(content, where)
    if "file_url" in source:
        raise unsupported(where, "Chat Completions has no file by URL")
    return {"type": "file", "file": source}


def responses_parts(message: chat_pb2.Message, where: str) -> str | list[dict[str, Any]]:
    """Write a message's content as the Responses API has it; one text alone is a string.

    Raises:
        TranslationError: A part that is newer than this package, or says two things at once.
    """
    kind = "output_text" if message.role == chat_pb2.ROLE_ASSISTANT else "input_text"
    parts = [
        _responses_part(part, kind, f"{where}, part {n}")
        for n, part in enumerate(message.content, 1)
    ]
    if len(parts) == 1 and parts[0]["type"] in ("input_text", "output_text"):
        return str(parts[0]["text"])
    return parts


def _responses_part(content: chat_pb2.Content, text_type: str, where: str) -> dict[str, Any]:
    kind = content.WhichOneof("content")
    if kind == "text":
        return {"type": text_type, "text": content.text}
    if kind == "image_url":
        image = content.image_url
        source = "file_id" if image.HasField("file_id") else "image_url"
        shown = {source: getattr(image, source), **_detail(image, where)}
        return {"type": "input_image", **shown}
    return {"type": "input_file", **_source(content, where)}


def _detail(image: image_pb2.ImageUrlContent, where: str) -> dict[str, str]:
    # "auto" is what is meant where nothing is said.
    if image.detail in (image_pb2.DETAIL_INVALID, image_pb2.DETAIL_AUTO):
        return {}
    for word, number in DETAILS.items():
        if number == image.detail:
            return {"detail": word}
    raise unsupported(f"{where}.detail", f"there is no word for {image.detail}")


def _source(content: chat_pb2.Content, where: str) -> dict[str, str]:
    """Where a file is. That of several only one could be written, or none, is an error."""
    if content.WhichOneof("content") is None:
        raise unsupported(where, "the part is empty, or newer than this package")
    file = content.file
    found = [name for name in ("file_id", "url", "data") if getattr(file, name)]
    if len(found) > 1:
        raise unsupported(where, f"a file is one of file_id, url and data, not {found}")
    described = next((name for name in ("filename", "mime_type") if getattr(file, name)), None)
    if found in (["file_id"], ["url"]):
        if described:
            raise unsupported(f"{where}.{described}", f"with {found[0]} it comes from the file")
        return {"file_url": file.url} if file.url else {"file_id": file.file_id}
    body = base64.b64encode(file.data).decode()
    label = f"data:{file.mime_type};base64," if file.mime_type else ""
    return {"filename": file.filename, "file_data": label + body}


def logprob(chosen: chat_pb2.LogProb) -> dict[str, Any]:
    """Write a token and its probability; both forms have the same words for it."""
    return {
        "token": chosen.token,
        "logprob": shortest_decimal(chosen.logprob),
        "bytes": list(chosen.bytes),
        "top_logprobs": [
            {"token": top.token, "logprob": shortest_decimal(top.logprob), "bytes": list(top.bytes)}
            for top in chosen.top_logprobs
        ],
    }


def url_citations(citations: Iterable[chat_pb2.InlineCitation]) -> list[dict[str, Any]]:
    """Write the sources of passages; documents in collections have no form in JSON."""
    written = []
    for cited in citations:
        kind = cited.WhichOneof("citation")
        if kind in ("web_citation", "x_citation"):
            url = getattr(cited, kind).url
            place = {"start_index": cited.start_index, "end_index": cited.end_index}
            written.append({"type": "url_citation", "url": url, "title": cited.id, **place})
    return written
