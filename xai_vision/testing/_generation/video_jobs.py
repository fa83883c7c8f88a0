"""The videos in progress."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from xai_vision.proto import deferred_pb2, video_pb2
from xai_vision.testing._errors import not_found
from xai_vision.testing._generation.plans import VideoPlan


@dataclass
class _Job:
    """A video in progress.

    Attributes:
        finish: Makes the response.
        plan: The course of the request.
        polls: The number of polls so far.
        response: The finished response.
    """

    finish: Callable[[], video_pb2.VideoResponse]
    plan: VideoPlan
    polls: int = 0
    response: video_pb2.VideoResponse | None = None


class VideoJobs:
    """The videos in progress by request id.

    Attributes:
        plan: The course of the requests that are added from now on.
    """

    def __init__(self) -> None:
        self.plan = VideoPlan()
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.Lock()

    def put(self, request_id: str, finish: Callable[[], video_pb2.VideoResponse]) -> None:
        """Add a request."""
        with self._lock:
            self._jobs[request_id] = _Job(finish, self.plan)

    def __contains__(self, request_id: object) -> bool:
        return request_id in self._jobs

    def clear(self) -> None:
        """Remove all requests and reset the plan."""
        with self._lock:
            self._jobs.clear()
            self.plan = VideoPlan()

    def poll(self, request_id: str) -> video_pb2.GetDeferredVideoResponse:
        """Return the state of a request.

        Raises:
            ServiceError: NOT_FOUND if the request does not exist.
        """
        with self._lock:
            job = self._jobs.get(request_id)
            if job is None:
                raise not_found(f"Deferred video not found: {request_id}")
            plan = job.plan
            job.polls += 1
            if job.polls <= plan.ready_after_polls:
                progress = 99 * (job.polls - 1) // max(plan.ready_after_polls, 1)
                return _state(deferred_pb2.PENDING, video_pb2.VideoResponse(progress=progress))
            if plan.expired:
                return video_pb2.GetDeferredVideoResponse(status=deferred_pb2.EXPIRED)
            if plan.failed:
                code, message = plan.failed
                error = video_pb2.VideoError(code=code, message=message)
                return _state(deferred_pb2.FAILED, video_pb2.VideoResponse(error=error))
            if job.response is None:
                job.response = job.finish()
            return _state(deferred_pb2.DONE, job.response)


def _state(
    status: deferred_pb2.DeferredStatus.ValueType, response: video_pb2.VideoResponse
) -> video_pb2.GetDeferredVideoResponse:
    return video_pb2.GetDeferredVideoResponse(status=status, response=response)
