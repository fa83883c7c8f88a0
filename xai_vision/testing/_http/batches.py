"""The REST endpoints of batches.

A batch has the keys of xAI's JSON and those of OpenAI's, so that the openai package reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from google.protobuf.json_format import MessageToDict

from xai_vision.openai_compat._values import (
    TranslationError,
    enum,
    mapping,
    read_object,
    sequence,
    string,
)
from xai_vision.proto import batch_pb2
from xai_vision.testing._batches import methods
from xai_vision.testing._batches.input_file import (
    CHAT,
    URLS,
    output_lines,
    read_body,
    response_json,
)
from xai_vision.testing._http.errors import HttpError, translation_errors
from xai_vision.testing._http.request import HttpRequest, HttpResult
from xai_vision.testing._service.rest_body import unknown_keys

if TYPE_CHECKING:
    from xai_vision.testing._batches.batch import Batch, BatchItem
    from xai_vision.testing._service.engine import Engine

PAGE_QUERY: Final = ("limit", "page_size", "pagination_token")
"""The query parameters of pages."""
LIST_QUERY: Final = (*PAGE_QUERY, "after")
"""The query parameters of a list of batches. ``after`` is OpenAI's."""

_XAI_KEYS: Final = ("name", "input_file_id")
_OPENAI_KEYS: Final = ("endpoint", "completion_window", "metadata")
_RESULT_KEYS: Final = {
    "completion_response": "chat_get_completion",
    "image_response": "image_generation",
    "video_response": "video_generation",
}


def create_batch(request: HttpRequest) -> HttpResult:
    """Create a batch."""
    body = request.json()
    with translation_errors(), unknown_keys(request.engine.settings):
        body = read_object("", body, (*_XAI_KEYS, *_OPENAI_KEYS))
        # OpenAI's batches have no name.
        message = batch_pb2.CreateBatchRequest(
            name=string("name", body.get("name", "")),
            input_file_id=string("input_file_id", body.get("input_file_id", "")),
        )
        if "endpoint" in body:
            enum("endpoint", body["endpoint"], {url: url for url in URLS})
        if "completion_window" in body:
            enum("completion_window", body["completion_window"], {"24h": "24h"})
        metadata = mapping("metadata", body["metadata"]) if "metadata" in body else None
        if not message.name and not message.input_file_id:
            raise TranslationError("name is missing", key="name")
    request.call.record.request = message
    batch = methods.new_batch(request.engine, message, request.caller)
    batch.metadata = metadata
    return _batch_result(request, batch)


def get_batch(request: HttpRequest) -> HttpResult:
    """Return a batch."""
    request.call.record.request = batch_pb2.GetBatchRequest(batch_id=request.id)
    return _batch_result(request, methods.poll(request.engine, request.id))


def cancel_batch(request: HttpRequest) -> HttpResult:
    """Cancel a batch."""
    message = request.call.record.request = batch_pb2.CancelBatchRequest(batch_id=request.id)
    methods.cancel_batch(request.engine, message, request.caller, request.call)
    return _batch_result(request, request.engine.batches.get(request.id))


def _batch_result(request: HttpRequest, batch: Batch) -> HttpResult:
    with request.engine.batches.lock:
        request.call.record_response(batch.message())
        return HttpResult.json(_batch_json(request.engine, batch))


def list_batches(request: HttpRequest) -> HttpResult:
    """Return a page of batches."""
    message = batch_pb2.ListBatchesRequest(**_page_fields(request))
    after = request.http.query_params.get("after")
    if after:
        message.pagination_token = methods.token_after(request.engine.batches.get(after))
    request.call.record.request = message
    with request.engine.batches.lock:
        batches, token = methods.batch_page(request.engine, message)
        data = [_batch_json(request.engine, batch) for batch in batches]
    return HttpResult.json(
        {
            "object": "list",
            "data": data,
            "batches": data,
            "first_id": data[0]["id"] if data else None,
            "last_id": data[-1]["id"] if data else None,
            "has_more": token is not None,
            "pagination_token": token,
        }
    )


def _page_fields(request: HttpRequest) -> dict[str, Any]:
    query = request.http.query_params
    fields: dict[str, Any] = {}
    text = query.get("limit") or query.get("page_size")
    if text:
        if not (text.isascii() and text.isdecimal() and int(text[:9]) > 0):
            raise HttpError(
                422, "INVALID_ARGUMENT", "limit must be a number, which is at least 1.", "limit"
            )
        fields["limit"] = min(int(text[:9]), 100)
    if query.get("pagination_token"):
        fields["pagination_token"] = query["pagination_token"]
    return fields


def add_requests(request: HttpRequest) -> HttpResult:
    """Add requests to a batch."""
    body = request.json()
    message = batch_pb2.AddBatchRequestsRequest(batch_id=request.id)
    with translation_errors(), unknown_keys(request.engine.settings):
        body = read_object("", body, ("batch_requests",))
        for index, item in enumerate(sequence("batch_requests", body.get("batch_requests"))):
            message.batch_requests.append(_batch_request(f"batch_requests[{index}]", item))
    request.call.record.request = message
    methods.add_requests(request.engine, message, request.caller, request.call)
    return HttpResult.json({})


def _batch_request(path: str, value: Any) -> batch_pb2.BatchRequest:
    entries = read_object(path, value, ("batch_request_id", "batch_request"))
    inner = f"{path}.batch_request"
    body = read_object(inner, entries.get("batch_request"), ("chat_get_completion",))
    if not body:
        raise TranslationError(f"{inner}.chat_get_completion is missing", key=inner)
    request_id = entries.get("batch_request_id")
    if request_id is not None:
        request_id = string(f"{path}.batch_request_id", request_id)
    return read_body(request_id, CHAT, body["chat_get_completion"])


def list_requests(request: HttpRequest) -> HttpResult:
    """Return a page of the states of requests."""
    message = batch_pb2.ListBatchRequestMetadataRequest(
        batch_id=request.id, **_page_fields(request)
    )
    request.call.record.request = message
    response = methods.list_requests(request.engine, message, request.caller, request.call)
    request.call.record_response(response)
    return HttpResult.json(
        {
            "batch_request_metadata": [_to_dict(item) for item in response.batch_request_metadata],
            "pagination_token": response.pagination_token or None,
        }
    )


def list_results(request: HttpRequest) -> HttpResult:
    """Return a page of results."""
    message = batch_pb2.ListBatchResultsRequest(batch_id=request.id, **_page_fields(request))
    request.call.record.request = message
    batch = methods.poll(request.engine, request.id)
    with request.engine.batches.lock:
        items, token = methods.result_page(batch, message)
        succeeded = [_success(item) for item in items if not _failed(item)]
        failed = [_failure(item) for item in items if _failed(item)]
    return HttpResult.json({"succeeded": succeeded, "failed": failed, "pagination_token": token})


def _failed(item: BatchItem) -> bool:
    return item.result is not None and item.result.HasField("error")


def _success(item: BatchItem) -> dict[str, Any]:
    kind = item.result.response.WhichOneof("response") if item.result else None
    response = {_RESULT_KEYS[kind or "completion_response"]: response_json(item)}
    return {"batch_request_id": item.request_id, "response": response}


def _failure(item: BatchItem) -> dict[str, Any]:
    message = item.result.error.message if item.result else ""
    return {"batch_request_id": item.request_id, "error_message": message}


def _to_dict(message: Any) -> dict[str, Any]:
    return MessageToDict(message, preserving_proto_field_name=True)


def _batch_json(engine: Engine, batch: Batch) -> dict[str, Any]:
    message = batch.message()
    state = message.state
    result = _to_dict(message)
    counters = ("num_requests", "num_pending", "num_success", "num_error", "num_cancelled")
    result["state"] = {name: getattr(state, name) for name in counters}
    if "cost_breakdown" in result:
        ticks = message.cost_breakdown.total_cost_usd_ticks
        result["cost_breakdown"]["total_cost_usd_ticks"] = ticks
    finished = max((item.finished or 0.0 for item in batch.items.values()), default=0.0)
    complete = bool(state.num_requests) and not state.num_pending
    output_id, error_id = _output_files(engine, batch) if complete else (None, None)
    cancelled = batch.cancelled is not None
    first = next(iter(batch.items.values()), None)
    return {
        **result,
        "id": batch.batch_id,
        "object": "batch",
        "endpoint": first.endpoint if first else CHAT,
        "errors": None,
        "input_file_id": batch.input_file_id,
        "completion_window": "24h",
        "status": _status(complete or not state.num_requests, cancelled, complete),
        "output_file_id": output_id,
        "error_file_id": error_id,
        "created_at": int(batch.created),
        "in_progress_at": int(batch.created),
        "expires_at": int(batch.expires),
        "completed_at": int(finished) if complete and not cancelled else None,
        "cancelling_at": int(batch.cancelled) if batch.cancelled is not None else None,
        "cancelled_at": int(batch.cancelled) if batch.cancelled is not None else None,
        "request_counts": {
            "total": state.num_requests,
            "completed": state.num_success,
            "failed": state.num_error,
        },
        "metadata": batch.metadata,
    }


def _status(ended: bool, cancelled: bool, complete: bool) -> str:
    if cancelled:
        return "cancelled" if ended else "cancelling"
    return "completed" if complete else "in_progress"


def _output_files(engine: Engine, batch: Batch) -> tuple[str | None, str | None]:
    """Return the ids of the files with the results and with the errors, as OpenAI has them."""
    if batch.file_ids is None:
        results = sorted(batch.results(), key=lambda item: item.position or 0)
        files: list[str | None] = []
        for name, failed in (("output", False), ("error", True)):
            items = [item for item in results if _failed(item) is failed]
            if items:
                filename = f"{batch.batch_id}_{name}.jsonl"
                files.append(engine.files.add(filename, output_lines(items)).file_id)
            else:
                files.append(None)
        batch.file_ids = (files[0], files[1])
    return batch.file_ids
