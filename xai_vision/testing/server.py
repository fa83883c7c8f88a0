"""The fake server as a test holds it."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any

from xai_vision.testing.callers import Caller
from xai_vision.testing.calls import CallLog
from xai_vision.testing.catalogue import Catalogue
from xai_vision.testing.clock import Clock
from xai_vision.testing.deferred import Plan
from xai_vision.testing.engine import Engine
from xai_vision.testing.host import Host
from xai_vision.testing.keyring import Keyring, new_key, redact
from xai_vision.testing.pictures import Inspector
from xai_vision.testing.settings import Settings
from xai_vision.testing.sources import Table
from xai_vision.testing.store import Store

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["FakeServer", "Tenant"]

# What is true of a picture's bytes is true for every server in the process.
_INSPECTOR = Inspector()


class Tenant:
    """One customer of a fake server: a key, and all that belongs to it.

    Attributes:
        api_key: The key clients use. It works nowhere else.
        settings: How the service behaves to this tenant.
        clock: The service's clock; ``clock.skip(days=31)`` lets stored answers expire.
    """

    def __init__(self, keys: Keyring, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock()
        self._keys = keys
        self._issued = 0
        self._engine = Engine(settings, self.clock, _INSPECTOR)
        keys.admit(self._engine)
        self.api_key = self.issue_key(name="fake key")

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
        self._keys.add(key, self._engine, Caller(**given))
        self._issued += 1
        return key

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


class FakeServer(Tenant):
    """xAI's service in this process, on a port of this machine.

    ::

        with FakeServer() as server:
            client = Client(api_key=server.api_key, api_host=server.target)

    Any client of the gRPC API can talk to it. It looks at the pictures it gets, but its answers
    are descriptions and fixed texts: no model is behind it.

    Also an async context manager; or call ``start()`` and ``stop()``. A process that forgets to
    stop it ends all the same.

    Args:
        settings: All settings at once.
        changes: Single settings by name, such as ``stored_pictures="refuse"``; see ``Settings``.
    """

    def __init__(self, settings: Settings | None = None, **changes: Any) -> None:
        keys = Keyring()
        super().__init__(keys, (settings or Settings()).but(**changes))
        self._host: Host | None = None
        self._lock = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether it takes calls."""
        return self._host is not None

    @property
    def target(self) -> str:
        """Its address, "localhost:PORT"; every client takes that for a plain-text one.

        Raises:
            RuntimeError: It is not running.
        """
        if self._host is None:
            raise RuntimeError("the fake server is not running: start() it, or use it with with")
        return f"localhost:{self._host.port}"

    def start(self) -> Self:
        """Open the port, a new one each time. Does nothing if it is open."""
        with self._lock:
            if self._host is None:
                self._host = Host(self._keys, self.settings.max_threads)
        return self

    def stop(self, grace: float | None = None) -> None:
        """Close the port.

        Args:
            grace: Seconds that calls under way get to finish; None cancels them at once.
        """
        with self._lock:
            host, self._host = self._host, None
        if host is not None:
            host.stop(grace)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Stopping waits for the transport's threads, which the loop need not.
        await asyncio.to_thread(self.stop)

    def __repr__(self) -> str:
        where = f"at {self.target}" if self.running else "not running"
        return f"<FakeServer {where}, {len(self.calls)} calls>"
