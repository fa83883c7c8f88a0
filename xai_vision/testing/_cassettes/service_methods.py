"""The methods that the recorded service has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xai_vision.proto.auth_pb2_grpc import Auth
from xai_vision.proto.batch_pb2_grpc import BatchMgmt
from xai_vision.proto.chat_pb2_grpc import Chat
from xai_vision.proto.collections_pb2_grpc import Collections
from xai_vision.proto.documents_pb2_grpc import Documents
from xai_vision.proto.files_pb2_grpc import Files
from xai_vision.proto.image_pb2_grpc import Image
from xai_vision.proto.models_pb2_grpc import Models
from xai_vision.proto.tokenize_pb2_grpc import Tokenize
from xai_vision.proto.video_pb2_grpc import Video

if TYPE_CHECKING:
    from xai_vision.testing._upstream.exchange import Upstream

_SERVICES: Final = (
    Auth,
    BatchMgmt,
    Chat,
    Collections,
    Documents,
    Files,
    Image,
    Models,
    Tokenize,
    Video,
)
METHODS: Final = {
    method.path.removeprefix("/"): method for service in _SERVICES for method in service.METHODS
}
"""The methods of the API by their path, such as "xai_api.Chat/GetCompletion"."""


def handled_methods(upstream: Upstream) -> list[str] | None:
    """Return the methods of an upstream; None if it has all."""
    handled = [path for path, method in METHODS.items() if upstream.handles(method)]
    return None if len(handled) == len(METHODS) else handled
