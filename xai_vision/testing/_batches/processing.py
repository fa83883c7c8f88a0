"""Process the requests of a batch as single requests are processed, with the test's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grpc import StatusCode

from xai_vision.proto import batch_pb2
from xai_vision.proto.batch_grpc import BatchMgmt
from xai_vision.testing._calls.record import Call
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._generation import images, videos
from xai_vision.testing._service.delivery import ClientDisconnected

if TYPE_CHECKING:
    from xai_vision.testing._batches.batch import Batch, BatchItem
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine

_METHODS = {
    "completion_request": "GetCompletion",
    "image_request": "GenerateImage",
    "video_request": "GenerateVideo",
    "video_extension_request": "ExtendVideo",
}


def process(engine: Engine, batch: Batch, caller: ApiKey) -> None:
    """Process the pending requests of a batch. Each is a call in the log."""
    for item in batch.pending():
        if batch.cancelled is None:
            _process_item(engine, batch, item, caller)


def _process_item(engine: Engine, batch: Batch, item: BatchItem, caller: ApiKey) -> None:
    kind = item.request.WhichOneof("request") or "completion_request"
    record = Call(_METHODS[kind], BatchMgmt.SERVICE)
    record.metadata = (("batch-request-id", item.request_id),)
    record.key_id, record.request = caller.key_id, item.body
    call = engine.start_call(record)
    call.rate_limited = False  # Batches do not count against rate limits.
    now = engine.clock.time()
    try:
        if item.request_id in batch.plan.fail:
            raise ServiceError(StatusCode.INTERNAL, "The request could not be processed.")
        data = _result(engine, kind, item, caller, call)
    except Exception as error:  # noqa: BLE001 - becomes the request's result
        status = _status(engine, call, error)
        call.finish(status.code.name, status.details)
        code = int(status.code.value[0])
        item.finish("STATE_FAILED", now, error={"code": code, "message": status.details})
        return
    response: Any = getattr(data, data.WhichOneof("response") or "completion_response")
    item.cost = response.usage.cost_in_usd_ticks
    call.record_response(response)
    call.finish("OK")
    item.finish("STATE_SUCCEEDED", now, response=data)


def _result(
    engine: Engine, kind: str, item: BatchItem, caller: ApiKey, call: ActiveCall
) -> batch_pb2.BatchResultData:
    request: Any = type(item.body).FromString(item.body.SerializeToString())  # a copy to change
    if kind == "completion_request":
        response = engine.complete(request, caller, call)
        return batch_pb2.BatchResultData(completion_response=response)
    if kind == "image_request":
        return batch_pb2.BatchResultData(
            image_response=images.generate(engine, request, caller, call)
        )
    finish = videos.make_response(engine, request, caller, call)
    return batch_pb2.BatchResultData(video_response=finish())


def _status(engine: Engine, call: ActiveCall, error: Exception) -> ServiceError:
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, ClientDisconnected):
        return ServiceError(StatusCode.UNAVAILABLE, "The fake server was stopped.")
    return engine.test_error(f"{call!r}: {type(error).__name__}: {error}")
