"""The lines of the JSONL files that batches read and write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from xai_vision.openai_compat import Api, TranslationError, from_response
from xai_vision.proto import batch_pb2
from xai_vision.testing._batches.batch import BatchItem, InputLine
from xai_vision.testing._errors import ServiceError, invalid_argument
from xai_vision.testing._generation.json_format import (
    images_json,
    to_image_request,
    to_video_request,
    video_json,
)
from xai_vision.testing._service.rest_body import to_completion_request

CHAT: Final = "/v1/chat/completions"
RESPONSES: Final = "/v1/responses"
_READERS: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    CHAT: ("completion_request", partial(to_completion_request, api="chat")),
    RESPONSES: ("completion_request", partial(to_completion_request, api="responses")),
    "/v1/images/generations": ("image_request", to_image_request),
    "/v1/images/edits": ("image_request", partial(to_image_request, edit=True)),
    "/v1/videos/generations": ("video_request", to_video_request),
}
URLS: Final = tuple(_READERS)
"""The endpoints that a line can name."""


def read_lines(data: bytes) -> list[InputLine]:
    """Return the requests of a file; each line is a JSON object.

    Raises:
        ServiceError: INVALID_ARGUMENT; the message names the line.
    """
    lines = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            lines.append(_read_line(json.loads(line)))
        except (ValueError, TranslationError, RecursionError, ServiceError) as error:
            problem = error.details if isinstance(error, ServiceError) else error
            raise invalid_argument(f"Line {number} of the input file: {problem}") from None
    if not lines:
        raise invalid_argument("The input file has no requests.")
    return lines


def _read_line(line: Any) -> InputLine:
    if not isinstance(line, dict):
        raise invalid_argument("it is not a JSON object")
    request_id, url, body = line.get("custom_id"), line.get("url"), line.get("body")
    if not isinstance(request_id, str) or not request_id:
        raise invalid_argument("custom_id must be a string that is not empty")
    if line.get("method", "POST") != "POST":
        raise invalid_argument("method must be POST")
    if not isinstance(body, dict):
        raise invalid_argument("body is not a JSON object")
    if url not in URLS:
        raise invalid_argument(f"url must be one of {', '.join(URLS)}, not {url!r:.80}")
    return InputLine(read_body(request_id, url, body), url)


def read_body(request_id: str | None, url: str, body: Any) -> batch_pb2.BatchRequest:
    """Convert the JSON of a request.

    Args:
        request_id: The id of the request; None if the service makes one.
        url: The path of its endpoint, one of ``URLS``.
        body: The JSON.

    Raises:
        TranslationError: A value is not valid.
    """
    field, read = _READERS[url]
    request = batch_pb2.BatchRequest(batch_request_id=request_id)
    getattr(request, field).CopyFrom(read(body))
    return request


def response_json(
    data: batch_pb2.BatchResultData, endpoint: str, finished: float
) -> dict[str, Any]:
    """Return the JSON of the response of a request that succeeded.

    Args:
        data: The response.
        endpoint: The endpoint of the request.
        finished: When it was finished, in seconds since the epoch.
    """
    if data.HasField("image_response"):
        return images_json(data.image_response, finished)
    if data.HasField("video_response"):
        return video_json(data.video_response)
    api: Api = "responses" if endpoint == RESPONSES else "chat"
    return from_response(data.completion_response, api=api)


def output_lines(items: Iterable[BatchItem]) -> bytes:
    """Return the content of the file with the results of requests, in OpenAI's form."""
    lines = []
    for item in items:
        result = item.result or batch_pb2.BatchResult()
        error = result.error if result.HasField("error") else None
        line = {
            "id": f"batch_req_{item.number}",
            "custom_id": item.request_id,
            "response": None
            if error
            else {
                "status_code": 200,
                "request_id": item.request_id,
                "body": response_json(result.response, item.endpoint, item.finished or 0.0),
            },
            "error": {"code": str(error.code), "message": error.message} if error else None,
        }
        lines.append(f"{json.dumps(line)}\n")
    return "".join(lines).encode()
