"""The REST endpoints of batches.

A batch has the keys of xAI's JSON and those of OpenAI's, so that the openai package reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from xai_vision.openai_compat._values import (
    TranslationError,
    enum,
    mapping,
    read_object,
    sequence,
    string,
)
from xai_vision.proto import batch_pb2
from xai_vision.proto.batch_pb2_grpc import BatchMgmt
from xai_vision.testing._batches import methods
from xai_vision.testing._batches.input_file import (
    CHAT,
    URLS,
    read_body,
)
from xai_vision.testing._http.batch_json import (
    BatchFacts,
    batch_json,
    facts_of,
    result_json,
    to_dict,
)
from xai_vision.testing._http.errors import HttpError, translation_errors
from xai_vision.testing._http.request import HttpRequest, HttpResult
from xai_vision.testing._service.rest_body import unknown_keys

if TYPE_CHECKING:
    from xai_vision.testing._batches.batch import Batch

PAGE_QUERY: Final = ("limit", "page_size", "pagination_token")
"""The query parameters of pages."""
LIST_QUERY: Final = (*PAGE_QUERY, "after")
"""The query parameters of a list of batches. ``after`` is OpenAI's."""

_XAI_KEYS: Final = ("name", "input_file_id")
_OPENAI_KEYS: Final = ("endpoint", "completion_window", "metadata")


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
    if (created := request.pass_on(BatchMgmt.CreateBatch, message)) is not None:
        return HttpResult.json(batch_json(created, BatchFacts(metadata=metadata)))
    batch = methods.new_batch(request.engine, message, request.caller)
    batch.metadata = metadata
    return _batch_result(request, batch)


def get_batch(request: HttpRequest) -> HttpResult:
    """Return a batch."""
    message = batch_pb2.GetBatchRequest(batch_id=request.id)
    if (passed := request.pass_on(BatchMgmt.GetBatch, message)) is not None:
        return HttpResult.json(batch_json(passed, BatchFacts()))
    return _batch_result(request, methods.poll(request.engine, request.id))


def cancel_batch(request: HttpRequest) -> HttpResult:
    """Cancel a batch."""
    message = batch_pb2.CancelBatchRequest(batch_id=request.id)
    cancelled = request.invoke(BatchMgmt.CancelBatch, message)
    if request.is_passed_on(BatchMgmt.CancelBatch):
        return HttpResult.json(batch_json(cancelled, BatchFacts()))
    return _batch_result(request, request.engine.batches.get(request.id))


def _batch_result(request: HttpRequest, batch: Batch) -> HttpResult:
    with request.engine.batches.lock:
        request.call.record_response(batch.message())
        return HttpResult.json(batch_json(batch.message(), facts_of(request.engine, batch)))


def list_batches(request: HttpRequest) -> HttpResult:
    """Return a page of batches."""
    message = batch_pb2.ListBatchesRequest(**_page_fields(request))
    after = request.http.query_params.get("after")
    tokens = request.engine.page_tokens
    if after:
        message.pagination_token = (
            tokens.after("batches", after)
            if request.is_passed_on(BatchMgmt.ListBatches)
            else methods.token_after(request.engine.batches.get(after))
        )
    if (passed := request.pass_on(BatchMgmt.ListBatches, message)) is not None:
        data = [batch_json(batch, BatchFacts()) for batch in passed.batches]
        if data and passed.pagination_token:
            tokens.note("batches", data[-1]["id"], passed.pagination_token)
        return _list_result(data, passed.pagination_token or None)
    with request.engine.batches.lock:
        batches, token = methods.batch_page(request.engine, message)
        data = [batch_json(batch.message(), facts_of(request.engine, batch)) for batch in batches]
    return _list_result(data, token)


def _list_result(data: list[dict[str, Any]], token: str | None) -> HttpResult:
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
    request.invoke(BatchMgmt.AddBatchRequests, message)
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
    response = request.invoke(BatchMgmt.ListBatchRequestMetadata, message)
    return HttpResult.json(
        {
            "batch_request_metadata": [to_dict(item) for item in response.batch_request_metadata],
            "pagination_token": response.pagination_token or None,
        }
    )


def list_results(request: HttpRequest) -> HttpResult:
    """Return a page of results."""
    message = batch_pb2.ListBatchResultsRequest(batch_id=request.id, **_page_fields(request))
    if (passed := request.pass_on(BatchMgmt.ListBatchResults, message)) is not None:
        results = [(result, CHAT, 0.0) for result in passed.results]
        return _results_json(results, passed.pagination_token or None)
    batch = methods.poll(request.engine, request.id)
    with request.engine.batches.lock:
        items, token = methods.result_page(batch, message)
        results = [
            (item.result, item.endpoint, item.finished or 0.0) for item in items if item.result
        ]
        return _results_json(results, token)


def _results_json(
    results: list[tuple[batch_pb2.BatchResult, str, float]], token: str | None
) -> HttpResult:
    succeeded = [result_json(*result) for result in results if not result[0].HasField("error")]
    failed = [
        {"batch_request_id": result.batch_request_id, "error_message": result.error.message}
        for result, _, _ in results
        if result.HasField("error")
    ]
    return HttpResult.json({"succeeded": succeeded, "failed": failed, "pagination_token": token})
