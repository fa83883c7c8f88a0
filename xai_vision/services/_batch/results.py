"""The results of a batch."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from xai_vision.chat._response.proto_decorator import ProtoDecorator
from xai_vision.chat._response.response import Response
from xai_vision.errors import BatchResultError
from xai_vision.proto import batch_pb2, image_pb2
from xai_vision.services._generation.image_response import AsyncImageResponse, ImageResponse
from xai_vision.services._generation.video_response import VideoResponse

_KINDS = {
    "completion_response": "response",
    "image_response": "image_response",
    "video_response": "video_response",
}


class BatchResult(ProtoDecorator[batch_pb2.BatchResult]):
    """The result of one request of a batch."""

    @property
    def batch_request_id(self) -> str:
        """The id of the request."""
        return self._proto.batch_request_id

    @property
    def response(self) -> Response:
        """The response of a chat.

        Raises:
            BatchResultError: The request failed, or was not a chat.
        """
        return Response(self._data("completion_response").completion_response, 0)

    @property
    def image_response(self) -> ImageResponse:
        """The generated image.

        Raises:
            BatchResultError: The request failed, or was not one of image generation.
        """
        return ImageResponse(self._images(), 0)

    @property
    def video_response(self) -> VideoResponse:
        """The generated video.

        Raises:
            BatchResultError: The request failed, or was not one of video generation.
        """
        return VideoResponse(self._data("video_response").video_response)

    @property
    def has_error(self) -> bool:
        """Whether the request failed, or was cancelled."""
        return self._proto.error.code != 0

    @property
    def is_success(self) -> bool:
        """Whether the request succeeded."""
        return not self.has_error

    @property
    def error_message(self) -> str | None:
        """The service's message; None if the request succeeded."""
        return self._proto.error.message if self.has_error else None

    def _images(self) -> image_pb2.ImageResponse:
        images = self._data("image_response").image_response
        if not images.images:
            raise BatchResultError(f"the result {self.batch_request_id!r} holds no image")
        return images

    def _data(self, kind: str) -> batch_pb2.BatchResultData:
        if self.has_error:
            raise BatchResultError(
                f"the request {self.batch_request_id!r} failed: {self.error_message}"
            )
        actual = self._proto.response.WhichOneof("response")
        if actual != kind:
            remedy = f". Read {_KINDS[actual]}" if actual else ", it is empty"
            raise BatchResultError(
                f"the result {self.batch_request_id!r} has no {_KINDS[kind]}{remedy}"
            )
        return self._proto.response


class AsyncBatchResult(BatchResult):
    """The result of one request of a batch, of an AsyncClient.

    It is a BatchResult, because programs test for it; only the bytes of an image are awaited.
    """

    @property
    def image_response(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
    ) -> AsyncImageResponse:
        """The generated image, whose bytes are awaited: ``await result.image_response.image``.

        Raises:
            BatchResultError: The request failed, or was not one of image generation.
        """
        return AsyncImageResponse(self._images(), 0)


ResultT = TypeVar("ResultT", bound=BatchResult)


class BaseListBatchResultsResponse(
    ProtoDecorator[batch_pb2.ListBatchResultsResponse], Generic[ResultT]
):
    """A page of results."""

    _result: ClassVar[type[BatchResult]]

    @property
    def results(self) -> list[ResultT]:
        """The results. Their order is not that of the requests: match them by id."""
        result: Any = self._result
        return list(map(result, self._proto.results))

    @property
    def succeeded(self) -> list[ResultT]:
        """The results of requests that succeeded."""
        return [result for result in self.results if result.is_success]

    @property
    def failed(self) -> list[ResultT]:
        """The results of requests that failed or were cancelled."""
        return [result for result in self.results if result.has_error]

    @property
    def pagination_token(self) -> str | None:
        """The token of the next page; None on the last page."""
        return self._proto.pagination_token or None


class ListBatchResultsResponse(BaseListBatchResultsResponse[BatchResult]):
    """A page of results."""

    _result = BatchResult


class AsyncListBatchResultsResponse(BaseListBatchResultsResponse[AsyncBatchResult]):
    """A page of results, of an AsyncClient."""

    _result = AsyncBatchResult
