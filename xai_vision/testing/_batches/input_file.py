"""Read the requests of a batch from an uploaded JSONL file."""

from __future__ import annotations

import json
from typing import Any

from xai_vision.openai_compat import TranslationError, to_request
from xai_vision.proto import batch_pb2
from xai_vision.testing._errors import ServiceError, invalid_argument

_APIS = {"/v1/chat/completions": "chat", "/v1/responses": "responses"}


def read_requests(data: bytes) -> list[batch_pb2.BatchRequest]:
    """Return the requests of a file; each line is a JSON object.

    Raises:
        ServiceError: INVALID_ARGUMENT; the message names the line.
    """
    requests = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            requests.append(_read_line(json.loads(line)))
        except (ValueError, TranslationError, RecursionError, ServiceError) as error:
            problem = error.details if isinstance(error, ServiceError) else error
            raise invalid_argument(f"Line {number} of the input file: {problem}") from None
    if not requests:
        raise invalid_argument("The input file has no requests.")
    return requests


def _read_line(line: Any) -> batch_pb2.BatchRequest:
    if not isinstance(line, dict):
        raise invalid_argument("it is not a JSON object")
    request_id, url, body = line.get("custom_id"), line.get("url"), line.get("body")
    if not isinstance(request_id, str) or not request_id:
        raise invalid_argument("custom_id must be a string that is not empty")
    if line.get("method", "POST") != "POST":
        raise invalid_argument("method must be POST")
    if not isinstance(body, dict):
        raise invalid_argument("body is not a JSON object")
    api: Any = _APIS.get(str(url))
    if api is None:
        raise invalid_argument(f"url must be one of {', '.join(_APIS)}, not {url!r:.80}")
    return batch_pb2.BatchRequest(
        batch_request_id=request_id, completion_request=to_request(body, api=api)
    )
