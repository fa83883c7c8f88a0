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

import ast
import contextlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xai_vision.testing import FakeServer, Tenant

__all__ = ["make_xai_server", "xai_env", "xai_server"]

_MARKER = "xai_fake(**settings): settings of the fake xAI server in this test"
# A run has several servers, also in the processes of xdist, and only one of them could use these.
_SINGLE_SERVER_ARGUMENTS = ("api_key", "port", "http_port")
_LINES_EXAMPLE = """xai_fake = ['unmatched = "error"']"""
_TOML_WORDS = {"true": "True", "false": "False"}
_passed = pytest.StashKey[bool]()
_verification_failure = pytest.StashKey[BaseException]()
_tenants = pytest.StashKey["Tenant"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option and the option for reports."""
    parser.getgroup("xai_vision").addoption(
        "--xai-report",
        metavar="DIR",
        help="write an HTML file with the calls of the fake xAI server for each failed test",
    )
    parser.addini(
        "xai_fake",
        "settings of the fake xAI server: a TOML table, or one 'name = value' per line",
        "linelist",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    folder = config.getoption("xai_report")
    if folder:
        # The processes of xdist, which may have another directory, get the same folder.
        config.option.xai_report = str(config.invocation_params.dir / folder)
    config.addinivalue_line("markers", _MARKER)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Verify the server after a test that did not fail itself, so that the test fails."""
    yield
    tenant = item.stash.get(_tenants, None)
    if tenant is not None:
        try:
            _fail_for(tenant)
        except pytest.fail.Exception as failure:
            item.stash[_verification_failure] = failure
            raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test passed; if not, add the server's calls to its report."""
    report = yield
    if report.when == "call":
        item.stash[_passed] = report.passed
    tenant = item.stash.get(_tenants, None)
    if tenant is None:
        return report
    if report.failed:
        lines = _write_report(item, tenant, report)
        if report.when == "call":
            verification = item.stash.get(_verification_failure, None)
            is_verification = call.excinfo is not None and call.excinfo.value is verification
            # The message of a failed verification contains the problems already.
            lines += [] if is_verification else tenant.problems()
            lines.append(tenant.calls.summary())
        if lines:
            report.sections.append(("fake xAI server", "\n".join(lines)))
    if report.when == "teardown":
        del item.stash[_tenants]
    return report


def _write_report(item: pytest.Item, tenant: Tenant, report: pytest.TestReport) -> list[str]:
    """Write the file for --xai-report; return the line for the failure, if there is one."""
    folder = item.config.getoption("xai_report")
    if not folder:
        return []
    from xai_vision.testing._inspector.static_view import write_report

    try:
        file = write_report(tenant, Path(folder), item.nodeid, report.longreprtext)
    except Exception as error:  # noqa: BLE001 - the failure of the test matters more
        return [f"The report cannot be written: {type(error).__name__}: {error}"]
    return [f"Calls with their images: {file}"]


def _fail_for(tenant: Tenant) -> None:
    problems = tenant.problems()
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


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
    settings: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("xai_fake"))):
        if marker.args:
            raise pytest.UsageError("xai_fake accepts keywords only, such as unmatched='error'")
        settings.update(marker.kwargs)
    with _usage_errors("@pytest.mark.xai_fake"):
        tenant, end = _tenant(request, settings)
    if request.config.getoption("xai_report"):
        from xai_vision.testing._inspector.static_view import record_times

        record_times(tenant)
    request.node.stash[_tenants] = tenant
    try:
        yield tenant
        # Calls that other fixtures made after the test may have caused new problems.
        if request.node.stash.get(_passed, False):
            _fail_for(tenant)
    finally:
        end()


@pytest.fixture
def xai_env(xai_server: Tenant, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """The tenant of ``xai_server``, as the default key and host of clients in this test."""
    monkeypatch.setenv("XAI_API_KEY", xai_server.api_key)
    monkeypatch.setenv("XAI_API_HOST", xai_server.target)
    return xai_server


@contextlib.contextmanager
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
    session_server: FakeServer = request.getfixturevalue("_xai_session_server")
    tenant = session_server.tenant(**settings)
    if session_server.inspected:
        tenant.name = request.node.nodeid
    return tenant, tenant.close


def _configured_settings(config: pytest.Config) -> dict[str, Any]:
    try:
        lines = config.getini("xai_fake")
    except (TypeError, ValueError, pytest.UsageError) as error:
        # A table in the section [tool.pytest], which pytest 9 reads with strict types.
        raise pytest.UsageError(
            f"{error}\nxai_fake: write {_LINES_EXAMPLE}, or a table in [tool.pytest.ini_options]"
        ) from None
    settings: dict[str, Any] = {}
    for line in lines:
        settings.update(_parse_line(line))
    for name in _SINGLE_SERVER_ARGUMENTS:
        if name in settings:
            raise pytest.UsageError(
                f"xai_fake in pytest's configuration: {name} cannot be set for all tests, "
                "because a run has several servers. Use "
                f"@pytest.mark.xai_fake({name}=...) on the test that needs it, or "
                f"make_xai_server({name}=...)"
            )
    return settings


def _parse_line(line: str) -> dict[str, Any]:
    """Read ``name = value``, or a TOML table, which pytest passes as the repr of a dict."""
    if line.startswith("{"):
        with contextlib.suppress(ValueError, SyntaxError):
            return dict(ast.literal_eval(line))
        raise pytest.UsageError(
            f"xai_fake: {line!r} is a table, which only a TOML file can contain. "
            f"Write one setting per line: {line.strip('{} ')}"
        )
    name, equals, text = line.partition("=")
    if not equals:
        raise pytest.UsageError(
            f"xai_fake: {line!r} must contain '='. In pyproject.toml write {_LINES_EXAMPLE}"
        )
    text = text.strip()
    try:
        return {name.strip(): ast.literal_eval(_TOML_WORDS.get(text, text))}
    except (ValueError, SyntaxError):
        raise pytest.UsageError(
            f"xai_fake: {line!r} is not 'name = value' with a Python or TOML value. "
            f"In pyproject.toml write {_LINES_EXAMPLE}"
        ) from None
