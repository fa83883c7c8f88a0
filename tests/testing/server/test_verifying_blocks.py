"""``with`` and ``async with`` blocks of servers and tenants."""

from __future__ import annotations

import sys
import unittest

import pytest

from tests.testing.grpc_calls import open_caller
from xai_vision import AsyncClient
from xai_vision.chat import user
from xai_vision.testing import FakeServer


def test_a_tenant_that_was_used_as_expected(server):
    with server.tenant(seed=7) as tenant, open_caller(tenant) as caller:
        assert tenant.settings.seed == 7
        tenant.on(prompt="Hi").reply("Hello!").times(1)
        assert caller.text("Hi") == "Hello!"
    # The end of the block removes the key, but not the tenant's log.
    with open_caller(tenant) as caller:
        assert caller.expect_error("Hi")[0] == "UNAUTHENTICATED"
    assert [call.prompt for call in tenant.calls] == ["Hi"]
    assert server.running


@pytest.mark.parametrize("make", [lambda server: server.tenant(), lambda server: FakeServer()])
def test_an_unmet_rule_fails_the_block(server, make):
    unused = pytest.raises(AssertionError, match="on\\(prompt='never'\\) was never used")
    with unused, make(server) as block:
        block.on(prompt="never").reply("x")
    with pytest.raises(ZeroDivisionError) as caught, make(server) as block:
        block.on(prompt="never").reply("x")
        raise ZeroDivisionError
    if sys.version_info >= (3, 11):
        (note,) = caught.value.__notes__
        assert note.startswith("fake server: on(prompt='never') was never used")


@pytest.mark.parametrize("make", [lambda server: server.tenant(), lambda server: FakeServer()])
async def test_asynchronous_blocks(server, make):
    async with make(server) as block:
        assert block.api_key
    with pytest.raises(AssertionError, match="on\\(prompt='never'\\) was never used"):
        async with make(server) as block:
            block.on(prompt="never").reply("x")


def test_unittest_with_asyncio():
    class Case(unittest.IsolatedAsyncioTestCase):
        async def asyncSetUp(self):
            self.server = FakeServer().start()
            self.addCleanup(self.server.close)

        async def test_it(self):
            self.server.on(prompt="Hi").reply("Hello")
            async with AsyncClient(self.server.api_key, api_host=self.server.target) as client:
                chat = client.chat.create("grok-4", messages=[user("Hi")])
                assert (await chat.sample()).content == "Hello"
            self.server.verify()

        async def test_unmet(self):
            async with self.server.tenant() as tenant:
                tenant.on(prompt="never").reply("x")

    result = unittest.TestResult()
    unittest.TestLoader().loadTestsFromTestCase(Case).run(result)
    assert result.testsRun == 2
    [(test, text)] = [*result.failures, *result.errors]
    assert "test_unmet" in str(test)
    assert "on(prompt='never') was never used" in text


def test_a_closed_tenant_leaves_the_others(server, caller):
    with server.tenant() as tenant:
        server.on().reply("server")
        with open_caller(tenant) as tenant_caller:
            assert tenant_caller.text("Hi") != "server"
    assert caller.text("Hi") == "server"


def test_closing_twice(server):
    with server.tenant() as tenant:
        tenant.close()
