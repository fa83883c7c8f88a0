"""pytest fixtures: a fake server for every test.

pytest loads this plugin automatically. The fake server is imported when a test uses a fixture.

``xai_server``
    A tenant of a server that lives as long as the session: a key, rules, files, stored responses
    and a call log for this test only. The test fails if a rule or fault was not used, or not as
    often as ``times(n)`` says. The report of a failed test contains the calls that the server
    received, and the rule that answered each.
``xai_env``
    The same tenant, with ``XAI_API_KEY`` and ``XAI_API_HOST`` set for it, so that a program that
    creates ``Client()`` without arguments calls the fake server.
``xai_cassette``
    A tenant whose calls are answered by a file of recorded calls: see ``docs/recording.md``. It
    sets ``XAI_API_KEY`` and ``XAI_API_HOST`` like ``xai_env``. ``pytest --xai-record=once``
    records; without the option nothing leaves this machine.
``@pytest.mark.xai_cassette(images="thumbnail", ...)``
    Options of the cassette: arguments of ``xai_vision.testing.Cassette``, ``path``, ``upstream``
    and other settings.
``make_xai_server``
    A function that starts more servers, which are stopped at the end of the session. They are not
    verified, because several tests can share them: call their ``verify()``.
``--xai-report=DIR``
    For each failed test, a file in this folder with the calls of its server: their messages and
    images, the answer, the times, and for each rule why it did not answer.
``@pytest.mark.xai_fake(unmatched="error", ...)``
    Settings for one test, class or module: fields of ``xai_vision.testing.Settings``, or
    arguments of ``FakeServer`` such as ``tls=True``, which give the test a separate server.
``xai_fake`` in pytest's configuration
    The same for all tests: a TOML table such as ``{unmatched = "error"}``, or lines such as
    ``unmatched = "error"``. ``api_key``, ``port`` and ``http_port`` belong to a single server: use
    the marker or ``make_xai_server`` for them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from xai_vision._pytest import cassettes, reports
from xai_vision._pytest.settings import configured_settings, marker_settings, usage_errors
from xai_vision._pytest.tenants import (
    add_calls,
    forget_tenants,
    open_tenant,
    passed,
    verified,
    verify_after_call,
)
from xai_vision._record_modes import RECORD_MODES

if TYPE_CHECKING:
    from xai_vision.testing import FakeServer, Tenant

__all__ = ["make_xai_server", "xai_cassette", "xai_env", "xai_server"]

_MARKERS = (
    "xai_fake(**settings): settings of the fake xAI server in this test",
    "xai_cassette(**options): options of the file of recorded xAI calls of this test",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option and the command line options."""
    reports.add_option(parser)
    parser.addini(
        "xai_fake",
        "settings of the fake xAI server: a TOML table, or one 'name = value' per line",
        "linelist",
    )
    parser.getgroup("xai_vision").addoption(
        cassettes.OPTION,
        choices=RECORD_MODES,
        default="none",
        help="which calls of tests with xai_cassette go to the service and are recorded "
        "(default: none)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    reports.resolve_option(config)
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Verify the server after a test that did not fail itself, so that the test fails."""
    yield
    verify_after_call(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test passed; if not, add the server's calls to its report."""
    report = yield
    if report.when == "call":
        item.stash[passed] = report.passed
    if report.failed:
        reports.add_files(item, report)
        if report.when == "call":
            add_calls(item, call, report)
    if report.when == "teardown":
        forget_tenants(item)
    cassettes.add_unused(item, report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the recorded calls that no test used."""
    cassettes.show_unused(terminalreporter)


@pytest.fixture(scope="session")
def make_xai_server(pytestconfig: pytest.Config) -> Iterator[Callable[..., FakeServer]]:
    """Start fake servers, such as ``make_xai_server(tls=True)``, until the end of the session."""
    from xai_vision.testing import FakeServer

    started: list[FakeServer] = []
    defaults = configured_settings(pytestconfig)
    with usage_errors("xai_fake in pytest's configuration"):
        FakeServer(**defaults)

    def make(**settings: Any) -> FakeServer:
        server = FakeServer(**{**defaults, **settings}).start()
        started.append(server)
        reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
        if server.inspected and reporter is not None:
            reporter.write_line(f"\nCalls of the fake xAI server: {server.inspect_url}")
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
    settings = marker_settings(request.node, "xai_fake", "unmatched='error'")
    with usage_errors("@pytest.mark.xai_fake"):
        tenant, end = open_tenant(request, settings)
    reports.record_times(request.node, tenant)
    try:
        with verified(request.node, tenant):
            yield tenant
    finally:
        end()


@pytest.fixture
def xai_env(xai_server: Tenant, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """The tenant of ``xai_server``, as the default key and host of clients in this test."""
    monkeypatch.setenv("XAI_API_KEY", xai_server.api_key)
    monkeypatch.setenv("XAI_API_HOST", xai_server.target)
    return xai_server


@pytest.fixture
def xai_cassette(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Tenant]:
    """A fake server whose calls a file of recorded calls answers."""
    yield from cassettes.open_cassette(request, monkeypatch)
