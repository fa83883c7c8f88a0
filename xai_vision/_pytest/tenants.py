"""The fake servers of a test, and what they add to its report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from xai_vision._pytest.settings import configured_settings

if TYPE_CHECKING:
    from xai_vision.testing import Tenant

passed = pytest.StashKey[bool]()
"""Whether the test passed."""
_verification_failure = pytest.StashKey[BaseException]()
_tenants = pytest.StashKey["list[Tenant]"]()


def open_tenant(
    request: pytest.FixtureRequest, settings: dict[str, Any]
) -> tuple[Tenant, Callable[[], None]]:
    """Return a tenant with these settings, and a function that closes it."""
    from xai_vision.testing._server import SERVER_OPTIONS, FakeServer

    if settings.keys() & {*SERVER_OPTIONS, "max_threads"}:
        server = FakeServer(**{**configured_settings(request.config), **settings}).start()
        return server, server.stop
    session_server: FakeServer = request.getfixturevalue("_xai_session_server")
    tenant = session_server.tenant(**settings)
    if session_server.inspected:
        tenant.name = request.node.nodeid
    return tenant, tenant.close


@contextmanager
def verified(item: pytest.Item, tenant: Tenant) -> Iterator[None]:
    """Let the end of the test, and the end of the block, verify a tenant."""
    item.stash.setdefault(_tenants, []).append(tenant)
    yield
    # Calls that other fixtures made after the test may have caused new problems.
    if item.stash.get(passed, False):
        _fail_for([tenant])


def tenants_of(item: pytest.Item) -> list[Tenant]:
    """Return the tenants of a test, until its last report."""
    return item.stash.get(_tenants, [])


def forget_tenants(item: pytest.Item) -> None:
    """Forget the tenants of a test that has ended, because it may run again."""
    item.stash[_tenants] = []


def verify_after_call(item: pytest.Item) -> None:
    """Verify the tenants of a test.

    Raises:
        pytest.fail.Exception: A rule or fault was not used as it should, or there are errors.
    """
    try:
        _fail_for(tenants_of(item))
    except pytest.fail.Exception as failure:
        item.stash[_verification_failure] = failure
        raise


def add_calls(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Add the calls of the tenants to the report of a test that failed."""
    verification = item.stash.get(_verification_failure, None)
    is_verification = call.excinfo is not None and call.excinfo.value is verification
    for tenant in tenants_of(item):
        # The message of a failed verification contains the problems already.
        problems = [] if is_verification else tenant.problems()
        text = "\n".join([*problems, tenant.calls.summary()])
        report.sections.append(("fake xAI server", text))


def _fail_for(tenants: list[Tenant]) -> None:
    problems = [problem for tenant in tenants for problem in tenant.problems()]
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)
