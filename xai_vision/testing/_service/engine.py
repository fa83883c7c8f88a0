"""The fake service without any transport: it turns requests into responses or ServiceErrors.

One engine serves one tenant. The gRPC and REST transports translate their requests into protos,
call the engine, and translate its responses and errors back.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from functools import partial

from xai_vision.proto import chat_pb2, deferred_pb2, image_pb2, usage_pb2
from xai_vision.testing._batches.store import BatchStore
from xai_vision.testing._calls.images import CallImage
from xai_vision.testing._calls.log import CallLog
from xai_vision.testing._calls.record import Call
from xai_vision.testing._clock import Clock
from xai_vision.testing._collections.store import CollectionStore
from xai_vision.testing._errors import (
    ServiceError,
    error_in_test,
    invalid_argument,
    permission_denied,
)
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._faults.injection import FaultRegistry
from xai_vision.testing._files.store import FileStore
from xai_vision.testing._generation.downloads import Downloads
from xai_vision.testing._generation.plans import ImagePlan
from xai_vision.testing._generation.video_jobs import VideoJobs
from xai_vision.testing._rules.reply import Reply
from xai_vision.testing._rules.table import RuleTable
from xai_vision.testing._rules.tool_calls import ServerToolCall
from xai_vision.testing._rules.verification import explain_call
from xai_vision.testing._service.active_call import ActiveCall
from xai_vision.testing._service.api_keys import ApiKey
from xai_vision.testing._service.default_reply.reply import default_reply
from xai_vision.testing._service.deferred import DeferredResponses
from xai_vision.testing._service.image_inspection import ImageInspector
from xai_vision.testing._service.image_sources import SourceTable
from xai_vision.testing._service.model_choice import choose_model
from xai_vision.testing._service.models import LANGUAGE_MODELS, Model, ModelCatalog, read_models
from xai_vision.testing._service.rate_limiter import RateLimiter
from xai_vision.testing._service.request_reader import (
    ConversationSummary,
    RequestReader,
    client_functions,
    compaction_state,
    without_image_data,
)
from xai_vision.testing._service.request_validation import validate_request
from xai_vision.testing._service.response import encrypted_content
from xai_vision.testing._service.response.builder import ResponseBuilder
from xai_vision.testing._service.response.usage import cost
from xai_vision.testing._service.response_store import ResponseStore
from xai_vision.testing._settings import Settings


class Engine:
    """The service of one tenant.

    Attributes:
        name: The name of the tenant.
        settings: The tenant's settings.
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
        downloads: The generated files at URLs of this machine.
        image_plan: The results of image generation.
        videos: The videos in progress.
        faults: The rules for faults.
        rate_limiter: The rate limit, if any.

    Args:
        settings: The settings.
        clock: The clock.
        inspector: Reads the facts of images.
        on_call_end: A function that is called when a call ends, with its record and ``name``.
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
        self.settings = settings
        self.clock = clock
        self.rules = RuleTable(strict=settings.unmatched == "error")
        explain = partial(explain_call, self.rules)
        self.calls = CallLog(settings.keep_calls, settings.keep_log_bytes, explain)
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
        self._rng = random.Random(settings.seed)  # noqa: S311 - reproducible
        # uuid4() makes a system call each time, which releases the GIL.
        self._id_rng = self._rng if settings.fixed_ids else random.Random()  # noqa: S311 - not secret
        # A generator of their own, because every call draws one, and few calls draw other ids.
        request_seed = f"request ids {settings.seed}" if settings.fixed_ids else None
        self._request_id_rng = random.Random(request_seed)  # noqa: S311 - not secret
        self._active: set[ActiveCall] = set()
        self._on_call_end = on_call_end
        self._reader = RequestReader(
            settings, inspector, self.calls.image_cache, self.urls, self.files
        )
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

    def complete(
        self, request: chat_pb2.GetCompletionsRequest, caller: ApiKey, call: ActiveCall
    ) -> chat_pb2.GetChatCompletionResponse:
        """Return the response to a request.

        Args:
            request: The request. The engine may change it.
            caller: The API key of the client.
            call: The call; its record is filled in while the request is read.

        Raises:
            ServiceError: The request is refused, or a fault ends the call.
        """
        model = self._resolve_model(request, caller, call)
        validate_request(request, self.settings)
        if not request.messages:
            raise invalid_argument("The request has no messages. Send at least one.")
        earlier = None
        if request.HasField("previous_response_id"):
            earlier = self.store.get(request.previous_response_id).conversation
        summary = self._read_messages(call.record, earlier)
        self._check_limits(summary, model, caller)
        if summary.images and request.store_messages and self.settings.stored_images == "refuse":
            raise invalid_argument(
                "Requests with images cannot be stored. Send them with store_messages=False."
            )
        self.apply_faults(call, summary.text_tokens + summary.image_tokens)
        reply = self._choose_reply(request, summary, call)
        viewed = sum(self._viewed_image_tokens(tool_call) for tool_call in reply.steps)
        builder = ResponseBuilder(request, summary, model, self.new_id(), self.clock.time(), viewed)
        response = builder.build(reply)
        if request.store_messages:
            turn = ConversationSummary(
                message_count=1,
                text_tokens=response.usage.completion_tokens,
                last_response=response.outputs[-1].message.content,
                functions={
                    call_id: name
                    for output in response.outputs
                    for call_id, name in client_functions(output.message.tool_calls).items()
                },
                answer_count=1,
            )
            self.store.put(response, turn.appended_to(summary))
        return response

    def defer(
        self, request: chat_pb2.GetCompletionsRequest, caller: ApiKey, call: ActiveCall
    ) -> deferred_pb2.StartDeferredResponse:
        """Prepare a deferred response. An invalid request is refused at once.

        Raises:
            ServiceError: The request is refused, or a fault ends the call.
        """
        response = self.complete(request, caller, call)
        request_id = self.new_id()
        self.deferred.put(request_id, response)
        return deferred_pb2.StartDeferredResponse(request_id=request_id)

    def compact(
        self, request: chat_pb2.CompactContextRequest, caller: ApiKey, call: ActiveCall
    ) -> chat_pb2.CompactContextResponse:
        """Compact a conversation into encrypted content that only the service can read.

        Raises:
            ServiceError: The request is refused, or a fault ends the call.
        """
        model = self._resolve_model(request, caller, call)
        if not request.input:
            raise invalid_argument("There is nothing to compact: the request has no messages.")
        summary = self._read_messages(call.record)
        self._check_limits(summary, model, caller)
        prompt_tokens = summary.text_tokens + summary.image_tokens
        self.apply_faults(call, prompt_tokens)
        state = compaction_state(summary)
        response = chat_pb2.CompactContextResponse(
            id=self.new_id(),
            encrypted_content=encrypted_content.encode(state),
            dropped_message_count=len(request.input),
            usage=usage_pb2.SamplingUsage(
                prompt_text_tokens=summary.text_tokens,
                prompt_image_tokens=summary.image_tokens,
                prompt_tokens=prompt_tokens,
                completion_tokens=state["tokens"],
                total_tokens=prompt_tokens + state["tokens"],
            ),
        )
        response.usage.cost_in_usd_ticks = cost(response.usage, model)
        return response

    def apply_faults(self, call: ActiveCall, tokens: int = 0) -> None:
        """Apply the rate limit and the faults due before the response; schedule the later ones.

        Args:
            call: The call.
            tokens: The number of prompt tokens, for the rate limit.

        Raises:
            ServiceError: The rate limit is exceeded, or a fault ends the call.
        """
        if self.rate_limiter is not None and call.rate_limited:
            self.rate_limiter.acquire(tokens)
        try:
            faults = self.faults.select(call.record)
        except RuntimeError as error:
            raise self.test_error(str(error)) from error
        self._schedule_faults(call, faults)

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

    def new_id(self) -> str:
        """Return a new UUID; with ``fixed_ids`` the seed determines it."""
        return _random_uuid(self._id_rng)

    def _viewed_image_tokens(self, tool_call: ServerToolCall) -> int:
        """Return the image tokens of a "view_image" call; 0 for other tools."""
        if tool_call.tool != "view_image" or tool_call.failed:
            return 0
        data = self.urls.fetch(str(tool_call.arguments.get("image_url", "")))
        if data is None:
            return self.settings.viewed_tokens
        return self._reader.image_tokens(data)

    def _choose_reply(
        self,
        request: chat_pb2.GetCompletionsRequest,
        summary: ConversationSummary,
        call: ActiveCall,
    ) -> Reply:
        choice = self.rules.choose(call.record)
        self.calls.note_change()
        call.delivery.reserve_reply(choice.return_reply)
        outcome = choice.outcome(call.record)
        strict = self.settings.unmatched == "error"
        # A fault that cuts the response needs one to cut.
        if outcome is None and strict and not call.delivery.is_interrupted:
            raise error_in_test(f"No rule matches this call. {choice.nearest}")
        if isinstance(outcome, Fault):
            call.delivery.commit_reply()
            self._schedule_faults(call, [*call.delivery.faults, outcome])
        reply = outcome if isinstance(outcome, Reply) else default_reply(request, summary)
        call.delivery.reply = reply
        return reply

    def _schedule_faults(self, call: ActiveCall, faults: list[Fault]) -> None:
        if faults:
            call.delivery.faults = tuple(faults)
            call.record_fault(*faults)
            call.delivery.raise_early_fault()

    def _resolve_model(
        self,
        request: chat_pb2.GetCompletionsRequest | chat_pb2.CompactContextRequest,
        caller: ApiKey,
        call: ActiveCall,
    ) -> Model:
        call.record.request = request
        return choose_model(self.models, request.model, caller, call.record)

    def _read_messages(
        self, record: Call, earlier: ConversationSummary | None = None
    ) -> ConversationSummary:
        """Read the request in ``record``, and fill in the record's prompt and images.

        Returns:
            The summary of the whole conversation, which continues ``earlier``.
        """
        summary = self._reader.read(record.messages, earlier)
        record.prompt, record.images = summary.prompt, summary.images
        record.tool_results = tuple(summary.tool_results)
        new_images = [image for image in summary.images if not image.earlier]
        record.request = without_image_data(record.request, new_images)
        if earlier:
            summary = summary.appended_to(earlier)
            record.earlier_images = [image for image in summary.images if image.earlier]
        record.system, record.turn = summary.system, summary.answer_count + 1
        self.calls.note_change()
        return summary

    def _check_limits(self, summary: ConversationSummary, model: Model, caller: ApiKey) -> None:
        length = summary.text_tokens + summary.image_tokens
        if length > model.max_prompt_length:
            raise invalid_argument(
                f"This model's maximum prompt length is {model.max_prompt_length} but the request "
                f"contains {length} tokens."
            )
        if not summary.images:
            return
        if not model.vision:
            raise invalid_argument(f"Image inputs are not supported by the model {model.name}.")
        if not caller.vision:
            raise permission_denied("The API key has no access to the vision endpoint.")


def _random_uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
