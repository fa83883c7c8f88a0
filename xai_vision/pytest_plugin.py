"""pytest fixtures: a fake server for every test.

pytest loads this plugin automatically. The fake server is imported when a test uses a fixture.

``xai_server``
    A tenant of a server that lives as long as the session: a key, rules, files, stored responses
    and a call log for this test only. At its end the test fails if a rule or fault was not used,
    or not as often as ``times(n)`` says. The report of a test that fails for another reason
    contains the calls that the server received, and the rule that answered each.
``make_xai_server``
    A function that starts more servers, which are stopped at the end of the session. They are not
    verified, because several tests can share them: call their ``verify()``.
``@pytest.mark.xai_fake(unmatched="error", ...)``
    Settings for one test, class or module: fields of ``xai_vision.testing.Settings``, or
    arguments of ``FakeServer`` such as ``tls=True``, which give the test a separate server.
``xai_fake`` in pytest's configuration
    The same for all tests: lines such as ``unmatched = "error"``. ``api_key``, ``port`` and
    ``http_port`` belong to a single server: use the marker or ``make_xai_server`` for them.
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
# A run has several servers, also in the processes of xdist, and only one of them could use these.
_SINGLE_SERVER_ARGUMENTS = ("api_key", "port", "http_port")
_passed = pytest.StashKey[bool]()
_tenants = pytest.StashKey["Tenant"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option."""
    parser.addini(
        "xai_fake", "settings of the fake xAI server, one 'name = value' per line", "linelist"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test passed; if not, add the server's calls to its report."""
    report = yield
    if report.when == "call":
        item.stash[_passed] = report.passed
        tenant = item.stash.get(_tenants, None)
        if report.failed and tenant is not None:
            report.sections.append(("fake xAI server", _server_report(tenant)))
    return report


def _server_report(tenant: Tenant) -> str:
    return "\n".join([*tenant.problems(), tenant.calls.summary()])


@pytest.fixture(scope="session")
def make_xai_server(pytestconfig: pytest.Config) -> Iterator[Callable[..., FakeServer]]:
    """Start fake servers, such as ``make_xai_server(tls=True)``, until the end of the session."""
    from xai_vision.testing import FakeServer

    started: list[FakeServer] = []
    defaults = _configured_settings(pytestconfig)
    with _usage_errors("xai_fake in pytest's configuration"):
        FakeServer(**defaults)

    def make(**settings: Any) -> FakeServer:
        server = FakeServer(**{**defaults, **settings}).start()
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
    """A fake server for this test: see ``xai_vision.testing.Tenant``."""
    settings: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("xai_fake"))):
        if marker.args:
            raise pytest.UsageError("xai_fake accepts keywords only, such as unmatched='error'")
        settings.update(marker.kwargs)
    with _usage_errors("@pytest.mark.xai_fake"):
        tenant, end = _tenant(request, settings)
    request.node.stash[_tenants] = tenant
    try:
        yield tenant
        # If the test failed, unused rules are a consequence and would hide the cause.
        if request.node.stash.get(_passed, False):
            problems = tenant.problems()
            if problems:
                pytest.fail("\n".join(problems), pytrace=False)
    finally:
        del request.node.stash[_tenants]
        end()


@contextmanager
def _usage_errors(location: str) -> Iterator[None]:
    """Report errors in settings as usage errors that name the settings' location."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"{location}: {error}") from None


def _tenant(
    request: pytest.FixtureRequest, settings: dict[str, Any]
) -> tuple[Tenant, Callable[[], None]]:
    """Return a tenant with these settings, and a function that closes it."""
    from xai_vision.testing._server import SERVER_OPTIONS, FakeServer

    if settings.keys() & {*SERVER_OPTIONS, "max_threads"}:
        server = FakeServer(**{**_configured_settings(request.config), **settings}).start()
        return server, server.stop
    tenant = request.getfixturevalue("_xai_session_server").tenant(**settings)
    return tenant, tenant.close


def _configured_settings(config: pytest.Config) -> dict[str, Any]:
    settings = {}
    for line in config.getini("xai_fake"):
        name, equals, text = line.partition("=")
        try:
            settings[name.strip()] = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError):
            raise pytest.UsageError(
                f"xai_fake: {line!r} is not 'name = value' with a Python literal as the value"
            ) from None
        if not equals:
            raise pytest.UsageError(f"xai_fake: {line!r} must contain '='")
    for name in _SINGLE_SERVER_ARGUMENTS:
        if name in settings:
            raise pytest.UsageError(
                f"xai_fake in pytest's configuration: {name} cannot be set for all tests, "
                "because a run has several servers. Use "
                f"@pytest.mark.xai_fake({name}=...) on the test that needs it, or "
                f"make_xai_server({name}=...)"
            )
    return settings
