"""How the plugin fails a test whose rules were not used as expected."""

from __future__ import annotations

UNMET = """
def test_it(xai_server):
    xai_server.on(prompt="never").reply("x")
"""


def test_the_test_itself_fails(run):
    result = run(UNMET, "-rA")
    result.assert_outcomes(failed=1)
    out = result.stdout.str()
    assert "FAILED test_it.py::test_it - Failed: on(prompt='never') was never used" in out
    assert "ERROR" not in out
    assert "PASSED" not in out
    # The message contains the problem, and the section below it the calls.
    assert out.count("to accept that") == 1
    assert "The server was not called." in out


def test_a_strict_xfail_sees_the_failure(run):
    result = run(f"@pytest.mark.xfail(strict=True){UNMET}")
    result.assert_outcomes(xfailed=1)
    result = run(f"@pytest.mark.xfail(strict=True, raises=ValueError){UNMET}")
    result.assert_outcomes(failed=1)
    met = "@pytest.mark.xfail(strict=True)\ndef test_it(xai_server):\n    pass\n"
    run(met).assert_outcomes(failed=1)


def test_a_test_that_fails_shows_its_own_failure_first(run):
    result = run(f"{UNMET}    assert 1 == 2, 'the cause'\n")
    result.assert_outcomes(failed=1)
    out = result.stdout.str()
    assert "FAILED test_it.py::test_it - AssertionError: the cause" in out
    assert out.index("AssertionError: the cause") < out.index("was never used")


def test_a_skipped_test_is_not_verified(run):
    run(f"{UNMET}    pytest.skip('not today')\n").assert_outcomes(skipped=1)


def test_unittest(run):
    result = run("""
import unittest

class TestIt(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _server(self, xai_server):
        self.server = xai_server

    def test_unmet(self):
        self.server.on(prompt="never").reply("x")

    def test_own_failure(self):
        self.server.on(prompt="never").reply("x")
        self.assertEqual(1, 2)

    def test_skipped(self):
        self.server.on(prompt="never").reply("x")
        self.skipTest("not today")

    @unittest.expectedFailure
    def test_expected(self):
        self.server.on(prompt="never").reply("x")
        self.fail("expected")

    def test_met(self):
        self.server.on(prompt="never").reply("x").optional()
""")
    result.assert_outcomes(failed=2, skipped=1, xfailed=1, passed=1)
    result.stdout.fnmatch_lines(["FAILED *test_own_failure - AssertionError: 1 != 2"])
    # The section of the failed test and the message of the other one.
    assert result.stdout.str().count("to accept that") == 2
    result.stdout.fnmatch_lines(["FAILED *test_unmet - Failed: on(prompt='never') was never*"])


def test_asyncio(run):
    text = f"@pytest.mark.asyncio\nasync {UNMET.lstrip()}"
    run(text, "-p", "pytest_asyncio.plugin").assert_outcomes(failed=1)


def test_a_server_that_the_test_asks_for(run):
    result = run("""
def test_it(request):
    request.getfixturevalue("xai_server").on(prompt="never").reply("x")
""")
    result.assert_outcomes(failed=1)


def test_calls_of_other_fixtures_after_the_test_are_verified_too(run):
    """A call at the end of a fixture that uses the server is one more than expected."""
    text = """
@pytest.fixture
def program(xai_server):
    with open_caller(xai_server) as caller:
        yield caller
        caller.sample("goodbye")

def test_it(xai_server, program):
    xai_server.on().reply("x").times(1)
    program.sample("hello")
"""
    result = run(text)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*1 more call arrived*"])
    # A test that has failed is not reported twice.
    run(f"{text}    assert False\n").assert_outcomes(failed=1)


def test_a_verification_within_the_test_counts_once(run):
    result = run(f"{UNMET}    xai_server.verify()\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED *AssertionError: on(prompt='never')*"])


def test_xai_env(run):
    result = run("""
import os
from xai_vision import Client
from xai_vision.chat import user

def program():
    with Client() as client:
        return client.chat.create("grok-4", messages=[user("Hi")]).sample().content

def test_program(xai_env):
    xai_env.on(prompt="Hi").reply("from the fake")
    assert program() == "from the fake"

def test_both_fixtures_are_one_tenant(xai_env, xai_server):
    assert xai_env is xai_server
    assert os.environ["XAI_API_KEY"] == xai_server.api_key
    assert os.environ["XAI_API_HOST"] == xai_server.target

def test_the_environment_is_restored():
    assert "XAI_API_KEY" not in os.environ
    assert "XAI_API_HOST" not in os.environ

def test_unmet(xai_env):
    xai_env.on(prompt="never").reply("x")
""")
    result.assert_outcomes(passed=3, failed=1)


def test_each_run_of_a_repeated_test_is_verified(run, pytester):
    """Plugins such as pytest-rerunfailures run the phases again with the same item."""
    pytester.makepyfile(
        twice="""
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    for _ in range(2):
        item._initrequest()
        for report in runtestprotocol(item, nextitem=nextitem, log=False):
            item.ihook.pytest_runtest_logreport(report=report)
    return True
"""
    )
    result = run(
        """
turns = []

def test_it(xai_server):
    turns.append(xai_server)
    rule = xai_server.on().reply("x")
    if len(turns) == 2:
        with open_caller(xai_server) as caller:
            caller.sample("Hi")
""",
        "-p",
        "twice",
    )
    result.assert_outcomes(passed=1, failed=1)
