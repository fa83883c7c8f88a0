"""Batches and their results as JSON of the REST API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.json_format import MessageToDict

from xai_vision.proto import batch_pb2
from xai_vision.testing._batches.input_file import CHAT, output_lines, response_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xai_vision.testing._batches.batch import Batch
    from xai_vision.testing._service.engine import Engine

_RESULT_KEYS: Final = {
    "completion_response": "chat_get_completion",
    "image_response": "image_generation",
    "video_response": "video_generation",
}


def result_json(result: batch_pb2.BatchResult, endpoint: str, finished: float) -> dict[str, Any]:
    """Return the JSON of a result that is not an error; see ``response_json``."""
    kind = result.response.WhichOneof("response") or "completion_response"
    response = {_RESULT_KEYS[kind]: response_json(result.response, endpoint, finished)}
    return {"batch_request_id": result.batch_request_id, "response": response}


def to_dict(message: Any) -> dict[str, Any]:
    """Return a proto as JSON with the names of its fields."""
    return MessageToDict(message, preserving_proto_field_name=True)


@dataclass(frozen=True)
class BatchFacts:
    """The facts about a batch that only OpenAI's JSON has. Of an upstream's they are not known.

    Attributes:
        endpoint: The endpoint of its requests.
        finished: When its last request was finished, in seconds since the epoch.
        output_id: The id of the file with its results.
        error_id: The id of the file with its errors.
        metadata: Its metadata.
    """

    endpoint: str = CHAT
    finished: float | None = None
    output_id: str | None = None
    error_id: str | None = None
    metadata: Mapping[str, Any] | None = None


def facts_of(engine: Engine, batch: Batch) -> BatchFacts:
    """Return the facts about a batch of the engine."""
    state = batch.message().state
    complete = bool(state.num_requests) and not state.num_pending
    output_id, error_id = _output_files(engine, batch) if complete else (None, None)
    first = next(iter(batch.items.values()), None)
    return BatchFacts(
        first.endpoint if first else CHAT,
        max((item.finished or 0.0 for item in batch.items.values()), default=0.0),
        output_id,
        error_id,
        batch.metadata,
    )


def batch_json(message: batch_pb2.Batch, facts: BatchFacts) -> dict[str, Any]:
    """Return the JSON of a batch, with the keys of xAI and those of OpenAI."""
    state = message.state
    result = to_dict(message)
    counters = ("num_requests", "num_pending", "num_success", "num_error", "num_cancelled")
    result["state"] = {name: getattr(state, name) for name in counters}
    if "cost_breakdown" in result:
        ticks = message.cost_breakdown.total_cost_usd_ticks
        result["cost_breakdown"]["total_cost_usd_ticks"] = ticks
    complete = bool(state.num_requests) and not state.num_pending
    cancelled_at = message.cancel_time.seconds if message.HasField("cancel_time") else None
    cancelled = cancelled_at is not None
    finished = None if facts.finished is None else int(facts.finished)
    return {
        **result,
        "id": message.batch_id,
        "object": "batch",
        "endpoint": facts.endpoint,
        "errors": None,
        "input_file_id": message.input_file_id,
        "completion_window": "24h",
        "status": _status(complete or not state.num_requests, cancelled, complete),
        "output_file_id": facts.output_id,
        "error_file_id": facts.error_id,
        "created_at": message.create_time.seconds,
        "in_progress_at": message.create_time.seconds,
        "expires_at": message.expire_time.seconds,
        "completed_at": finished if complete and not cancelled else None,
        "cancelling_at": cancelled_at,
        "cancelled_at": cancelled_at,
        "request_counts": {
            "total": state.num_requests,
            "completed": state.num_success,
            "failed": state.num_error,
        },
        "metadata": facts.metadata,
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
            items = [
                item
                for item in results
                if (item.result is not None and item.result.HasField("error")) is failed
            ]
            if items:
                filename = f"{batch.batch_id}_{name}.jsonl"
                files.append(engine.files.add(filename, output_lines(items)).file_id)
            else:
                files.append(None)
        batch.file_ids = (files[0], files[1])
    return batch.file_ids
