"""The service without a wire: requests in, answers or ServiceErrors out.

One engine serves one tenant. Every face (gRPC here, REST beside it) turns its own form of a
request into these protos, calls the engine, and turns what comes back into its own form again.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass

from xai_vision.proto import chat_pb2
from xai_vision.testing.calls import Call, CallLog
from xai_vision.testing.catalogue import LANGUAGE_MODELS, Catalogue, Model
from xai_vision.testing.chunking import stream
from xai_vision.testing.clock import Clock
from xai_vision.testing.describe import describe
from xai_vision.testing.pictures import Inspector
from xai_vision.testing.problems import denied, invalid
from xai_vision.testing.reading import Reader, Reading, slim
from xai_vision.testing.render import Rendering
from xai_vision.testing.replies import Reply
from xai_vision.testing.settings import Settings
from xai_vision.testing.sources import Table
from xai_vision.testing.store import Store

__all__ = ["Answer", "Caller", "Engine"]


@dataclass(frozen=True)
class Caller:
    """Who asks: a key of the tenant's and what it may do.

    Attributes:
        key_id: The key's public id.
        name: What the key is called.
        vision: Whether it may send pictures.
        models: Models it may use, by any of their names; None means all.
        blocked: Whether the key is blocked.
        team_blocked: Whether its team is.
        disabled: Whether it was switched off.
        expired: Whether its time is over.
    """

    key_id: str = "key-0"
    name: str = "fake key"
    vision: bool = True
    models: tuple[str, ...] | None = None
    blocked: bool = False
    team_blocked: bool = False
    disabled: bool = False
    expired: bool = False


@dataclass(frozen=True)
class Answer:
    """A finished answer and how it is to be sent.

    Attributes:
        response: The whole answer.
        reply: What it was made from; has the pacing.
    """

    response: chat_pb2.GetChatCompletionResponse
    reply: Reply

    def chunks(self) -> list[chat_pb2.GetChatCompletionChunk]:
        """The answer as the messages of a stream."""
        return list(stream(self.response, self.reply.chunks))


class Engine:
    """The service as one tenant sees it.

    Attributes:
        calls: Its log; the faces add to it.
        urls: Web addresses and what is there.
        files: Uploaded files by id.
        store: Stored answers.
    """

    def __init__(self, settings: Settings, clock: Clock, inspector: Inspector) -> None:
        self.settings = settings
        self.clock = clock
        self.calls = CallLog(settings.keep_calls, settings.keep_log_bytes)
        self.urls = Table()
        self.files = Table()
        self.store = Store(clock, settings.keep_stored_days)
        self.models = Catalogue(LANGUAGE_MODELS)
        self._random = random.Random(settings.seed)  # noqa: S311 - repeatable on purpose
        self._reader = Reader(settings, inspector, self.calls.album, self.urls, self.files)

    def complete(
        self, request: chat_pb2.GetCompletionsRequest, caller: Caller, call: Call
    ) -> Answer:
        """Answer a request.

        Args:
            request: What was asked. The engine may change it.
            caller: Who asks.
            call: The log's entry, filled as the request is read.

        Raises:
            ServiceError: The request is refused.
        """
        call.request, call.model = request, request.model
        model = self._model(request, caller)
        reading = self._read(request, model, caller, call)
        reply = Reply(describe(reading))
        rendering = Rendering(request, reading, model, self._new_id(), self.clock.time())
        response = rendering.response(reply)
        if request.store_messages:
            self._keep(response, reading)
        return Answer(response, reply)

    def _model(self, request: chat_pb2.GetCompletionsRequest, caller: Caller) -> Model:
        if not request.model:
            raise invalid("The request names no model.")
        model = self.models.resolve(request.model)
        allowed = caller.models
        if allowed is not None and not {model.name, *model.aliases} & set(allowed):
            raise denied(f"The API key has no access to the model {request.model}.")
        return model

    def _read(
        self,
        request: chat_pb2.GetCompletionsRequest,
        model: Model,
        caller: Caller,
        call: Call,
    ) -> Reading:
        if not request.messages:
            raise invalid("The request has no messages: at least one is needed.")
        earlier = None
        if request.HasField("previous_response_id"):
            earlier = self.store.get(request.previous_response_id).conversation
        first_turn = earlier.messages if earlier else 0
        reading = self._reader.read(request.messages, first_turn=first_turn)
        call.prompt, call.images = reading.prompt, reading.pictures
        call.request = slim(request, reading.pictures)
        if earlier:
            reading = reading.after(earlier)
            call.earlier_images = [picture for picture in reading.pictures if picture.earlier]
        self._check_pictures(request, reading, model, caller)
        return reading

    def _check_pictures(
        self,
        request: chat_pb2.GetCompletionsRequest,
        reading: Reading,
        model: Model,
        caller: Caller,
    ) -> None:
        length = reading.text_tokens + reading.image_tokens
        if length > model.max_prompt:
            raise invalid(
                f"This model's maximum prompt length is {model.max_prompt} but the request "
                f"contains {length} tokens."
            )
        if not reading.pictures:
            return
        if not model.vision:
            raise invalid(f"Image inputs are not supported by the model {model.name}.")
        if not caller.vision:
            raise denied("The API key has no access to the vision endpoint.")
        if request.store_messages and self.settings.stored_pictures == "refuse":
            raise invalid(
                "Requests with images cannot be stored: send them with store_messages=False."
            )

    def _keep(self, response: chat_pb2.GetChatCompletionResponse, reading: Reading) -> None:
        answer = response.outputs[-1].message.content
        said = Reading(messages=1, text_tokens=response.usage.completion_tokens, last_answer=answer)
        self.store.put(response, said.after(reading))

    def _new_id(self) -> str:
        if self.settings.fixed_ids:
            return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        return str(uuid.uuid4())
