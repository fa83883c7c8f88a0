"""One customer of a fake server, and all a test says to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from xai_vision.testing.callers import Caller
from xai_vision.testing.catalogue import Catalogue
from xai_vision.testing.clock import Clock
from xai_vision.testing.conditions import ConditionArgs, Conditions
from xai_vision.testing.deferred import Plan
from xai_vision.testing.engine import Engine
from xai_vision.testing.extras import http_host
from xai_vision.testing.faults import Fault, FaultRule
from xai_vision.testing.hiding import new_key
from xai_vision.testing.keyring import Keyring, redact
from xai_vision.testing.limiter import Limiter
from xai_vision.testing.log import CallLog
from xai_vision.testing.pictures import Inspector
from xai_vision.testing.rules import Rule
from xai_vision.testing.settings import Settings
from xai_vision.testing.sources import Table
from xai_vision.testing.store import Store

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from xai_vision.testing.calls import Call
    from xai_vision.testing.extras import Certificate
    from xai_vision.testing.host import Host
    from xai_vision.testing.http.host import HttpHost

__all__ = ["Site", "Tenant"]

# What is true of a picture's bytes is true for every server in the process.
_INSPECTOR = Inspector()


class Site:
    """What the tenants of a server share: its port and its keys."""

    def __init__(self) -> None:
        self.keys = Keyring()
        self.host: Host | None = None
        self.http: HttpHost | None = None
        self.certificate: Certificate | None = None
        self.front = False
        self.max_threads = 0
        self._lock = threading.Lock()

    def running(self) -> Host:
        """The open port.

        Raises:
            RuntimeError: It is closed.
        """
        if self.host is None:
            raise RuntimeError("the fake server is not running: start() it, or use it with with")
        return self.host

    def http_running(self) -> HttpHost:
        """The HTTP port, opened when it is first asked for; raises as ``Tenant.http_url``."""
        self.running()
        with self._lock:
            if self.http is None:
                self.http = http_host(self.keys, self.max_threads, self.certificate)
            return self.http

    def close_http(self, grace: float | None) -> None:
        """Close the HTTP port, if it is open."""
        with self._lock:
            http, self.http = self.http, None
        if http is not None:
            http.stop(grace)

    def prepare(self, fault: Fault) -> None:
        """See to it that a fault can happen."""
        if fault.on_wire and not self.front:
            self.front = True
            if self.host is not None:
                self.host.interpose()


class Tenant:
    """One customer of a fake server: a key, and all that belongs to it.

    Attributes:
        api_key: The key clients use. It works nowhere else.
        settings: How the service behaves to this tenant.
        clock: The service's clock; ``clock.skip(days=31)`` lets stored answers expire.
    """

    def __init__(self, site: Site, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock()
        self._site = site
        self._issued = 0
        self._engine = Engine(settings, self.clock, _INSPECTOR)
        site.keys.admit(self._engine)
        self.api_key = self.issue_key(name="fake key")

    @property
    def target(self) -> str:
        """The server's address, "localhost:PORT"; every client takes that for a local one.

        Raises:
            RuntimeError: It is not running.
        """
        return f"localhost:{self._site.running().port}"

    @property
    def http_url(self) -> str:
        """The base URL of the REST faces, "http://127.0.0.1:PORT/v1": what REST clients take.

        The port is opened when it is first asked for, with ``FakeServer(http=True)`` at once.

        Raises:
            RuntimeError: The server is not running.
            ImportError: A package of the extra "http" is missing.
        """
        return self._site.http_running().url

    @property
    def root_certificate(self) -> bytes:
        """What clients of a TLS server are to trust (PEM).

        Raises:
            RuntimeError: The server has no TLS.
        """
        if self._site.certificate is None:
            raise RuntimeError("the fake server has no TLS: make it with FakeServer(tls=True)")
        return self._site.certificate.root

    @property
    def calls(self) -> CallLog:
        """What arrived, in order."""
        return self._engine.calls

    @property
    def urls(self) -> Table:
        """Web addresses of pictures: ``server.urls["https://e.x/a.png"] = data``."""
        return self._engine.urls

    @property
    def files(self) -> Table:
        """Uploaded files by id: ``server.files["file-1"] = data``."""
        return self._engine.files

    @property
    def store(self) -> Store:
        """Stored answers by id."""
        return self._engine.store

    @property
    def models(self) -> Catalogue:
        """The language models there are."""
        return self._engine.models

    def issue_key(self, **rights: Any) -> str:
        """Make another key for this tenant.

        Args:
            rights: Fields of ``Caller`` that differ: ``vision=False``, ``models=("grok-3",)``,
                ``blocked=True``, ``team_blocked=True``, ``disabled=True``, ``expired=True``,
                ``name="..."``.

        Returns:
            The key.

        Raises:
            TypeError: There is no such right.
        """
        key = new_key()
        given = {"key_id": f"key-{self._issued}", "redacted": redact(key), **rights}
        self._site.keys.add(key, self._engine, Caller(**given))
        self._issued += 1
        return key

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
        """
        rule = Rule(Conditions(**conditions), priority=priority, prepare=self._site.prepare)
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

        Args:
            fault: How.
            next: For so many calls; None is until ``clear()``.
            after: So many calls go well first.
            rate: Chance of each call, drawn from the server's seed.
            conditions: Which calls, as for ``on``; all, if none is given.

        Returns:
            A handle, with ``fired`` and ``stop()``.
        """
        self._site.prepare(fault)
        rule = FaultRule(fault, Conditions(**conditions), count=next, after=after, rate=rate)
        return self._engine.faults.add(rule)

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
            tokens: Prompt tokens a second, pictures included; None is no limit.
            burst: How many seconds' worth may come at once after a pause.
        """
        limited = requests is not None or tokens is not None
        self._engine.limiter = Limiter(requests, tokens, burst) if limited else None

    def deferred(
        self, *, ready_after_polls: int = 1, failed: bool = False, expired: bool = False
    ) -> None:
        """Say how deferred answers that are started from now on come.

        Args:
            ready_after_polls: How often a client is told PENDING first. 1.
            failed: Whether they then end as FAILED instead of DONE.
            expired: Whether they then end as EXPIRED.
        """
        self._engine.deferrals.plan = Plan(ready_after_polls, failed, expired)

    def explain(self, call: Call) -> str:
        """Say rule by rule why it did not answer ``call``."""
        return self._engine.rules.explain(call)

    def verify(self) -> None:
        """Fail unless every ``times(n)`` was met and no rule was mistaken.

        Raises:
            AssertionError: With what is missing, and the nearest call.
        """
        __tracebackhide__ = True
        rules = self._engine.rules
        problems = [*rules.mistakes]
        problems += [_unmet(rule, list(self.calls)) for rule in rules.unmet()]
        if problems:
            raise AssertionError("\n".join(problems))

    def clear(self) -> None:
        """Forget rules, faults, limits, calls, pictures, stored and deferred answers."""
        engine = self._engine
        wipe: tuple[Callable[[], None], ...] = (
            engine.rules.clear,
            engine.faults.clear,
            engine.calls.clear,
            engine.urls.clear,
            engine.files.clear,
            engine.store.clear,
            engine.deferrals.clear,
        )
        for each in wipe:
            each()
        engine.limiter = None

    def close(self) -> None:
        """Take the tenant's keys back and let go of its calls that still hang."""
        self._site.keys.dismiss(self._engine)
        self._engine.release()


def _unmet(rule: Rule, calls: list[Call]) -> str:
    said = f"{rule!r} was to answer {rule.uses + rule.missing} calls, but answered {rule.uses}."
    others = [call for call in calls if call.rule is not rule]
    if not others:
        return f"{said} There were no other calls."
    nearest = min(others, key=lambda call: len(rule.faults(call)))
    return f"{said} Nearest call: {nearest!r}: {'; '.join(rule.faults(nearest))}."
