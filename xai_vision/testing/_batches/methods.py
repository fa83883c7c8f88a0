"""The methods of the service BatchMgmt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from xai_vision.proto import batch_pb2, empty_pb2
from xai_vision.proto.batch_grpc import BatchMgmt
from xai_vision.testing._batches.input_file import read_requests
from xai_vision.testing._batches.processing import process
from xai_vision.testing._errors import ServiceError, invalid_argument, not_found

if TYPE_CHECKING:
    from xai_vision.testing._batches.batch import Batch
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine

_PAGE: Final = 100
T = TypeVar("T")


def _create(
    engine: Engine, request: batch_pb2.CreateBatchRequest, caller: ApiKey, call: ActiveCall
) -> batch_pb2.Batch:
    requests = []
    if request.input_file_id:
        data = engine.files.fetch(request.input_file_id)
        if data is None:
            raise not_found(f"File not found: {request.input_file_id}")
        requests = read_requests(data)
    batch_id = f"batch_{engine.new_id()}"
    batch = engine.batches.create(batch_id, request.name, caller.key_id, request.input_file_id)
    engine.batches.add(batch, requests)
    return batch.message()


def _add(
    engine: Engine, request: batch_pb2.AddBatchRequestsRequest, caller: ApiKey, call: ActiveCall
) -> empty_pb2.Empty:
    batch = engine.batches.get(request.batch_id)
    size, limit = request.ByteSize(), engine.settings.max_batch_call_bytes
    if size > limit:
        raise invalid_argument(
            f"The call has {size} bytes; calls that add requests have at most {limit}."
        )
    if batch.input_file_id:
        raise ServiceError(
            "FAILED_PRECONDITION",
            f"The batch {batch.batch_id} was created from a file and accepts no more requests.",
        )
    engine.batches.count_add()
    for item in request.batch_requests:
        if not item.batch_request_id:
            item.batch_request_id = engine.new_id()
    engine.batches.add(batch, request.batch_requests)
    return empty_pb2.Empty()


def _get(
    engine: Engine, request: batch_pb2.GetBatchRequest, caller: ApiKey, call: ActiveCall
) -> batch_pb2.Batch:
    batch = engine.batches.get(request.batch_id)
    with engine.batches.lock:
        _advance(engine, batch, caller)
        return batch.message()


def _advance(engine: Engine, batch: Batch, caller: ApiKey) -> None:
    """Count a poll, and process the requests of the batch when its plan says so."""
    batch.polls += 1
    if batch.polls <= batch.plan.ready_after or batch.cancelled is not None:
        return
    if batch.plan.cancel:
        batch.cancel(engine.clock.time(), batch.plan.cancel)
    else:
        process(engine, batch, caller)


def _cancel(
    engine: Engine, request: batch_pb2.CancelBatchRequest, caller: ApiKey, call: ActiveCall
) -> batch_pb2.Batch:
    batch = engine.batches.get(request.batch_id)
    with engine.batches.lock:
        if batch.cancelled is None:
            batch.cancel(engine.clock.time())
        return batch.message()


def _list(
    engine: Engine, request: batch_pb2.ListBatchesRequest, caller: ApiKey, call: ActiveCall
) -> batch_pb2.ListBatchesResponse:
    batches, token = _page(engine.batches.all(), request, lambda batch: batch.batch_id)
    messages = [batch.message() for batch in batches]
    return batch_pb2.ListBatchesResponse(batches=messages, pagination_token=token)


def _list_requests(
    engine: Engine,
    request: batch_pb2.ListBatchRequestMetadataRequest,
    caller: ApiKey,
    call: ActiveCall,
) -> batch_pb2.ListBatchRequestMetadataResponse:
    batch = engine.batches.get(request.batch_id)
    with engine.batches.lock:
        listed = [
            item
            for item in batch.items.values()
            if not request.status or item.state in request.status
        ]
        items, token = _page(listed, request, lambda item: item.request_id)
        return batch_pb2.ListBatchRequestMetadataResponse(
            batch_request_metadata=[item.metadata() for item in items], pagination_token=token
        )


def _list_results(
    engine: Engine, request: batch_pb2.ListBatchResultsRequest, caller: ApiKey, call: ActiveCall
) -> batch_pb2.ListBatchResultsResponse:
    batch = engine.batches.get(request.batch_id)
    with engine.batches.lock:
        _advance(engine, batch, caller)
        items, token = _page(batch.finished(), request, lambda item: item.request_id)
        return batch_pb2.ListBatchResultsResponse(
            results=[item.result for item in items if item.result], pagination_token=token
        )


def _get_result(
    engine: Engine,
    request: batch_pb2.GetBatchRequestResultRequest,
    caller: ApiKey,
    call: ActiveCall,
) -> batch_pb2.GetBatchRequestResultResponse:
    batch = engine.batches.get(request.batch_id)
    with engine.batches.lock:
        _advance(engine, batch, caller)
        item = batch.items.get(request.batch_request_id)
        if item is None or item.result is None:
            missing = "Request" if item is None else "Result of the request"
            raise not_found(f"{missing} not found: {request.batch_request_id}")
        return batch_pb2.GetBatchRequestResultResponse(request=item.request, result=item.result)


def _page(
    items: Sequence[T], request: Any, id_of: Callable[[T], str]
) -> tuple[Sequence[T], str | None]:
    """Return the items of a page, and the token of the next page: the id of the page's last item.

    Raises:
        ServiceError: INVALID_ARGUMENT if the token is unknown.
    """
    start = 0
    if request.pagination_token:
        ids = list(map(id_of, items))
        if request.pagination_token not in ids:
            raise invalid_argument("Invalid pagination_token. Pass that of the page before.")
        start = ids.index(request.pagination_token) + 1
    limit = min(request.limit, _PAGE) if request.limit > 0 else _PAGE
    page = items[start : start + limit]
    return page, id_of(page[-1]) if start + limit < len(items) else None


UNARY: Final[dict[Any, Any]] = {
    BatchMgmt.CreateBatch: _create,
    BatchMgmt.AddBatchRequests: _add,
    BatchMgmt.GetBatch: _get,
    BatchMgmt.CancelBatch: _cancel,
    BatchMgmt.ListBatches: _list,
    BatchMgmt.ListBatchRequestMetadata: _list_requests,
    BatchMgmt.ListBatchResults: _list_results,
    BatchMgmt.GetBatchRequestResult: _get_result,
}
