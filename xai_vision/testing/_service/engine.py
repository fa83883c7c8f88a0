"""The service without a wire: requests in, answers or ServiceErrors out.

One engine serves one tenant. Every face (gRPC here, REST beside it) turns its own form of a
request into these protos, calls the engine, and turns what comes back into its own form again.
"""

from __future__ import annotations

import random
import uuid
from functools import partial

from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.testing._calls.log import CallLog
from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._clock import Clock
from xai_vision.testing._errors import ServiceError, invalid_argument, permission_denied
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._faults.injection import FaultRegistry
from xai_vision.testing._rules.reply import Reply, ServerToolCall
from xai_vision.testing._rules.table import RuleTable
from xai_vision.testing._rules.verification import explain_call
from xai_vision.testing._service.active_call import ActiveCall
from xai_vision.testing._service.api_keys import ApiKey
from xai_vision.testing._service.default_reply.reply import default_reply
from xai_vision.testing._service.deferred import DeferredResponses
from xai_vision.testing._service.image_inspection import ImageInspector
from xai_vision.testing._service.image_sources import SourceTable
from xai_vision.testing._service.models import LANGUAGE_MODELS, Model, ModelCatalog
from xai_vision.testing._service.rate_limiter import RateLimiter
from xai_vision.testing._service.request_reader import (
    ConversationSummary,
    RequestReader,
    compaction_state,
    without_image_data,
)
from xai_vision.testing._service.request_validation import validate_request
from xai_vision.testing._service.response import encrypted_content as opaque
from xai_vision.testing._service.response.builder import ResponseBuilder
from xai_vision.testing._service.response.usage import cost
from xai_vision.testing._service.response_store import ResponseStore
from xai_vision.testing._settings import Settings

__all__ = ["Engine"]


class Engine:
    """The service as one tenant sees it.

    Attributes:
        calls: Its log of calls.
        urls: Web addresses and what is there.
        files: Uploaded files by id.
        store: Stored answers.
        deferrals: Deferred answers.
        faults: What goes wrong.
        rules: Which call gets which answer.
        limiter: How much may come, or None.
    """

    def __init__(self, settings: Settings, clock: Clock, inspector: ImageInspector) -> None:
        self.settings = settings
        self.clock = clock
        self.rules = RuleTable()
        told = partial(explain_call, self.rules)
        self.calls = CallLog(settings.keep_calls, settings.keep_log_bytes, told)
        self.urls = SourceTable()
        self.files = SourceTable()
        self.store = ResponseStore(clock, settings.keep_stored_days)
        self.deferred = DeferredResponses(clock, settings.keep_deferred_hours)
        self.models = ModelCatalog(LANGUAGE_MODELS)
        self.faults = FaultRegistry(settings.seed)
        self.rate_limiter: RateLimiter | None = None
        # Not uuid4: it asks the system each time, and other threads take over meanwhile.
        self._ids = random.Random()  # noqa: S311 - no secrets
        self._random = random.Random(settings.seed)  # noqa: S311 - repeatable on purpose
        self._active: set[ActiveCall] = set()
        self._reader = RequestReader(
            settings, inspector, self.calls.image_cache, self.urls, self.files
        )

    def start_call(self, record: Call) -> ActiveCall:
        """Add a call that has arrived to the log, and start to handle it."""
        call = ActiveCall(record, self.calls, self._random, self._active.discard)
        self._active.add(call)
        return call

    def complete(
        self, request: chat_pb2.GetCompletionsRequest, caller: ApiKey, call: ActiveCall
    ) -> chat_pb2.GetChatCompletionResponse:
        """Answer a request.

        Args:
            request: What was asked. The engine may change it.
            caller: Who asks.
            call: The call; its record is filled in as the request is read.

        Raises:
            ServiceError: The request is refused.
        """
        model = self._resolve_model(request, caller, call)
        validate_request(request, self.settings)
        reading = self._read_request(request, model, caller, call)
        self.apply_faults(call, reading.text_tokens + reading.image_tokens)
        reply = self._choose_reply(request, reading, call)
        viewed = sum(self._viewed_image_tokens(step) for step in reply.steps)
        rendering = ResponseBuilder(
            request, reading, model, self.new_id(), self.clock.time(), viewed
        )
        response = rendering.build(reply)
        if request.store_messages:
            self._store(response, reading)
        return response

    def defer(
        self, request: chat_pb2.GetCompletionsRequest, caller: ApiKey, call: ActiveCall
    ) -> deferred_pb2.StartDeferredResponse:
        """Answer a request later. What is wrong with it is said at once.

        Raises:
            ServiceError: The request is refused.
        """
        response = self.complete(request, caller, call)
        request_id = self.new_id()
        self.deferred.put(request_id, response)
        return deferred_pb2.StartDeferredResponse(request_id=request_id)

    def compact(
        self, request: chat_pb2.CompactContextRequest, caller: ApiKey, call: ActiveCall
    ) -> chat_pb2.CompactContextResponse:
        """Boil a conversation down to a text that only the service can read.

        Raises:
            ServiceError: The request is refused.
        """
        model = self._resolve_model(request, caller, call)
        if not request.input:
            raise invalid_argument("There is nothing to compact: the request has no messages.")
        reading = self._reader.read(request.input)
        call.record.prompt, call.record.images = reading.prompt, reading.images
        dropped = len(request.input)
        call.record.request = without_image_data(
            request, [p for p in reading.images if not p.earlier]
        )
        self._check_limits(reading, model, caller)
        self.apply_faults(call, reading.text_tokens + reading.image_tokens)
        response = chat_pb2.CompactContextResponse(
            id=self.new_id(),
            encrypted_content=opaque.encode(compaction_state(reading)),
            dropped_message_count=dropped,
        )
        usage = response.usage
        usage.prompt_text_tokens = reading.text_tokens
        usage.prompt_image_tokens = reading.image_tokens
        usage.prompt_tokens = usage.prompt_text_tokens + usage.prompt_image_tokens
        usage.completion_tokens = compaction_state(reading)["tokens"]
        usage.total_tokens = usage.prompt_tokens + usage.completion_tokens
        usage.cost_in_usd_ticks = cost(usage, model)
        return response

    def new_id(self) -> str:
        """Make an id."""
        if self.settings.fixed_ids:
            return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))

    def _viewed_image_tokens(self, step: ServerToolCall) -> int:
        """Image tokens of the image a step looked at, if it did."""
        if step.tool != "view_image" or step.failed:
            return 0
        data = self.urls.fetch(str(step.arguments.get("image_url", "")))
        if data is None:
            return self.settings.viewed_tokens
        return self._reader.image_tokens(data)

    def apply_faults(self, call: ActiveCall, tokens: int = 0) -> None:
        """Let happen to a call what is to happen before it is answered; note what is later.

        Args:
            call: The call, as far as it was read.
            tokens: Prompt tokens, for the rate limit.

        Raises:
            ServiceError: It fails here.
        """
        if self.rate_limiter is not None:
            self.rate_limiter.acquire(tokens)
        self._schedule_faults(call, self.faults.select(call.record))

    def test_error(self, what: str) -> ServiceError:
        """Note a mistake in the test's own rules, and make the error its client sees."""
        what = redact(what)
        self.rules.errors.append(what)
        return ServiceError("INTERNAL", what)

    @property
    def has_active_calls(self) -> bool:
        """Whether a call of this tenant is in progress."""
        return bool(self._active)

    def release(self) -> None:
        """End the pauses in the delivery of this tenant's responses."""
        for call in list(self._active):
            call.release()

    def _choose_reply(
        self,
        request: chat_pb2.GetCompletionsRequest,
        reading: ConversationSummary,
        call: ActiveCall,
    ) -> Reply:
        outcome = None
        choice = self.rules.choose(call.record)
        call.record.unmatched = choice is None
        if choice is not None:
            call.delivery.reserve_reply(choice.return_reply)
            outcome = choice.outcome(call.record)
        if isinstance(outcome, Fault):
            call.delivery.commit_reply()
            self._schedule_faults(call, [*call.delivery.faults, outcome])
        if outcome is None and self.settings.unmatched == "error":
            raise ServiceError(
                "FAILED_PRECONDITION",
                f"No rule of the fake server is for this call. {self.rules.nearest(call.record)}",
            )
        reply = outcome if isinstance(outcome, Reply) else default_reply(request, reading)
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
        name = request.model
        record = call.record
        record.request, record.model, record.model_names = request, name, (name,)
        if not name:
            raise invalid_argument("The request names no model.")
        model = self.models.resolve(name)
        record.model_names = (name, model.name, *model.aliases)
        allowed = caller.models
        if allowed is not None and not set(record.model_names) & set(allowed):
            raise permission_denied(f"The API key has no access to the model {name}.")
        return model

    def _read_request(
        self,
        request: chat_pb2.GetCompletionsRequest,
        model: Model,
        caller: ApiKey,
        call: ActiveCall,
    ) -> ConversationSummary:
        if not request.messages:
            raise invalid_argument("The request has no messages: at least one is needed.")
        earlier = None
        if request.HasField("previous_response_id"):
            earlier = self.store.get(request.previous_response_id).conversation
        first_turn = earlier.message_count if earlier else 0
        reading = self._reader.read(request.messages, first_turn=first_turn)
        call.record.prompt, call.record.images = reading.prompt, reading.images
        call.record.request = without_image_data(
            request, [p for p in reading.images if not p.earlier]
        )
        if earlier:
            reading = reading.appended_to(earlier)
            call.record.earlier_images = [image for image in reading.images if image.earlier]
        self._check_limits(reading, model, caller)
        refuse = request.store_messages and self.settings.stored_images == "refuse"
        if refuse and reading.images:
            raise invalid_argument(
                "Requests with images cannot be stored: send them with store_messages=False."
            )
        return reading

    def _check_limits(self, reading: ConversationSummary, model: Model, caller: ApiKey) -> None:
        length = reading.text_tokens + reading.image_tokens
        if length > model.max_prompt_length:
            raise invalid_argument(
                f"This model's maximum prompt length is {model.max_prompt_length} but the request "
                f"contains {length} tokens."
            )
        if not reading.images:
            return
        if not model.vision:
            raise invalid_argument(f"Image inputs are not supported by the model {model.name}.")
        if not caller.vision:
            raise permission_denied("The API key has no access to the vision endpoint.")

    def _store(
        self, response: chat_pb2.GetChatCompletionResponse, reading: ConversationSummary
    ) -> None:
        answer = response.outputs[-1].message.content
        said = ConversationSummary(
            message_count=1, text_tokens=response.usage.completion_tokens, last_response=answer
        )
        self.store.put(response, said.appended_to(reading))
