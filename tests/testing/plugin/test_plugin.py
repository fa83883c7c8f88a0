"""The pytest plugin, tested in separate pytest runs."""

from __future__ import annotations

import pytest


def test_each_test_has_its_own_tenant(run):
    result = run("""
keys = set()

@pytest.mark.parametrize("turn", range(3))
def test_one(xai_server, turn):
    assert len(xai_server.calls) == 0
    assert xai_server.api_key not in keys
    keys.add(xai_server.api_key)
    xai_server.on().reply(f"turn {turn}").times(1)
    with open_caller(xai_server) as caller:
        assert caller.text("Hi") == f"turn {turn}"
    assert len(xai_server.calls) == 1

def test_old_keys_are_rejected(xai_server):
    with open_caller(xai_server, keys.pop()) as caller:
        assert caller.expect_error("Hi")[0] == "UNAUTHENTICATED"
    xai_server.calls.assert_not_called()
""")
    result.assert_outcomes(passed=4)


def test_an_unmet_rule_fails_the_test(run):
    result = run("""
def test_it(xai_server):
    xai_server.on(prompt=match.contains("caption")).reply("x").times(1)
    with open_caller(xai_server) as caller:
        caller.sample("other")

def test_it_failed_before(xai_server):
    xai_server.on().reply("x").times(1)
    assert False
""")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*prompt=match.contains('caption')).times(1) was to answer 1 call, but answered 0*"]
    )


def test_a_report_without_any_configuration(run):
    """The program gets the default reply, and the report says why."""
    result = run("""
def test_a_wrong_answer(xai_server):
    xai_server.on(prompt=match.contains("capton")).reply("a red square")
    with open_caller(xai_server) as caller:
        assert caller.text("a caption") == "a red square"

def test_that_passes(xai_server):
    xai_server.on(prompt=match.contains("capton")).reply("a red square")
    xai_server.fault(pytest.importorskip("xai_vision.testing").Fault.internal(), prompt="never")
    with open_caller(xai_server) as caller:
        assert caller.text("a caption")

def test_without_calls(xai_server):
    assert False

@pytest.mark.xai_fake(unused="allow")
def test_that_allows_unused_rules(xai_server):
    xai_server.on(prompt=match.contains("capton")).reply("a red square")
    assert True

def test_without_a_server():
    assert False
""")
    result.assert_outcomes(passed=1, failed=4)
    out = result.stdout.str()
    nearest = "on(prompt=match.contains('capton')): prompt=match.contains('capton'), but it is 'a c"
    assert f"no rule answered it. Nearest: {nearest}aption'." in out
    assert "The server was not called." in out
    assert out.count("- fake xAI server -") == 3
    assert "\non(prompt=match.contains('capton')) was never used (add .optional(), or set" in out
    assert "was never injected" in out
    assert "pytest_plugin.py" not in out.replace("-p xai_vision.pytest_plugin", "")


def test_marker_and_ini(run):
    result = run(
        """
def test_ini(xai_server):
    assert xai_server.settings.unmatched == "error"
    assert xai_server.settings.seed == 7

@pytest.mark.xai_fake(unmatched="default")
class TestMarked:
    @pytest.mark.xai_fake(seed=8)
    def test_marker(self, xai_server):
        assert (xai_server.settings.unmatched, xai_server.settings.seed) == ("default", 8)

@pytest.mark.xai_fake(tls=True)
def test_own_server(xai_server):
    assert xai_server.root_certificate

@pytest.mark.xai_fake("error")
def test_misused(xai_server):
    pass
""",
        ini="xai_fake = ['unmatched = \"error\"', 'seed = 7']\n",
    )
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*xai_fake accepts keywords only*"])


WRONG_MARKERS = {
    "unmatchd='error'": "does not accept 'unmatchd'; did you mean 'unmatched'?",
    "unused='alow'": "unused must be one of 'error', 'allow', not 'alow'; did you mean 'allow'?",
    "keep_calls=-1": "keep_calls must be an integer of at least 1, not -1",
    "tls='yes'": "FakeServer: tls must be True or False, not 'yes'",
    "tls=True, sede=1": "does not accept 'sede'; did you mean 'seed'?",
}


def test_a_wrong_marker(run):
    tests = [
        f"@pytest.mark.xai_fake({mark})\ndef test_{number}(xai_server): pass\n"
        for number, mark in enumerate(WRONG_MARKERS)
    ]
    result = run("\n".join(tests))
    result.assert_outcomes(errors=len(WRONG_MARKERS))
    for details in WRONG_MARKERS.values():
        result.stdout.fnmatch_lines([f"*@pytest.mark.xai_fake: *{details}*"])


def test_a_marker_for_a_separate_server(run):
    result = run("""
@pytest.mark.xai_fake(api_key="our-own-key", http=True, unused="allow")
def test_it(xai_server):
    assert xai_server.api_key == "our-own-key"
    assert xai_server.http_url
    xai_server.on(prompt="x").reply("y")
""")
    result.assert_outcomes(passed=1)


def test_make_xai_server(run):
    result = run("""
def test_two(make_xai_server, xai_server):
    one, two = make_xai_server(), make_xai_server(seed=1)
    assert len({one.target, two.target, xai_server.target}) == 3
    with open_caller(two) as caller:
        assert caller.text("Hi")
""")
    result.assert_outcomes(passed=1)


def test_with_asyncio_and_hanging_calls(run):
    result = run(
        """
from tests.testing.grpc_calls import request
from xai_vision.proto.chat_pb2_grpc import AsyncChatStub
from xai_vision.testing import Fault
import asyncio

@pytest.mark.asyncio
@pytest.mark.parametrize("turn", range(2))
async def test_it(xai_server, turn):
    metadata = (("authorization", f"Bearer {xai_server.api_key}"),)
    async with grpc.aio.insecure_channel(xai_server.target) as channel:
        stub = AsyncChatStub(channel)
        assert (await stub.GetCompletion(request("Hi"), metadata=metadata)).id
        xai_server.fault(Fault.hang()).optional()  # the cancellation may be first
        task = asyncio.ensure_future(stub.GetCompletion(request("Hi"), metadata=metadata))
        assert await xai_server.calls.wait_for_async(2, 60)
        task.cancel()
        assert await xai_server.calls.last.wait_cancelled_async(60)
""",
        "-p",
        "pytest_asyncio.plugin",
    )
    result.assert_outcomes(passed=2)
    assert "BlockingIOError" not in result.stderr.str()


@pytest.mark.slow
def test_under_xdist(run):
    pytest.importorskip("xdist")
    result = run(
        """
@pytest.mark.parametrize("turn", range(12))
def test_it(xai_server, turn):
    with open_caller(xai_server) as caller:
        caller.text("Hi")
    assert len(xai_server.calls) == 1
""",
        "-p",
        "xdist",
        "-n4",
    )
    result.assert_outcomes(passed=12)


def test_the_plugin_imports_lazily():
    import subprocess
    import sys

    program = (
        "import sys, xai_vision.pytest_plugin as plugin; "
        "sys.exit('xai_vision.testing' in sys.modules or 'PIL' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
