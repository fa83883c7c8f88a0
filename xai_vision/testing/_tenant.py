"""One customer of a fake server, and all a test says to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from xai_vision.testing._calls.log import CallLog
from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import new_key, register_key
from xai_vision.testing._clock import Clock
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._faults.injection import FaultRule
from xai_vision.testing._rules import verification as verdict
from xai_vision.testing._rules.conditions import ConditionArgs, Conditions
from xai_vision.testing._rules.rule import Rule
from xai_vision.testing._service.api_keys import ApiKey, KeyOptions, mask_key
from xai_vision.testing._service.deferred import DeferredPlan
from xai_vision.testing._service.engine import Engine
from xai_vision.testing._service.image_inspection import ImageInspector
from xai_vision.testing._service.image_sources import SourceTable
from xai_vision.testing._service.models import ModelCatalog
from xai_vision.testing._service.rate_limiter import RateLimiter
from xai_vision.testing._service.response_store import ResponseStore
from xai_vision.testing._settings import Settings
from xai_vision.testing._transport.shared_state import ServerState
from xai_vision.testing._validation import (
    check_names,
    enum,
    instance,
    pluralize,
    strings,
    suggest_keywords,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack


# What is true of an image's bytes is true for every server in the process.
_INSPECTOR = ImageInspector()


class Tenant:
    """One customer of a fake server: a key, and all that belongs to it.

    Attributes:
        api_key: The key clients use. It works nowhere else.
        settings: How the service behaves to this tenant.
        clock: The service's clock; ``clock.skip(days=31)`` lets stored answers expire.
    """

    def __init__(self, state: ServerState, settings: Settings, api_key: str | None = None) -> None:
        key = new_key() if api_key is None else register_key(api_key)
        self.settings = settings
        self.clock = Clock()
        self._state = state
        self._issued = 0
        self._engine = Engine(settings, self.clock, _INSPECTOR)
        state.keys.add_tenant(self._engine)
        self.api_key = self._admit(key, {})

    @property
    def target(self) -> str:
        """The server's address, "localhost:PORT"; every client takes that for a local one.

        With a ``host`` that localhost does not lead to, it is that one.

        Raises:
            RuntimeError: It is not running.
        """
        return f"{self._state.address.client_host}:{self._state.running_grpc().port}"

    @property
    def http_url(self) -> str:
        """The base URL of the REST faces, "http://127.0.0.1:PORT/v1": what REST clients take.

        The port is opened when it is first asked for, with ``FakeServer(http=True)`` at once.

        Raises:
            RuntimeError: The server is not running.
            ImportError: A package of the extra "http" is missing.
        """
        return self._state.running_http().url

    @property
    def root_certificate(self) -> bytes:
        """What clients of a TLS server are to trust (PEM).

        Raises:
            RuntimeError: The server has no TLS.
        """
        if self._state.certificate is None:
            raise RuntimeError("the fake server has no TLS: make it with FakeServer(tls=True)")
        return self._state.certificate.root

    @property
    def calls(self) -> CallLog:
        """What arrived, in order."""
        return self._engine.calls

    @property
    def urls(self) -> SourceTable:
        """Web addresses of images: ``server.urls["https://e.x/a.png"] = data``."""
        return self._engine.urls

    @property
    def files(self) -> SourceTable:
        """Uploaded files by id: ``server.files["file-1"] = data``."""
        return self._engine.files

    @property
    def store(self) -> ResponseStore:
        """Stored answers by id."""
        return self._engine.store

    @property
    def models(self) -> ModelCatalog:
        """The language models there are."""
        return self._engine.models

    def create_key(self, **rights: Unpack[KeyOptions]) -> str:
        """Make another key for this tenant.

        Args:
            rights: Fields of ``Caller`` that differ: ``vision=False``, ``models=("grok-3",)``,
                ``blocked=True``, ``team_blocked=True``, ``disabled=True``, ``expired=True``,
                ``name="..."``.

        Returns:
            The key.

        Raises:
            TypeError: There is no such right, or it takes no such value.
            ValueError: The catalogue has no such model.
        """
        check_names("create_key()", rights, KeyOptions.__annotations__)
        models = rights.get("models")
        if models is not None:
            for name in strings("create_key: models", models):
                enum("create_key: models", name, self._model_names())
        return self._admit(new_key(), rights)

    def _admit(self, key: str, rights: KeyOptions) -> str:
        caller = ApiKey(f"key-{self._issued}", redacted=mask_key(key), **cast("Any", rights))
        self._state.keys.add_key(key, self._engine, caller)
        self._issued += 1
        return key

    def _model_names(self) -> list[str]:
        return [name for model in self.models for name in (model.name, *model.aliases)]

    def on(self, *, priority: int = 0, **conditions: Unpack[ConditionArgs]) -> Rule:
        """Begin a rule: which calls are meant. What they get is said on the rule.

        The first rule that fits answers; rules of higher priority are asked first. Where none
        fits, the server describes what arrived, or refuses with ``unmatched="error"``.

        Args:
            priority: 0, or higher to be asked before others.
            conditions: ``prompt``, ``model``, ``image``, ``images``, ``tools``, ``schema``,
                ``metadata``, ``stream``, ``method``, ``when``; see ``ConditionArgs``.

        Returns:
            The rule; give it an answer with ``reply``, ``replies``, ``reply_json``, ``do`` or
            ``fault``, and a number with ``times``.

        Raises:
            TypeError: A condition is misspelt, or takes no such value.
            ValueError: No call can ever have that value.
        """
        wanted = Conditions.for_future_calls("on()", conditions, "priority")
        if isinstance(conditions.get("model"), str):
            enum("on(): model", conditions["model"], self._model_names())
        rule = Rule(wanted, priority=priority, prepare=self._state.enable_fault)
        return self._engine.rules.add(rule)

    def fault(
        self,
        fault: Fault,
        *,
        next: int | None = None,  # noqa: A002 - reads well where it is used
        after: int = 0,
        rate: float = 1.0,
        **conditions: Unpack[ConditionArgs],
    ) -> FaultRule:
        """Let calls go wrong, whatever would have answered them.

        A rule's answer that a fault keeps from its client or cuts short does not count for
        ``times(n)``, nor for the order of ``replies``: the next call gets it. After ``latency``,
        or a connection fault that was not due before the answer's end, it counts.

        Args:
            fault: How.
            next: For so many calls; None is until ``clear()``.
            after: So many calls go well first.
            rate: Chance of each call, drawn from the server's seed.
            conditions: Which calls, as for ``on``; all, if none is given.

        Returns:
            A handle, with ``fired``, ``optional()`` and ``stop()``.

        Raises:
            TypeError: An argument is misspelt, or of a wrong kind.
            ValueError: A number is out of its range, or no call can ever have a value.
        """
        wanted = Conditions.for_future_calls("fault()", conditions, "next", "after", "rate")
        thaw = partial(self._state.reset_frozen, self._engine)
        rule = FaultRule(fault, wanted, count=next, after=after, rate=rate, reset_frozen=thaw)
        self._state.enable_fault(fault)
        return self._engine.faults.add(rule)

    @suggest_keywords("rate_limit()")
    def rate_limit(
        self,
        *,
        requests: float | None = None,
        tokens: float | None = None,
        burst: float = 1.0,
    ) -> None:
        """Refuse what comes faster, with RESOURCE_EXHAUSTED and ``retry-after``.

        Args:
            requests: Requests a second; None is no limit.
            tokens: Prompt tokens a second, images included; None is no limit.
            burst: How many seconds' worth may come at once after a pause.

        Raises:
            TypeError: One is no number.
            ValueError: One is not more than 0, or not finite.
        """
        limiter = RateLimiter(requests, tokens, burst)
        limited = requests is not None or tokens is not None
        self._engine.rate_limiter = limiter if limited else None

    @suggest_keywords("deferred()")
    def deferred(
        self, *, ready_after_polls: int = 1, failed: bool = False, expired: bool = False
    ) -> None:
        """Say how deferred answers that are started from now on come.

        Args:
            ready_after_polls: How often a client is told PENDING first. 1.
            failed: Whether they then end as FAILED instead of DONE.
            expired: Whether they then end as EXPIRED.

        Raises:
            TypeError: An argument is of a wrong kind.
            ValueError: The number is negative, or both ends are wanted.
        """
        self._engine.deferred.plan = DeferredPlan(ready_after_polls, failed, expired)

    def explain(self, call: Call) -> str:
        """Say rule by rule why it did not answer ``call``."""
        instance("explain(): call", call, Call, "a Call, such as server.calls.last")
        return self._engine.rules.explain(call)

    def verify(self) -> None:
        """Fail unless every rule and fault was used as it was said to be, and none was mistaken.

        That is: each rule at least once, or exactly as often as by ``times(n)``; each fault at
        least once. See ``Rule.optional``, and the setting ``unused``.

        Raises:
            AssertionError: With what was not, the nearest call, and what that one lacked.
        """
        __tracebackhide__ = True
        problems = self.problems()
        if problems:
            raise AssertionError("\n".join(problems))

    def problems(self) -> list[str]:
        """What ``verify()`` would fail with, a text for each problem; [] if it would not."""
        table, settings = self._engine.rules, self.settings
        rules, faults = table.rules, self._engine.faults.rules
        strict = settings.unused == "error"
        found = [
            *table.errors,
            *verdict.unmet_expectations(rules, faults, self.calls, strict=strict),
        ]
        if settings.unmatched == "default":  # else the client was told
            found += verdict.excess_calls(rules)
        return found

    def clear(self) -> None:
        """Forget rules, faults, limits, calls, images, stored and deferred answers.

        Connections that faults have frozen are reset.
        """
        engine = self._engine
        wipe: tuple[Callable[[], None], ...] = (
            engine.rules.clear,
            engine.faults.clear,
            engine.calls.clear,
            engine.urls.clear,
            engine.files.clear,
            engine.store.clear,
            engine.deferred.clear,
        )
        for each in wipe:
            each()
        engine.rate_limiter = None
        self._state.reset_frozen(engine)

    def close(self) -> None:
        """Take the tenant's keys back and let go of its calls that still hang.

        Connections that its faults have frozen are reset.
        """
        self._state.keys.remove_tenant(self._engine)
        self._engine.release()
        self._state.reset_frozen(self._engine)

    def __repr__(self) -> str:
        where = f"at {self.target}" if self._state.grpc_server else "not running"
        return f"<{type(self).__name__} {where}, {pluralize(len(self.calls), 'call')}>"
