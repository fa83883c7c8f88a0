"""pytest fixtures: a fake of xAI's service for every test.

Installed with xai-vision, and on by itself; nothing of the fake is imported before a test asks
for it.

``xai_server``
    A tenant of one server that serves the whole session: a key, rules, pictures, answers and a
    call log that belong to this test alone. At its end the test fails if a rule or fault was
    never used, or not as often as ``times(n)`` says; a test that fails by itself is reported
    with the calls the server got, and which rule answered each.
``make_xai_server``
    A function that starts further servers, stopped at the end of the session. They are not
    verified, for they may be meant for several tests: call their ``verify()``.
``@pytest.mark.xai_fake(unmatched="error", ...)``
    Settings for one test, class or module: fields of ``xai_vision.testing.Settings``, or
    arguments of ``FakeServer`` such as ``tls=True``, for which the test gets its own server.
``xai_fake`` in pytest's configuration
    The same for all tests: lines such as ``unmatched = "error"``. Not ``api_key``, ``port`` and
    ``http_port``, which are one server's: those belong to the marker, or ``make_xai_server``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xai_vision.testing import FakeServer, Tenant

__all__ = ["make_xai_server", "xai_server"]

_MARKER = "xai_fake(**settings): settings of the fake xAI server in this test"
# What belongs to the port, not to a tenant of it.
_OF_A_SERVER = frozenset(
    ("host", "port", "api_key", "tls", "health", "reflection", "http", "http_port", "tcp_proxy")
) | {"max_threads"}
# One server's alone: of several servers in a run, and xdist's processes, only one could have it.
_OF_ONE_SERVER = ("api_key", "port", "http_port")
_passed = pytest.StashKey[bool]()
_tenants = pytest.StashKey["Tenant"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option."""
    parser.addini(
        "xai_fake", "settings of the fake xAI server, a 'name = value' a line", "linelist"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether the test itself passed; if not, show what its server saw."""
    report = yield
    if report.when == "call":
        item.stash[_passed] = report.passed
        tenant = item.stash.get(_tenants, None)
        if report.failed and tenant is not None:
            report.sections.append(("fake xAI server", _seen(tenant)))
    return report


def _seen(tenant: Tenant) -> str:
    return "\n".join([*tenant.problems(), tenant.calls.summary()])


@pytest.fixture(scope="session")
def make_xai_server(pytestconfig: pytest.Config) -> Iterator[Callable[..., FakeServer]]:
    """Start fake servers: ``make_xai_server(tls=True)``. They are stopped with the session."""
    from xai_vision.testing import FakeServer

    started: list[FakeServer] = []

    configured = _configured(pytestconfig)
    with _naming("xai_fake in pytest's configuration"):
        FakeServer(**configured)

    def make(**settings: Any) -> FakeServer:
        server = FakeServer(**{**configured, **settings}).start()
        started.append(server)
        return server

    yield make
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def _xai_session_server(make_xai_server: Callable[..., FakeServer]) -> FakeServer:
    return make_xai_server()


@pytest.fixture
def xai_server(request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """A fake of xAI's service for this test alone: see ``xai_vision.testing.Tenant``."""
    settings: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("xai_fake"))):
        if marker.args:
            raise pytest.UsageError("xai_fake takes settings by name, such as unmatched='error'")
        settings.update(marker.kwargs)
    with _naming("@pytest.mark.xai_fake"):
        tenant, end = _tenant(request, settings)
    request.node.stash[_tenants] = tenant
    try:
        yield tenant
        # Of a test that has failed the rules are unmet because of that; that would only hide it.
        if request.node.stash.get(_passed, False):
            problems = tenant.problems()
            if problems:
                pytest.fail("\n".join(problems), pytrace=False)
    finally:
        del request.node.stash[_tenants]
        end()


@contextmanager
def _naming(where: str) -> Iterator[None]:
    """Say of a wrong setting where it stands."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"{where}: {error}") from None


def _tenant(
    request: pytest.FixtureRequest, settings: dict[str, Any]
) -> tuple[Tenant, Callable[[], None]]:
    """A tenant with these settings, and how to be rid of it."""
    if _OF_A_SERVER & set(settings):
        from xai_vision.testing import FakeServer

        own = FakeServer(**{**_configured(request.config), **settings}).start()
        return own, own.stop
    server: FakeServer = request.getfixturevalue("_xai_session_server")
    tenant = server.tenant(**settings)
    return tenant, tenant.close


def _configured(config: pytest.Config) -> dict[str, Any]:
    settings = {}
    for line in config.getini("xai_fake"):
        name, equals, text = line.partition("=")
        try:
            settings[name.strip()] = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError):
            raise pytest.UsageError(
                f"xai_fake: {line!r} does not read name = value, the value as in Python"
            ) from None
        if not equals:
            raise pytest.UsageError(f"xai_fake: {line!r} has no '='")
    for name in _OF_ONE_SERVER:
        if name in settings:
            raise pytest.UsageError(
                f"xai_fake in pytest's configuration: {name} cannot be set for all tests: it "
                "belongs to one server, and a run has several, in each process of xdist and for "
                f"markers. Say @pytest.mark.xai_fake({name}=...) on the test that needs it, or "
                f"make_xai_server({name}=...)"
            )
    return settings
