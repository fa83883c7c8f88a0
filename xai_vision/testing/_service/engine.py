"""The fake service of one tenant, without any transport: its data, its rules and its calls.

The methods of the API are functions that take the engine, such as those of ``completions.py``. They
turn requests into responses or ServiceErrors. The gRPC and REST transports translate their requests
into protos, call these functions, and translate the responses and errors back.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from xai_vision.proto import image_pb2
from xai_vision.testing._batches.store import BatchStore
from xai_vision.testing._calls.images import CallImage
from xai_vision.testing._calls.log import CallLog
from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.trace import CallTrace
from xai_vision.testing._cassettes.recorder import make_recorder
from xai_vision.testing._clock import Clock
from xai_vision.testing._collections.store import CollectionStore
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._faults.injection import FaultRegistry
from xai_vision.testing._files.store import FileStore
from xai_vision.testing._generation.downloads import Downloads
from xai_vision.testing._generation.plans import ImagePlan
from xai_vision.testing._generation.video_jobs import VideoJobs
from xai_vision.testing._rules.table import RuleTable
from xai_vision.testing._rules.verification import explain_call
from xai_vision.testing._service.active_call import ActiveCall
from xai_vision.testing._service.deferred import DeferredResponses
from xai_vision.testing._service.image_inspection import ImageInspector
from xai_vision.testing._service.image_sources import SourceTable
from xai_vision.testing._service.models import LANGUAGE_MODELS, ModelCatalog, read_models
from xai_vision.testing._service.rate_limiter import RateLimiter
from xai_vision.testing._service.request_reader import RequestReader
from xai_vision.testing._service.response_store import ResponseStore
from xai_vision.testing._settings import Settings
from xai_vision.testing._upstream.exchange import Upstream
from xai_vision.testing._upstream.factory import make_upstream
from xai_vision.testing._upstream.page_tokens import PageTokens

if TYPE_CHECKING:
    from xai_vision.testing._eyes.reader import ImageReader


class Engine:
    """The service of one tenant.

    Attributes:
        name: The name of the tenant.
        settings: The tenant's settings.
        traces_calls: Whether calls get a ``CallTrace``, for the inspector.
        clock: The service's clock.
        rules: The rules for replies.
        calls: The log of calls.
        urls: The images at web addresses.
        files: The uploaded files, by id.
        store: The stored responses.
        deferred: The deferred responses.
        models: The language models.
        batches: The batches.
        collections: The collections of documents.
        reader: Reads conversations.
        image_reader: Reads the text and the codes of images, if the setting ``eyes`` is on.
        downloads: The generated files at URLs of this machine.
        image_plan: The results of image generation.
        videos: The videos in progress.
        faults: The rules for faults.
        rate_limiter: The rate limit, if any.
        upstream: What answers the calls that no rule answers; None if the engine does.
        recorder: The upstream, if it is a cassette; otherwise None.

    Args:
        settings: The settings.
        clock: The clock.
        inspector: Reads the facts of images.
        on_call_end: A function that is called when a call ends, with its record and ``name``.

    Raises:
        ImportError: A package of the extra "eyes" is missing, and the setting ``eyes`` is on.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        inspector: ImageInspector,
        downloads: Downloads,
        on_call_end: Callable[[Call, str], None] | None = None,
    ) -> None:
        self.name = "default"
        self.traces_calls = False
        self.settings = settings
        self.clock = clock
        self.rules = RuleTable(strict=settings.unmatched == "error")
        explain = partial(explain_call, self.rules)
        self.calls = CallLog(settings.keep_calls, settings.keep_log_bytes, explain)
        self.calls.rules = self.rules
        self.urls = SourceTable()
        self.files = FileStore(clock, self.new_id)
        self.collections = CollectionStore(clock, self.files)
        self.batches = BatchStore(clock, settings, self.new_id)
        self.downloads = downloads
        self.image_plan = ImagePlan()
        self.videos = VideoJobs()
        self.store = ResponseStore(clock, settings.keep_stored_days)
        self.deferred = DeferredResponses(clock, settings.keep_deferred_hours)
        self.models = ModelCatalog(read_models(settings.models), LANGUAGE_MODELS)
        self.faults = FaultRegistry(settings.seed)
        self.rate_limiter: RateLimiter | None = None
        self.upstream: Upstream | None = make_upstream(settings, self.urls, self.files)
        self.page_tokens = PageTokens()
        self.recorder = make_recorder(settings, self.upstream, self.test_error)
        if self.recorder is not None:
            self.upstream = self.recorder
        self._rng = random.Random(settings.seed)  # noqa: S311 - reproducible
        # uuid4() makes a system call each time, which releases the GIL.
        self._id_rng = self._rng if settings.fixed_ids else random.Random()  # noqa: S311 - not secret
        # A generator of their own, because every call draws one, and few calls draw other ids.
        request_seed = f"request ids {settings.seed}" if settings.fixed_ids else None
        self._request_id_rng = random.Random(request_seed)  # noqa: S311 - not secret
        self._active: set[ActiveCall] = set()
        self._on_call_end = on_call_end
        self.reader = RequestReader(
            settings, inspector, self.calls.image_cache, self.urls, self.files
        )
        self.image_reader = _load_image_reader() if settings.eyes else None
        formats = tuple(dict.fromkeys((*settings.image_formats, "WEBP")))
        self._source_reader = RequestReader(
            settings.replace(image_formats=formats),
            inspector,
            self.calls.image_cache,
            self.urls,
            self.files,
        )

    def start_call(self, record: Call) -> ActiveCall:
        """Add a call to the log and to the active calls."""
        request_id = _random_uuid(self._request_id_rng)
        if self.traces_calls:
            record.trace = CallTrace()
        call = ActiveCall(record, self.calls, self._rng, self._end_call, request_id)
        self._active.add(call)
        return call

    def _end_call(self, call: ActiveCall) -> None:
        try:
            self._active.remove(call)
        except KeyError:
            return  # The end was reported before.
        if self._on_call_end is not None:
            self._on_call_end(call.record, self.name)

    def apply_faults(self, call: ActiveCall, tokens: int = 0) -> None:
        """Apply the rate limit and the faults due before the response; schedule the later ones.

        Args:
            call: The call.
            tokens: The number of prompt tokens, for the rate limit.

        Raises:
            ServiceError: The rate limit is exceeded, or a fault ends the call.
        """
        call.note("read")
        if self.rate_limiter is not None and call.rate_limited:
            self.rate_limiter.acquire(tokens)
        try:
            faults = self.faults.select(call.record)
        except RuntimeError as error:
            raise self.test_error(str(error)) from error
        self.schedule_faults(call, faults)

    def schedule_faults(self, call: ActiveCall, faults: list[Fault]) -> None:
        """Apply these faults to a call, now or during its delivery.

        Raises:
            ServiceError: A fault ends the call.
        """
        if faults:
            call.delivery.faults = tuple(faults)
            call.record_fault(*faults)
            call.delivery.raise_early_fault()

    def read_image(self, content: image_pb2.ImageUrlContent) -> CallImage:
        """Open an image that an image or a video is made from. WebP is accepted too.

        Raises:
            ServiceError: The service does not accept the image, or cannot fetch it.
        """
        return self._source_reader.read_image(content)

    def test_error(self, message: str) -> ServiceError:
        """Record an error of the test itself for ``verify()``; return the error for its client."""
        return self.rules.note_error(message)

    @property
    def has_active_calls(self) -> bool:
        """Whether a call of this tenant is in progress."""
        return bool(self._active)

    def release(self) -> None:
        """End the waits in the delivery of this tenant's responses."""
        for call in list(self._active):
            call.delivery.release()

    def close_upstream(self) -> None:
        """Close the connections to the upstream. A later call opens new ones."""
        if self.upstream is not None:
            self.upstream.close()

    def new_id(self) -> str:
        """Return a new UUID; with ``fixed_ids`` the seed determines it."""
        return _random_uuid(self._id_rng)


def _load_image_reader() -> ImageReader:
    # Imported on use, because it needs the packages of an extra.
    from xai_vision.testing._eyes.reader import load_reader

    return load_reader()


def _random_uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
