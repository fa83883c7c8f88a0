"""Process the requests of a batch as single requests are processed, with the test's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from grpc import StatusCode

from xai_vision.proto import batch_pb2
from xai_vision.proto.batch_pb2_grpc import BatchMgmt
from xai_vision.testing._calls.record import Call
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._generation import images, videos
from xai_vision.testing._service.call_errors import to_service_error
from xai_vision.testing._upstream.completions import complete

if TYPE_CHECKING:
    from xai_vision.testing._batches.batch import Batch, BatchItem
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.engine import Engine

_METHODS: Final = {
    "completion_request": "GetCompletion",
    "image_request": "GenerateImage",
    "video_request": "GenerateVideo",
    "video_extension_request": "ExtendVideo",
}

_URL_HOURS: Final = 1
"""The hours for which the images and videos of batches can be downloaded (documented)."""

_ENDLESS: Final = ("hang", "freeze")
_LATE_ERRORS: Final = {
    "reset": ("UNAVAILABLE", "Connection reset by peer"),
    "malformed": ("INTERNAL", "The test injected a malformed response."),
}


def process(engine: Engine, batch: Batch) -> None:
    """Process the requests of a batch that wait. Each is a call in the log.

    Several threads may poll a batch. Each processes the next request without a lock, because a
    rule may call a function of the test, which may block or call the server.
    """
    while True:
        with engine.batches.lock:
            item = batch.start_next()
        if item is None:
            return
        _process_item(engine, batch, item)


def _process_item(engine: Engine, batch: Batch, item: BatchItem) -> None:
    kind = item.request.WhichOneof("request") or "completion_request"
    record = Call(_METHODS[kind], BatchMgmt.SERVICE)
    record.metadata = (("batch-request-id", item.request_id),)
    record.key_id, record.request, record.model = item.caller.key_id, item.body, item.body.model
    call = engine.start_call(record)
    call.rate_limited = False  # Batches do not count against rate limits.
    failure: ServiceError | None = None
    data = batch_pb2.BatchResultData()
    try:
        if item.request_id in batch.plan.fail:
            raise ServiceError(StatusCode.INTERNAL, "The request could not be processed.")
        data = _result(engine, kind, item, call)
    except Exception as error:  # noqa: BLE001 - becomes the request's result
        failure = to_service_error(engine, call, error)
    # Faults strike a request that no rule matches too.
    late = _late_fault(call)
    if late in _ENDLESS:
        call.finish("DEADLINE_EXCEEDED", "A fault keeps the batch's request pending.")
        return
    if late:
        failure = ServiceError(*_LATE_ERRORS[late])
    if failure is not None:
        call.finish(failure.code.name, failure.details)
        result = {"code": int(failure.code.value[0]), "message": failure.details}
        with engine.batches.lock:
            item.finish("STATE_FAILED", engine.clock.time(), error=result)
        return
    response: Any = getattr(data, data.WhichOneof("response") or "completion_response")
    call.record_response(response)
    call.finish("OK")
    with engine.batches.lock:
        item.cost = response.usage.cost_in_usd_ticks
        item.finish("STATE_SUCCEEDED", engine.clock.time(), response=data)


def _result(
    engine: Engine, kind: str, item: BatchItem, call: ActiveCall
) -> batch_pb2.BatchResultData:
    request: Any = type(item.body).FromString(item.body.SerializeToString())  # a copy to change
    caller = item.caller
    if kind == "completion_request":
        response = complete(engine, request, caller, call)
        return batch_pb2.BatchResultData(completion_response=response)
    if kind == "image_request":
        made = images.generate(engine, request, caller, call, url_hours=_URL_HOURS)
        return batch_pb2.BatchResultData(image_response=made)
    finish = videos.make_response(engine, request, caller, call, url_hours=_URL_HOURS)
    plan = engine.videos.plan
    if plan.expired:
        raise ServiceError(StatusCode.DEADLINE_EXCEEDED, "The video expired.")
    if plan.failed:
        invalid = plan.failed[0] == "invalid_argument"
        raise ServiceError("INVALID_ARGUMENT" if invalid else "INTERNAL", plan.failed[1])
    return batch_pb2.BatchResultData(video_response=finish())


def _late_fault(call: ActiveCall) -> str:
    """Return the kind of the fault that takes the place of the response; "" if there is none.

    A request of a batch has no connection, and nobody waits for its response: after a reset or a
    malformed response the request fails, and delays have no effect.
    """
    for fault in call.delivery.faults:
        if fault.kind in _ENDLESS or fault.kind in _LATE_ERRORS:
            call.delivery.return_reply()
            return fault.kind
    return ""
