"""Describe the calls of ``client.batch``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias, TypeVar

from google.protobuf.message import Message

from xai_vision import _validation as checks
from xai_vision._transport.options import CallOptions, call_options
from xai_vision._transport.polling import Wait
from xai_vision._transport.rpc import CallSequence, RpcCall
from xai_vision.errors import BatchCancelledError
from xai_vision.proto import batch_pb2
from xai_vision.proto.batch_pb2_grpc import BatchMgmt as Rpc
from xai_vision.services._batch.results import BaseListBatchResultsResponse, BatchResult
from xai_vision.services._files.progress import check_callback
from xai_vision.services._pages import PageCalls
from xai_vision.services._rpcs import Call, CallOrOptions, describe, unchanged

RequestState: TypeAlias = Literal["pending", "succeeded", "cancelled", "failed"]
ProgressCallback: TypeAlias = Callable[[batch_pb2.Batch], object]
PageT = TypeVar("PageT", bound=Message)
ResultT = TypeVar("ResultT", bound=BatchResult)
ResultsT = TypeVar("ResultsT", bound=BaseListBatchResultsResponse[Any])

_STATES: Final = {
    name.removeprefix("STATE_").lower(): number
    for name, number in batch_pb2.BatchRequestMetadata.State.items()
    if number
}
_WAIT_SECONDS: Final = 24 * 3600.0
"""Most batches finish within this time (documented)."""
_INTERVAL: Final = timedelta(seconds=5)
_POLL_SECONDS: Final = 60.0
"""A wait of hours outlasts a poll that hangs, and a service that is away for some time."""


def create(
    batch_name: str, input_file_id: str | None, call: Call
) -> RpcCall[batch_pb2.Batch, batch_pb2.Batch]:
    """Describe the creation of a batch."""
    request = batch_pb2.CreateBatchRequest(name=checks.string("batch_name", batch_name))
    if input_file_id is not None:
        request.input_file_id = checks.string("input_file_id", input_file_id, empty=False)
    return describe(Rpc.CreateBatch, request, unchanged, call)


def get(batch_id: str, call: Call) -> RpcCall[batch_pb2.Batch, batch_pb2.Batch]:
    """Describe the request for the state of a batch."""
    request = batch_pb2.GetBatchRequest(batch_id=_batch_id(batch_id))
    return describe(Rpc.GetBatch, request, unchanged, call)


def cancel(batch_id: str, call: Call) -> RpcCall[batch_pb2.Batch, batch_pb2.Batch]:
    """Describe the cancellation of a batch."""
    request = batch_pb2.CancelBatchRequest(batch_id=_batch_id(batch_id))
    return describe(Rpc.CancelBatch, request, unchanged, call)


def list_batches(
    limit: int | None, pagination_token: str | None, call: Call
) -> RpcCall[batch_pb2.ListBatchesResponse, batch_pb2.ListBatchesResponse]:
    """Describe the request for a page of batches."""
    request = _page(batch_pb2.ListBatchesRequest(), limit, pagination_token)
    return describe(Rpc.ListBatches, request, unchanged, call)


def list_requests(
    batch_id: str,
    limit: int | None,
    pagination_token: str | None,
    status: RequestState | None,
    call: Call,
) -> RpcCall[
    batch_pb2.ListBatchRequestMetadataResponse, batch_pb2.ListBatchRequestMetadataResponse
]:
    """Describe the request for the states of a page of requests."""
    request = batch_pb2.ListBatchRequestMetadataRequest(batch_id=_batch_id(batch_id))
    if status is not None:
        state: Any = _STATES[checks.enum("status", status, _STATES)]
        request.status.append(state)
    return describe(
        Rpc.ListBatchRequestMetadata, _page(request, limit, pagination_token), unchanged, call
    )


def list_results(
    batch_id: str,
    limit: int | None,
    pagination_token: str | None,
    page: type[ResultsT],
    call: CallOrOptions,
) -> RpcCall[batch_pb2.ListBatchResultsResponse, ResultsT]:
    """Describe the request for a page of results."""
    request = batch_pb2.ListBatchResultsRequest(batch_id=_batch_id(batch_id))
    return describe(Rpc.ListBatchResults, _page(request, limit, pagination_token), page, call)


def list_pages(batch_id: str, page: type[ResultsT], call: Call) -> PageCalls[ResultsT]:
    """Return the function that describes the request for the page of a token."""
    options = call_options(call)
    return lambda token: list_results(batch_id, None, token, page, options)


def get_result(
    batch_id: str, batch_request_id: str, result: type[ResultT], call: Call
) -> RpcCall[batch_pb2.GetBatchRequestResultResponse, ResultT]:
    """Describe the request for one result."""
    request = batch_pb2.GetBatchRequestResultRequest(
        batch_id=_batch_id(batch_id),
        batch_request_id=checks.string("batch_request_id", batch_request_id, empty=False),
    )
    return describe(Rpc.GetBatchRequestResult, request, lambda reply: result(reply.result), call)


def waiting(
    batch_id: str,
    interval: float | timedelta | None,
    on_progress: ProgressCallback | None,
    call: Call,
) -> CallSequence[batch_pb2.Batch]:
    """Check the arguments and describe the calls that wait for a batch."""
    body = batch_pb2.GetBatchRequest(batch_id=_batch_id(batch_id)).SerializeToString()
    options = call_options(call)
    wait = Wait(options, interval, _WAIT_SECONDS, _INTERVAL, poll_limit=_POLL_SECONDS)
    if on_progress is not None:
        check_callback("on_progress", on_progress, "f(batch)")

    def poll(options: CallOptions) -> RpcCall[batch_pb2.Batch, batch_pb2.Batch]:
        return RpcCall(Rpc.GetBatch, body, unchanged, options)

    def read(batch: batch_pb2.Batch) -> batch_pb2.Batch | None:
        if on_progress is not None:
            on_progress(batch)
        if batch.HasField("cancel_time"):
            reason = batch.cancel_by_xai_message or "its owner cancelled it"
            raise BatchCancelledError(
                f"the batch {batch_id} was cancelled: {reason.removesuffix('.')}. "
                "results() returns the results of the requests that were complete",
                batch,
            )
        # A batch that is loaded from a file has no requests at first, or no state.
        loading = not batch.HasField("state") or (
            batch.input_file_id and not batch.state.num_requests
        )
        return None if batch.state.num_pending or loading else batch

    def steps() -> CallSequence[batch_pb2.Batch]:
        wait.start()
        return (yield from wait.poll(poll, read, "batch", batch_id))

    return steps()


def _batch_id(value: str) -> str:
    return checks.string("batch_id", value, empty=False)


def _page(request: PageT, limit: int | None, pagination_token: str | None) -> PageT:
    fields: Any = request
    limit = checks.optional_integer("limit", limit, 1)
    if limit is not None:
        fields.limit = limit
    if pagination_token is not None:
        fields.pagination_token = checks.string("pagination_token", pagination_token)
    return request
