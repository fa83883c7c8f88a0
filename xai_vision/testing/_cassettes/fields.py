"""What the fields of protos contain: ids, names of accounts, secrets, images, content of files."""

from __future__ import annotations

from typing import Final

_KINDS_BY_NAME: Final = {
    "batch_id": "batch",
    "batch_request_id": "item",
    "chunk_id": "chunk",
    "collection_id": "collection",
    "collection_ids": "collection",
    "encrypted_content": "encrypted",
    "file_id": "file",
    "file_ids": "file",
    "input_file_id": "file",
    "pagination_token": "page",
    "previous_response_id": "response",
    "public_url": "url",
    "request_id": "request",
    "response_id": "response",
    "tool_call_id": "call",
}
_KINDS_BY_FIELD: Final = {
    "CompactContextResponse.id": "response",
    "DeleteFileResponse.id": "file",
    "EmbedResponse.id": "response",
    "File.id": "file",
    "GeneratedImage.url": "url",
    "GeneratedVideo.url": "url",
    "GetChatCompletionChunk.id": "response",
    "GetChatCompletionResponse.id": "response",
    "SampleTextResponse.id": "response",
    "ToolCall.id": "call",
}
_ACCOUNT_NAMES: Final = frozenset(
    (
        "api_key_id",
        "create_api_key_id",
        "modified_by",
        "redacted_api_key",
        "team_id",
        "user_id",
    )
)
_PACKAGE: Final = "xai_api."

SECRET_FIELDS: Final = frozenset(
    ("xai_api.MCP.authorization", "xai_api.MCP.ExtraHeadersEntry.value")
)
"""The fields with keys of other services."""

IMAGE_FIELDS: Final = frozenset(
    ("xai_api.ImageUrlContent.image_url", "xai_api.GeneratedImage.base64")
)
"""The fields that can contain an image as base64, with or without the head of a data URL."""

STREAMED_TEXTS: Final = frozenset(("content", "reasoning_content"))
"""The fields of ``xai_api.Delta`` with a part of a text, of which a stream has many."""

CONTENT_FIELDS: Final = frozenset(
    ("xai_api.FileContent.data", "xai_api.UploadFileChunk.data", "xai_api.FileContentChunk.data")
)
"""The fields with the content of files."""


def id_kind(field: str) -> str | None:
    """Return what kind of ids of the service a field contains; None for other fields.

    Args:
        field: The full name of the field, such as "xai_api.File.id".
    """
    by_field = _KINDS_BY_FIELD.get(field.removeprefix(_PACKAGE))
    return by_field or _KINDS_BY_NAME.get(field.rpartition(".")[2])


def is_streamed_text(field: str) -> bool:
    """Return whether a field contains a part of a text."""
    message, _, name = field.rpartition(".")
    return message == "xai_api.Delta" and name in STREAMED_TEXTS


def is_account(field: str) -> bool:
    """Return whether a field contains the name or the id of an account or of a key."""
    return field == "xai_api.ApiKey.name" or field.rpartition(".")[2] in _ACCOUNT_NAMES
