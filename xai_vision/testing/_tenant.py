"""A tenant of a fake server: the methods that tests call."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, cast

from xai_vision.testing import _validation as check
from xai_vision.testing._calls.log import CallLog
from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import new_key, register_key
from xai_vision.testing._clock import Clock
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._faults.injection import FaultRule
from xai_vision.testing._files.store import FileStore
from xai_vision.testing._generation.plans import ImagePlan
from xai_vision.testing._rules import verification
from xai_vision.testing._rules.condition_matchers import check_rule_method
from xai_vision.testing._rules.conditions import ConditionArgs, Conditions
from xai_vision.testing._rules.rule import Rule
from xai_vision.testing._service.api_keys import ApiKey, KeyOptions, mask_key
from xai_vision.testing._service.engine import Engine
from xai_vision.testing._service.image_inspection import ImageInspector
from xai_vision.testing._service.image_sources import SourceTable
from xai_vision.testing._service.model_choice import OTHER_MODELS, is_known
from xai_vision.testing._service.models import ModelCatalog
from xai_vision.testing._service.rate_limiter import RateLimiter
from xai_vision.testing._service.response_store import ResponseStore
from xai_vision.testing._settings import Settings
from xai_vision.testing._tenant_plans import TenantPlans
from xai_vision.testing._transport.shared_state import ServerState
from xai_vision.testing._verifying_block import VerifyingBlock

if TYPE_CHECKING:
    from typing_extensions import Unpack


# All servers of the process share its cache, because the facts of an image do not depend on them.
_INSPECTOR = ImageInspector()


class Tenant(TenantPlans, VerifyingBlock):
    """A customer of a fake server, with its own API key, rules, images, responses and call log.

    A tenant is a context manager and an async context manager. A block that ends without an error
    calls ``verify()``; its end calls ``close()``.

    Attributes:
        api_key: The key for clients. Only this tenant accepts it.
        settings: The tenant's settings.
        clock: The service's clock; ``clock.skip(days=31)`` lets stored responses expire, and
            ``clock.set(datetime(2026, 1, 31), frozen=True)`` fixes the times in responses.
    """

    def __init__(self, state: ServerState, settings: Settings, api_key: str | None = None) -> None:
        key = new_key() if api_key is None else register_key(api_key)
        self.settings = settings
        self.clock = Clock()
        self._state = state
        self._key_count = 0
        self._engine = Engine(settings, self.clock, _INSPECTOR, state.downloads, state.write_call)
        state.add_engine(self._engine)
        self.api_key = self._add_key(key, {})

    @cached_property
    def management_key(self) -> str:
        """The key of the management API, for collections. Its address is ``target`` too."""
        return self._add_key(new_key(), {"management": True})

    @property
    def name(self) -> str:
        """The name of the tenant in the file of calls; "default" unless it is set."""
        return self._engine.name

    @name.setter
    def name(self, name: str) -> None:
        self._engine.name = check.string("name", name)

    @property
    def target(self) -> str:
        """The address for clients: "localhost:PORT", which every client treats as local.

        If localhost does not lead to the server's ``host``, the address contains the host.

        Raises:
            RuntimeError: The server is not running.
        """
        return f"{self._state.address.client_host}:{self._state.running_grpc().port}"

    @property
    def http_url(self) -> str:
        """The base URL of the REST API, "http://127.0.0.1:PORT/v1".

        The first use opens the port, unless ``FakeServer(http=True)`` has opened it.

        Raises:
            RuntimeError: The server is not running.
            ImportError: A package of the extra "http" is missing.
        """
        return self._state.running_http().url

    @property
    def root_certificate(self) -> bytes:
        """The certificate (PEM) that clients of a TLS server must trust.

        Raises:
            RuntimeError: The server does not use TLS.
        """
        if self._state.certificate is None:
            raise RuntimeError("the fake server has no TLS. Use FakeServer(tls=True)")
        return self._state.certificate.root

    @property
    def calls(self) -> CallLog:
        """The calls that arrived, in order."""
        return self._engine.calls

    @property
    def urls(self) -> SourceTable:
        """The images on the web: ``server.urls["https://e.x/a.png"] = data``."""
        return self._engine.urls

    @property
    def files(self) -> FileStore:
        """The files by id, which clients uploaded or the test set: ``files["file-1"] = data``."""
        return self._engine.files

    @property
    def store(self) -> ResponseStore:
        """The stored responses by id."""
        return self._engine.store

    @property
    def models(self) -> ModelCatalog:
        """The language models that the service offers; ``server.models.add("grok-9")``."""
        return self._engine.models

    @property
    def rules(self) -> list[Rule]:
        """The rules, in the order in which they are consulted."""
        return self._engine.rules.rules

    @property
    def faults(self) -> list[FaultRule]:
        """The faults to inject, in the order in which they were added."""
        return self._engine.faults.rules

    def create_key(self, **options: Unpack[KeyOptions]) -> str:
        """Create another key for this tenant.

        Args:
            options: ``vision=False``, ``models=("grok-3",)``, ``blocked=True``,
                ``team_blocked=True``, ``disabled=True``, ``expired=True``, ``name="..."``. By
                default the key is valid for all requests.

        Returns:
            The key.

        Raises:
            TypeError: An option does not exist, or has a wrong type.
            ValueError: The catalog does not have the model.
        """
        check.check_names("create_key()", options, KeyOptions.__annotations__)
        models = options.get("models")
        if models is not None:
            for name in check.strings("create_key: models", models):
                if not is_known(name, self.models):
                    raise ValueError(f"create_key: models: {self.models.hint(name, OTHER_MODELS)}")
        return self._add_key(new_key(), options)

    def _add_key(self, key: str, options: KeyOptions) -> str:
        api_key = ApiKey(f"key-{self._key_count}", redacted=mask_key(key), **cast("Any", options))
        self._state.keys.add_key(key, self._engine, api_key)
        self._key_count += 1
        return key

    @check.keywords_only("on()", 'prompt="..."')
    def on(self, *, name: str = "", priority: int = 0, **conditions: Unpack[ConditionArgs]) -> Rule:
        """Add a rule for the calls that match all conditions.

        The first matching rule answers a call. If no rule matches, the server sends its default
        reply, or an error with the setting ``unmatched="error"``.

        Args:
            name: A name for the rule in messages.
            priority: Rules with a higher priority are consulted first. Default: 0.
            conditions: ``prompt``, ``system``, ``messages``, ``turn``, ``tool_result``, ``model``,
                ``image``, ``images``, ``tools``, ``schema``, ``metadata``, ``stream``, ``method``,
                ``when``; see ``ConditionArgs``.

        Returns:
            The rule. Set its reply by ``reply``, ``replies``, ``reply_json``, ``side_effect`` or
            ``fault``, and the number of calls by ``times``.

        Raises:
            TypeError: A condition does not exist, or has a wrong type.
            ValueError: No call can match a condition.
        """
        checked = Conditions.for_future_calls("on()", conditions, "name", "priority")
        check_rule_method(conditions.get("method"))
        rule = Rule(checked, name=name, priority=priority, prepare=self._state.enable_fault)
        return self._engine.rules.add(rule)

    @check.keywords_only("fault()", 'prompt="..."', positional=1)
    def fault(
        self,
        fault: Fault,
        *,
        next: int | None = None,  # noqa: A002 - reads well where it is used
        after: int = 0,
        rate: float = 1.0,
        **conditions: Unpack[ConditionArgs],
    ) -> FaultRule:
        """Inject a fault into calls, whether or not a rule would answer them.

        A rule's reply that a fault withholds or truncates does not count for ``times(n)`` or for
        the order of ``replies``: the next call gets it. A reply does count after ``latency``, and
        if a connection fault was not due before its end.

        Args:
            fault: The fault.
            next: The number of calls to inject it into; by default all until ``clear()``.
            after: The number of matching calls to leave unchanged first. Default: 0.
            rate: The probability for each call. Default: 1. It is drawn from the server's seed,
                the request, and how often that request has arrived, so that the order in which
                concurrent requests arrive does not matter.
            conditions: The conditions on the calls, as for ``on``. Default: all calls.

        Returns:
            The fault's rule, with ``fired``, ``optional()`` and ``stop()``.

        Raises:
            TypeError: An argument does not exist, or has a wrong type.
            ValueError: A number is out of range, or no call can match a condition.
        """
        checked = Conditions.for_future_calls("fault()", conditions, "next", "after", "rate")
        reset = partial(self._state.reset_frozen, self._engine)
        rule = FaultRule(fault, checked, count=next, after=after, rate=rate, reset_frozen=reset)
        self._state.enable_fault(fault)
        return self._engine.faults.add(rule)

    @check.suggest_keywords("rate_limit()")
    def rate_limit(
        self, *, requests: float | None = None, tokens: float | None = None, burst: float = 1.0
    ) -> None:
        """Refuse calls above a rate with RESOURCE_EXHAUSTED and the metadata ``retry-after``.

        The rate follows ``clock``: after ``clock.skip(seconds=1)`` calls are accepted again.

        Args:
            requests: The maximum number of requests per second; None means no limit.
            tokens: The maximum number of prompt tokens per second, image tokens included; None
                means no limit.
            burst: The seconds of unused rate that calls can use at once after a pause.

        Raises:
            TypeError: An argument is not a number.
            ValueError: An argument is not positive and finite.
        """
        self._engine.rate_limiter = RateLimiter(self.clock, requests, tokens, burst)

    def explain(self, call: Call) -> str:
        """Describe for each rule why it did not answer ``call``."""
        check.instance("explain(): call", call, Call, "a Call, such as server.calls.last")
        return self._engine.rules.explain(call)

    def verify(self) -> None:
        """Fail unless every rule and fault was used as expected, and no rule raised an error.

        A rule must answer at least one call, or exactly as many as ``times(n)`` says. A fault
        must be injected at least once. ``optional()`` and the setting ``unused`` allow less. With
        ``unmatched="error"`` a rule must match every call, except calls that a fault ended.

        Raises:
            AssertionError: The message describes each problem, the nearest call and its
                mismatches.
        """
        __tracebackhide__ = True
        problems = self.problems()
        if problems:
            raise AssertionError("\n".join(problems))

    def problems(self) -> list[str]:
        """Return the problems that ``verify()`` would report; empty if there are none."""
        rules = self._engine.rules.rules
        unmet = verification.unmet_expectations(
            rules, self._engine.faults.rules, self.calls, strict=self.settings.unused == "error"
        )
        return [*self._engine.rules.problems(), *unmet, *self._unknown_models()]

    def _unknown_models(self) -> list[str]:
        """Describe the models of unused rules and faults that the catalog does not have."""
        if self.settings.unused == "allow":
            return []
        rules: list[Rule | FaultRule] = [
            *(rule for rule in self._engine.rules.rules if not rule.uses + rule.undelivered),
            *(fault for fault in self._engine.faults.rules if not fault.fired),
        ]
        names = {rule.conditions.model_name for rule in rules if not rule.is_optional}
        known = self.models
        return [known.hint(n) for n in sorted(filter(None, names)) if not is_known(n, known)]

    def clear_rules(self) -> int:
        """Remove all rules, faults and the rate limit; return the number of rules and faults.

        Connections that faults have frozen are reset.
        """
        count = len(self.rules) + len(self.faults)
        self._engine.rules.clear()
        self._engine.faults.clear()
        self._engine.rate_limiter = None
        self._state.reset_frozen(self._engine)
        return count

    def clear(self) -> None:
        """Remove all rules, faults, limits, calls, images, files, batches and other data.

        Models that ``models.add`` added are removed too.

        Connections that faults have frozen are reset.
        """
        self.clear_rules()
        engine = self._engine
        engine.calls.clear()
        engine.urls.clear()
        engine.files.clear()
        engine.store.clear()
        engine.deferred.clear()
        engine.batches.clear()
        engine.collections.clear()
        engine.videos.clear()
        engine.image_plan = ImagePlan()
        engine.downloads.remove(engine)
        engine.models.clear()

    def close(self) -> None:
        """Remove the tenant's keys, and release its calls that hang.

        Connections that its faults have frozen are reset.
        """
        self._state.keys.remove_tenant(self._engine)
        self._engine.release()
        self._engine.close_upstream()
        self._engine.downloads.remove(self._engine)
        self._state.reset_frozen(self._engine)

    def __repr__(self) -> str:
        where = f"at {self.target}" if self._state.grpc_server else "not running"
        return f"<{type(self).__name__} {where}, {check.pluralize(len(self.calls), 'call')}>"
