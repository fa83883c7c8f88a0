"""The methods of the service BatchMgmt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from xai_vision.proto import batch_pb2, empty_pb2
from xai_vision.proto.batch_pb2_grpc import BatchMgmt
from xai_vision.testing._batches.input_file import read_lines
from xai_vision.testing._batches.processing import process
from xai_vision.testing._errors import ServiceError, invalid_argument, not_found
from xai_vision.testing._paging import make_token, page
from xai_vision.testing._service.rest_body import unknown_keys

if TYPE_CHECKING:
    from xai_vision.testing._batches.batch import Batch, BatchItem
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine

_BATCHES: Final = "batches"


def create_batch(
    engine: Engine, request: batch_pb2.CreateBatchRequest, caller: ApiKey, call: ActiveCall
) -> batch_pb2.Batch:
    """Create a batch, with the requests of its file.

    Raises:
        ServiceError: The file does not exist or is not valid, or a limit is exceeded.
    """
    batch = new_batch(engine, request, caller)
    with engine.batches.lock:
        return batch.message()


def new_batch(engine: Engine, request: batch_pb2.CreateBatchRequest, caller: ApiKey) -> Batch:
    """Create a batch. Raises the errors of ``create_batch``."""
    lines = []
    if request.input_file_id:
        data = engine.files.fetch(request.input_file_id)
        if data is None:
            raise not_found(f"File not found: {request.input_file_id}")
        with unknown_keys(engine.settings):
            lines = read_lines(data)
    return engine.batches.create(request.name, caller, request.input_file_id, lines)


def add_requests(
    engine: Engine, request: batch_pb2.AddBatchRequestsRequest, caller: ApiKey, call: ActiveCall
) -> empty_pb2.Empty:
    """Add requests to a batch.

    Raises:
        ServiceError: The batch does not exist or accepts no requests, a request is not valid, or a
            limit is exceeded.
    """
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
    engine.batches.add(batch, request.batch_requests, caller)
    return empty_pb2.Empty()


def get_batch(
    engine: Engine, request: batch_pb2.GetBatchRequest, caller: ApiKey, call: ActiveCall
) -> batch_pb2.Batch:
    """Return the state of a batch.

    Raises:
        ServiceError: NOT_FOUND.
    """
    batch = poll(engine, request.batch_id)
    with engine.batches.lock:
        return batch.message()


def poll(engine: Engine, batch_id: str) -> Batch:
    """Count a poll of a batch, and process its requests when its plan says so.

    Raises:
        ServiceError: NOT_FOUND.
    """
    batch = engine.batches.get(batch_id)
    with engine.batches.lock:
        due = batch.is_due()
        if due and batch.plan.cancel:
            batch.cancel(engine.clock.time(), batch.plan.cancel)
    if due:
        process(engine, batch)
    return batch


def cancel_batch(
    engine: Engine, request: batch_pb2.CancelBatchRequest, caller: ApiKey, call: ActiveCall
) -> batch_pb2.Batch:
    """Cancel a batch.

    Raises:
        ServiceError: NOT_FOUND.
    """
    batch = engine.batches.get(request.batch_id)
    with engine.batches.lock:
        if batch.cancelled is None:
            batch.cancel(engine.clock.time())
        return batch.message()


def list_batches(
    engine: Engine, request: batch_pb2.ListBatchesRequest, caller: ApiKey, call: ActiveCall
) -> batch_pb2.ListBatchesResponse:
    """Return a page of batches, the newest first.

    Raises:
        ServiceError: The token is not valid.
    """
    with engine.batches.lock:
        batches, token = batch_page(engine, request)
        messages = [batch.message() for batch in batches]
    return batch_pb2.ListBatchesResponse(batches=messages, pagination_token=token)


def batch_page(
    engine: Engine, request: batch_pb2.ListBatchesRequest
) -> tuple[list[Batch], str | None]:
    """Return the batches of a page and the token of the next one.

    Raises:
        ServiceError: The token is not valid.
    """
    batches = engine.batches.all()
    return page(batches, request, _position, _BATCHES, descending=True)


def token_after(batch: Batch) -> str:
    """Return the token of the page that begins after a batch."""
    return make_token(_BATCHES, _position(batch))


def _position(batch: Batch) -> list[int]:
    return [batch.number]


def list_requests(
    engine: Engine,
    request: batch_pb2.ListBatchRequestMetadataRequest,
    caller: ApiKey,
    call: ActiveCall,
) -> batch_pb2.ListBatchRequestMetadataResponse:
    """Return a page of the states of requests, in the order in which they were added.

    Raises:
        ServiceError: The batch does not exist, or the token is not valid.
    """
    batch = engine.batches.get(request.batch_id)
    with engine.batches.lock:
        listed = [
            item
            for item in batch.items.values()
            if not request.status or item.state in request.status
        ]
        items, token = page(
            listed, request, lambda item: [item.number], f"requests {batch.batch_id}"
        )
        return batch_pb2.ListBatchRequestMetadataResponse(
            batch_request_metadata=[item.metadata() for item in items], pagination_token=token
        )


def list_results(
    engine: Engine, request: batch_pb2.ListBatchResultsRequest, caller: ApiKey, call: ActiveCall
) -> batch_pb2.ListBatchResultsResponse:
    """Return a page of results.

    Raises:
        ServiceError: The batch does not exist, or the token is not valid.
    """
    batch = poll(engine, request.batch_id)
    with engine.batches.lock:
        items, token = result_page(batch, request)
        return batch_pb2.ListBatchResultsResponse(
            results=[item.result for item in items if item.result], pagination_token=token
        )


def result_page(
    batch: Batch, request: batch_pb2.ListBatchResultsRequest
) -> tuple[list[BatchItem], str | None]:
    """Return the requests with the results of a page, and the token of the next one.

    Raises:
        ServiceError: The token is not valid.
    """
    scope = f"results {batch.batch_id}"
    return page(batch.results(), request, lambda item: [item.position], scope)


def _get_result(
    engine: Engine,
    request: batch_pb2.GetBatchRequestResultRequest,
    caller: ApiKey,
    call: ActiveCall,
) -> batch_pb2.GetBatchRequestResultResponse:
    batch = poll(engine, request.batch_id)
    with engine.batches.lock:
        item = batch.items.get(request.batch_request_id)
        if item is None or item.result is None:
            missing = "Request" if item is None else "Result of the request"
            raise not_found(f"{missing} not found: {request.batch_request_id}")
        response = batch_pb2.GetBatchRequestResultResponse(request=item.request, result=item.result)
        response.request.batch_request_id = item.request_id
        return response


UNARY: Final[dict[Any, Any]] = {
    BatchMgmt.CreateBatch: create_batch,
    BatchMgmt.AddBatchRequests: add_requests,
    BatchMgmt.GetBatch: get_batch,
    BatchMgmt.CancelBatch: cancel_batch,
    BatchMgmt.ListBatches: list_batches,
    BatchMgmt.ListBatchRequestMetadata: list_requests,
    BatchMgmt.ListBatchResults: list_results,
    BatchMgmt.GetBatchRequestResult: _get_result,
}
