"""Images that the service's image_generation tool made, as they stand in a reply."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

from xai_vision.errors import XaiVisionError
from xai_vision.proto import chat_pb2

# The tool's result is JSON that says so of itself (observed on the wire, not documented).
_ENVELOPE = "image_generation_result"


class ImageOutput:
    """One image the image_generation tool made."""

    __slots__ = ("data_url", "image_uuid", "proto", "tool_call")

    def __init__(self, proto: chat_pb2.CompletionOutput, tool_call: chat_pb2.ToolCall) -> None:
        """Read the image out of a tool's output.

        Raises:
            XaiVisionError: The output holds no image in the form known to us.
        """
        self.proto = proto
        self.tool_call = tool_call
        self.data_url, self.image_uuid = _read(proto.message.content)

    @property
    def mime_type(self) -> str:
        """The image's type, such as "image/png"."""
        return self.data_url[5:].partition(";")[0]

    @property
    def image(self) -> bytes:
        """The image's bytes."""
        try:
            return base64.b64decode(self.data_url.partition(",")[2], validate=True)
        except binascii.Error as error:
            raise XaiVisionError(f"the generated image is not valid base64: {error}") from None

    def __repr__(self) -> str:
        return f"<ImageOutput {self.mime_type} uuid={self.image_uuid!r}>"


def _read(content: str) -> tuple[str, str]:
    try:
        envelope = json.loads(content)
    except ValueError:
        envelope = None
    if isinstance(envelope, dict) and envelope.get("__type") == _ENVELOPE:
        url = envelope.get("result")
        if isinstance(url, str) and url.startswith("data:image/"):
            return url, str(envelope.get("image_uuid") or "")
    raise XaiVisionError("an image_generation output holds no image in the form known to us")


def image_outputs(reply: chat_pb2.GetChatCompletionResponse) -> Sequence[ImageOutput]:
    """All images that tools made in this reply, in order."""
    found = []
    for output in reply.outputs:
        if output.message.role != chat_pb2.ROLE_TOOL:
            continue
        for call in output.message.tool_calls:
            done = call.status == chat_pb2.TOOL_CALL_STATUS_COMPLETED
            if done and call.type == chat_pb2.TOOL_CALL_TYPE_IMAGE_GENERATION_TOOL:
                found.append(ImageOutput(output, call))
                break
    return found
