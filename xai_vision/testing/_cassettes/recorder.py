"""Replay the calls of a cassette, and record others."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from xai_vision._record_modes import RecordMode
from xai_vision.proto.files_pb2_grpc import Files
from xai_vision.testing._cassettes.cassette import Cassette, read_cassette
from xai_vision.testing._cassettes.cassette_file import CassetteContent, Interaction, strings
from xai_vision.testing._cassettes.encoding import Decoder, Encoder, request_seed
from xai_vision.testing._cassettes.identifiers import IdNames, IdSeed
from xai_vision.testing._cassettes.image_table import ImageTable
from xai_vision.testing._cassettes.matching import Matcher
from xai_vision.testing._cassettes.recorded_call import RecordedCall
from xai_vision.testing._cassettes.replayed_call import ReplayedCall
from xai_vision.testing._cassettes.request_form import RequestForm, request_form
from xai_vision.testing._cassettes.service_methods import handled_methods
from xai_vision.testing._cassettes.writer import CassetteWriter
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._upstream.exchange import Exchange, Upstream, UpstreamCall

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from xai_vision.proto._method import Method
    from xai_vision.testing._settings import Settings

_ID_NAME: Final = re.compile(r"\b[a-z]+_[0-9a-f]{12}\b")
_WRITE_SECONDS: Final = 30.0
"""How long the end of a server waits for a call whose client is gone to end at the service."""
_HINT: Final = 'FakeServer(upstream=..., cassette=..., record="new_episodes")'


class Recorder(Upstream):
    """Answers calls from a cassette, and records those that it passes on.

    Attributes:
        cassette: The options of the cassette.
        mode: The mode.
        hint: How a user records, for messages.

    Args:
        cassette: The options of the cassette.
        mode: Which calls are recorded.
        inner: The service to record; None if nothing can be recorded.
        report_error: Notes an error of the test, and returns the error for its client.
    """

    def __init__(
        self,
        cassette: Cassette,
        mode: RecordMode,
        inner: Upstream | None,
        report_error: Callable[[str], ServiceError],
    ) -> None:
        self.cassette, self.mode = cassette, mode
        self.hint = _HINT
        self.name = inner.name if inner else f"cassette {cassette.path}"
        # A program that was recorded with a key of its own is replayed with it.
        self.accepts_keys = True
        self._inner = inner
        self._report_error = report_error
        # Notified when a recorded call has ended.
        self._lock = threading.Condition()
        self._exists = cassette.path.exists()
        content = CassetteContent()
        if self._exists and mode != "rewrite":
            content = CassetteContent.load(cassette.path)
        self._images = ImageTable(cassette._images, content.images)
        self._decoder = Decoder(self._images)
        self._matcher = Matcher(self._images, cassette._max_distance)
        self._loaded = [
            (request_form(item.method, item.request), item) for item in content.interactions
        ]
        self._owners = _owners(self._loaded)
        self._names = IdNames(self._owners)
        self._encoder = Encoder(self._images, self._names, cassette._scrub)
        # None: all methods.
        self._methods = content.methods if inner is None else handled_methods(inner)
        self._writer = CassetteWriter(cassette.path, self._loaded, self._images, self._methods)
        self._started = self._active = 0

    @property
    def interactions(self) -> list[Interaction]:
        """The calls that the cassette had when it was loaded."""
        return [interaction for _, interaction in self._loaded]

    @property
    def records(self) -> bool:
        """Whether calls can reach the service."""
        if self._inner is None or self.mode == "none":
            return False
        return self.mode != "once" or not self._exists

    def unused(self) -> list[str]:
        """Return descriptions of the recorded calls that no request used."""
        if self.mode in ("all", "rewrite"):
            return []
        return [
            f"{number}. {interaction.summary()}"
            for number, interaction in enumerate(self.interactions, 1)
            if not interaction.uses
        ]

    def handles(self, method: Method[Any, Any]) -> bool:
        """Return whether the recorded service has a method."""
        return self._methods is None or method.path.removeprefix("/") in self._methods

    def open(self, exchange: Exchange) -> UpstreamCall:
        """Start a call: replay it, or record it.

        Raises:
            ServiceError: The cassette does not have the call, and it must not be recorded; or
                the service cannot be called.
        """
        bodies = [exchange.body] if isinstance(exchange.body, bytes) else list(exchange.body)
        method = exchange.method.path.removeprefix("/")
        messages = [exchange.method.request.FromString(body) for body in bodies]
        with self._lock:
            request = self._encode_request(method, messages, exchange.key or "")
            form = request_form(method, request)
            interaction = self._choose(form)
        if interaction is not None:
            return self._replay(exchange, interaction)
        if not self.records or self._inner is None:
            raise self._report_error(self._explain_miss(form))
        self._check_ids(request)
        if not isinstance(exchange.body, bytes):
            exchange.body = iter(bodies)
        inner = self._inner.open(exchange)
        with self._lock:
            number = self._started = self._started + 1
        seed = IdSeed(request_seed(method, request), form.key)
        interaction = Interaction(method, request)
        return RecordedCall(
            inner,
            exchange,
            self._begin,
            partial(self._read, exchange, seed),
            partial(self._finish, number, form, interaction, seed),
        )

    def _encode_request(self, method: str, messages: list[Message], secret: str) -> dict[str, Any]:
        try:
            return self._encoder.request(messages, secret)
        except Exception as problem:  # the scrub function of the test can raise anything
            name = method.rpartition("/")[2]
            raise self._report_error(
                f"{name} cannot be recorded or replayed: {type(problem).__name__}: {problem}"
            ) from problem

    def _choose(self, form: RequestForm) -> Interaction | None:
        if self.mode in ("all", "rewrite"):
            return None
        interaction = self._matcher.choose(form, self._loaded)
        if interaction is not None:
            interaction.uses += 1
        return interaction

    def _replay(self, exchange: Exchange, interaction: Interaction) -> ReplayedCall:
        try:
            messages = [self._decode(exchange, item["message"]) for item in interaction.responses]
            error = self._decoder.error(interaction.error) if interaction.error else None
            initial = self._decoder.metadata(interaction.initial)
        except (LookupError, TypeError, ValueError, AttributeError) as problem:
            number = next(n for n, item in enumerate(self.interactions, 1) if item is interaction)
            raise self._report_error(
                f"Call {number} of {self.cassette.path} cannot be replayed: {problem}. "
                f"Record it again: {self.hint}"
            ) from problem
        times = [float(item.get("seconds", 0)) for item in interaction.responses]
        return ReplayedCall(
            messages,
            error,
            initial,
            times=[*times, interaction.seconds],
            pace=self.cassette._pace,
            cancelled=interaction.cancelled,
        )

    def _decode(self, exchange: Exchange, values: dict[str, Any]) -> bytes:
        message: Message = self._decoder.response(values, exchange.method.response)
        return message.SerializeToString()

    def _explain_miss(self, form: RequestForm) -> str:
        path = self.cassette.path
        if not self._loaded:
            problem = "is empty" if self._exists else "does not exist"
            return (
                f"{form.name} cannot be replayed: the cassette {path} {problem}. "
                f"Record it: {self.hint}"
            )
        explanation = self._matcher.explain(form, self._loaded)
        return (
            f"The cassette {path} has no answer to this call of {form.name}. {explanation}\n"
            f"To record it: {self.hint}"
        )

    def _check_ids(self, request: Any) -> None:
        """Refuse a request with an id that only exists in the cassette.

        Raises:
            ServiceError: FAILED_PRECONDITION.
        """
        for name in (name for text in strings(request) for name in _ID_NAME.findall(text)):
            if name in self._owners and not self._names.is_known(name):
                raise self._report_error(
                    f"This call has the id {name} of a replayed response, which the service does "
                    f'not know. Record all calls of {self.cassette.path} again: record="rewrite"'
                )

    def _begin(self) -> None:
        with self._lock:
            self._active += 1

    def _read(self, exchange: Exchange, seed: IdSeed, body: bytes) -> Any:
        """Return a message of a response for the file; of a file's content, its bytes.

        It runs before the client gets the message, so that a request with one of its ids, however
        early it comes, finds the name of the id.
        """
        message = exchange.method.response.FromString(body)
        if exchange.method is Files.RetrieveFileContent:
            return message.data
        with self._lock:
            return self._encoder.response(message, seed, exchange.key or "")

    def _finish(
        self,
        number: int,
        form: RequestForm,
        interaction: Interaction,
        seed: IdSeed,
        call: RecordedCall,
    ) -> None:
        """Add a call that has ended to the cassette, and write the file."""
        with self._lock:
            try:
                if not call.is_unreachable:
                    self._fill(interaction, call, seed)
                    self._writer.add(number, form, interaction)
            except Exception as problem:  # noqa: BLE001 - the client still gets its response
                self._report_unrecorded(form.name, problem)
            finally:
                self._active -= 1
                self._lock.notify_all()

    def _report_unrecorded(self, name: str, problem: Exception) -> None:
        self._report_error(f"{name} cannot be recorded in {self.cassette.path}: {problem}")

    def _fill(self, interaction: Interaction, call: RecordedCall, seed: IdSeed) -> None:
        """Set the response of a recorded call.

        Raises:
            Exception: A message could not be read, such as by the scrub function of the test.
        """
        if call.problem is not None:
            raise call.problem
        secret = call.exchange.key or ""
        messages = call.messages_read
        if call.exchange.method is Files.RetrieveFileContent:
            # The content is one message, in whatever chunks it came.
            content = self._encoder.file_response(b"".join(data for _, data in messages))
            messages = [(call.seconds, content)] if content else []
        self._encoder.clean_stream((values for _, values in messages), secret)
        interaction.responses = [
            {"seconds": round(seconds, 3), "message": values} for seconds, values in messages
        ]
        interaction.seconds = round(call.seconds, 3)
        interaction.initial = self._encoder.metadata(call.initial, seed, secret)
        interaction.cancelled = call.is_cancelled
        if call.error is not None:
            interaction.error = self._encoder.error(call.error, seed, secret)

    def close(self) -> None:
        """Wait until the calls that have ended are written; close the connections."""
        with self._lock:
            self._lock.wait_for(lambda: not self._active, _WRITE_SECONDS)
            try:
                self._writer.flush()
            except OSError as problem:
                self._report_unrecorded("A call", problem)
        if self._inner is not None:
            self._inner.close()


def _owners(recorded: Sequence[tuple[RequestForm, Interaction]]) -> dict[str, str]:
    """Return the names of ids in recorded responses, each with the key of its request."""
    owners: dict[str, str] = {}
    for form, item in recorded:
        for text in strings([item.responses, item.error]):
            for name in _ID_NAME.findall(text):
                owners.setdefault(name, form.key)
    return owners


def make_recorder(
    settings: Settings, upstream: Upstream | None, report_error: Callable[[str], ServiceError]
) -> Recorder | None:
    """Return the recorder of a tenant's settings; None without a cassette.

    Raises:
        ValueError: The file is not a cassette.
        OSError: The file cannot be read.
    """
    if settings.cassette is None:
        return None
    cassette = read_cassette(settings.cassette)
    return Recorder(cassette, settings.record, upstream, report_error)
