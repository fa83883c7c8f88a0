"""Turn the recorded completions of a cassette into a rule file."""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.json_format import ParseError

from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.testing._cassettes.cassette_file import (
    CassetteContent,
    Interaction,
    image_references,
    join_lines,
)
from xai_vision.testing._cassettes.encoding import Decoder
from xai_vision.testing._cassettes.image_table import ImageTable
from xai_vision.testing._rules.image_similarity import SIDE
from xai_vision.testing._rules.response_reader import read_response
from xai_vision.testing._service.models import LANGUAGE_MODELS
from xai_vision.testing._upstream.chunks import MergedChunks

_CHAT: Final = "xai_api.Chat/"
_REPLY_FIELDS: Final = ("text", "reasoning", "tool_calls", "steps", "citations", "choices")
"""The fields of a reply that a rule gets. The fake server computes the others."""
_MESSAGES: Final = {
    "GetCompletion": chat_pb2.GetChatCompletionResponse,
    "GetCompletionChunk": chat_pb2.GetChatCompletionChunk,
}


class RuleWriter:
    """Makes the rules of a cassette.

    Attributes:
        notes: What the rules leave out.

    Args:
        content: The cassette.
    """

    def __init__(self, content: CassetteContent) -> None:
        self.notes: list[str] = []
        self._content = content
        self._images = ImageTable("colors", content.images)
        self._decoder = Decoder(self._images)
        self._turns: defaultdict[str, set[int]] = defaultdict(set)
        for interaction in content.interactions:
            messages = interaction.request.get("messages", [])
            self._turns[_prompt(messages)].add(_turn(messages))

    def document(self) -> dict[str, Any]:
        """Return the content of a rule file."""
        rules: list[tuple[dict[str, Any], list[Any]]] = []
        models: list[str] = []
        for number, interaction in enumerate(self._content.interactions, 1):
            for reply in self._replies(number, interaction):
                when = self._conditions(interaction.request)
                model = str(interaction.request.get("model", ""))
                if model and model not in LANGUAGE_MODELS and model not in models:
                    models.append(model)
                replies = next((item for other, item in rules if other == when), None)
                if replies is None:
                    rules.append((when, [reply]))
                else:
                    replies.append(reply)
        document: dict[str, Any] = {"settings": {"models": models}} if models else {}
        document["rules"] = [_rule(when, replies) for when, replies in rules]
        return document

    def _replies(self, number: int, interaction: Interaction) -> Iterator[Any]:
        """Yield the reply of a recorded completion; nothing for other calls."""
        name = interaction.name
        if not interaction.method.startswith(_CHAT) or "messages" not in interaction.request:
            if name != "GetDeferredCompletion":
                self.notes.append(f"call {number} ({name}): rules only answer completions")
            return
        if interaction.error is not None:
            error = self._decoder.error(interaction.error)
            yield {"fault": {"status": {"code": error.code.name, "details": error.details}}}
            return
        try:
            response = self._response(interaction)
            fields = read_response(response) if response else None
        except (LookupError, TypeError, ValueError, ParseError) as problem:
            self.notes.append(f"call {number} ({name}): {problem}")
            return
        if fields is None:
            self.notes.append(f"call {number} ({name}): it has no complete response")
            return
        yield _reply({key: fields[key] for key in _REPLY_FIELDS if key in fields})

    def _response(self, interaction: Interaction) -> chat_pb2.GetChatCompletionResponse | None:
        """Return the complete response of a completion, if the cassette has it."""
        messages = [item["message"] for item in interaction.responses]
        if interaction.name == "StartDeferredCompletion":
            response = self._deferred_response(messages)
        elif interaction.name == "GetCompletionChunk":
            merged = MergedChunks()
            for values in messages:
                merged.add(self._decoder.response(values, _MESSAGES[interaction.name]))
            response = merged.response()
        else:
            response = next(
                (self._decoder.response(v, _MESSAGES["GetCompletion"]) for v in messages), None
            )
        return None if interaction.cancelled else response

    def _deferred_response(self, messages: list[dict[str, Any]]) -> Any:
        """Return the response that was polled with the id of a deferred completion."""
        ids = [message.get("request_id") for message in messages]
        for item in self._content.interactions:
            if item.name != "GetDeferredCompletion" or item.request.get("request_id") not in ids:
                continue
            for values in item.responses:
                polled = self._decoder.response(
                    values["message"], chat_pb2.GetDeferredCompletionResponse
                )
                if polled.status == deferred_pb2.DONE:
                    return polled.response
        return None

    def _conditions(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the conditions of a rule for a request."""
        messages = request.get("messages", [])
        prompt = _prompt(messages)
        when: dict[str, Any] = {"prompt": _condition(prompt)}
        system = "\n".join(
            _text(message)
            for message in messages
            if message.get("role") in ("ROLE_SYSTEM", "ROLE_DEVELOPER")
        )
        if system:
            when["system"] = _condition(system)
        last = messages[-1] if messages else {}
        if last.get("role") == "ROLE_TOOL":
            when["tool_result"] = _condition(_text(last))
        elif len(self._turns[prompt]) > 1 and "previous_response_id" not in request:
            when["turn"] = _turn(messages)
        images = list(image_references(messages))
        if images:
            when["image"] = self._image_condition(images[-1])
            when["images"] = len(images)
        return when

    def _image_condition(self, digest: str) -> dict[str, str]:
        """Return a condition for images like the recorded one, or for its bytes."""
        colors = self._content.images.get(digest, {}).get("colors")
        if not colors:
            return {"sha256": digest}
        from PIL import Image

        # An image with one pixel for each color of the grid has this grid itself.
        grid = Image.frombytes("RGB", (SIDE, SIDE), bytes.fromhex("".join(colors)))
        png = io.BytesIO()
        grid.save(png, "PNG", optimize=True)
        return {"near": f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"}


def _rule(when: dict[str, Any], replies: list[Any]) -> dict[str, Any]:
    if len(replies) > 1:
        return {"when": when, "replies": replies}
    (reply,) = replies
    if isinstance(reply, dict) and "fault" in reply:
        return {"when": when, **reply}
    return {"when": when, "reply": reply}


def _reply(fields: dict[str, Any]) -> Any:
    """Return a reply of a rule file; one that only has a text is that text."""
    escaped: dict[str, Any] = _escape(fields)
    return escaped.get("text", "") if escaped.keys() <= {"text"} else escaped


def _escape(value: Any) -> Any:
    """Escape the braces with which templates of rule files begin."""
    if isinstance(value, str):
        return value.replace("{{", '{{ "{{" }}')
    if isinstance(value, (list, tuple)):
        return [_escape(item) for item in value]
    if isinstance(value, dict):
        return {key: _escape(item) for key, item in value.items()}
    return value


def _condition(text: str) -> Any:
    return {"equals": text} if text in ("any", "none") else text


def _text(message: dict[str, Any]) -> str:
    parts = message.get("content", ())
    return "\n".join(join_lines(part["text"]) for part in parts if "text" in part)


def _prompt(messages: list[dict[str, Any]]) -> str:
    """Return the text of the last user message."""
    users = [message for message in messages if message.get("role") == "ROLE_USER"]
    return _text(users[-1]) if users else ""


def _turn(messages: list[dict[str, Any]]) -> int:
    """Return the number of the answer that a request asks for."""
    roles = [message.get("role") for message in messages]
    pairs = zip([None, *roles], roles, strict=False)
    return 1 + len([role for before, role in pairs if role == "ROLE_ASSISTANT" != before])
