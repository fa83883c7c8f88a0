"""The REST endpoints of generated images and videos, and of document search."""

from __future__ import annotations

from typing import Final

from xai_vision.openai_compat._values import enum, integer, read_object, string, strings
from xai_vision.proto import documents_pb2, video_pb2
from xai_vision.proto.documents_pb2_grpc import Documents
from xai_vision.proto.image_pb2_grpc import Image
from xai_vision.proto.video_pb2_grpc import Video
from xai_vision.testing._generation.json_format import (
    deferred_video_json,
    images_json,
    to_image_request,
    to_video_request,
)
from xai_vision.testing._http.errors import translation_errors
from xai_vision.testing._http.request import HttpRequest, HttpResult
from xai_vision.testing._service.rest_body import unknown_keys

_MODES: Final = {
    "hybrid": "hybrid_retrieval",
    "semantic": "semantic_retrieval",
    "keyword": "keyword_retrieval",
}


def create_images(request: HttpRequest) -> HttpResult:
    """Generate images."""
    return _images(request, edit=False)


def edit_images(request: HttpRequest) -> HttpResult:
    """Edit images. The body is JSON: the service does not accept the form of openai's package."""
    return _images(request, edit=True)


def _images(request: HttpRequest, *, edit: bool) -> HttpResult:
    body = request.json()
    with translation_errors(), unknown_keys(request.engine.settings):
        message = to_image_request(body, edit=edit)
    response = request.invoke(Image.GenerateImage, message)
    return HttpResult.json(images_json(response, request.engine.clock.time()))


def create_video(request: HttpRequest) -> HttpResult:
    """Start a video."""
    body = request.json()
    with translation_errors(), unknown_keys(request.engine.settings):
        message = to_video_request(body)
    started = request.invoke(Video.GenerateVideo, message)
    return HttpResult.json({"request_id": started.request_id})


def get_video(request: HttpRequest) -> HttpResult:
    """Return the state of a video."""
    message = video_pb2.GetDeferredVideoRequest(request_id=request.id)
    state = request.invoke(Video.GetDeferredVideo, message)
    return HttpResult.json(deferred_video_json(state))


def search_documents(request: HttpRequest) -> HttpResult:
    """Search collections."""
    body = request.json()
    with translation_errors(), unknown_keys(request.engine.settings):
        body = read_object("", body, ("query", "collection_ids", "max_num_results", "mode"))
        message = documents_pb2.SearchRequest(query=string("query", body.get("query")))
        ids = strings("collection_ids", body.get("collection_ids", ()))
        message.source.collection_ids.extend(ids)
        if "max_num_results" in body:
            message.limit = integer("max_num_results", body["max_num_results"])
        if "mode" in body:
            getattr(message, enum("mode", body["mode"], _MODES)).SetInParent()
    response = request.invoke(Documents.Search, message)
    results = [
        {
            "file_id": match.file_id,
            "chunk_id": match.chunk_id,
            "content": match.chunk_content,
            "score": match.score,
            "collection_ids": list(match.collection_ids),
        }
        for match in response.matches
    ]
    return HttpResult.json({"results": results})
