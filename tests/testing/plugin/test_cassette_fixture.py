"""The fixture xai_cassette and the option --xai-record."""

from __future__ import annotations

import json

import pytest

from xai_vision.testing import FakeServer

KEY = "xai-the-key-of-the-service-0123456789"
ASK = """
def ask(server, text="Hi"):
    with open_caller(server) as caller:
        return caller.text(text)
"""


@pytest.fixture
def service(monkeypatch):
    """The service that tests record; its key is in the environment of the run."""
    with FakeServer(api_key=KEY) as running:
        running.on().reply("from the service").optional()
        monkeypatch.setenv("XAI_API_KEY", KEY)
        monkeypatch.setenv("XAI_TEST_UPSTREAM", running.target)
        yield running


@pytest.fixture
def run(run, pytester, monkeypatch):
    """Run the text as a test file in this process, which is faster than in another."""
    monkeypatch.setattr(pytester, "runpytest_subprocess", pytester.runpytest_inprocess)
    return run


HEAD = (
    ASK
    + """
import os
service = pytest.mark.xai_cassette(upstream=os.environ.get("XAI_TEST_UPSTREAM", "localhost:1"))
"""
)
ONE_TEST = (
    HEAD
    + """
@service
def test_one(xai_cassette):
    assert ask(xai_cassette) == "from the service"
"""
)


def test_recording_and_replaying(run, pytester, service):
    run(ONE_TEST, "--xai-record=once").assert_outcomes(passed=1)
    file = pytester.path / "cassettes" / "test_it" / "test_one.json"
    content = json.loads(file.read_text())
    assert [item["method"] for item in content["interactions"]] == ["xai_api.Chat/GetCompletion"]
    assert KEY not in file.read_text()
    assert len(service.calls) == 1
    run(ONE_TEST).assert_outcomes(passed=1)
    run(ONE_TEST, "--xai-record=once").assert_outcomes(passed=1)
    assert len(service.calls) == 1, "a replay calls no service"
    run(ONE_TEST, "--xai-record=rewrite").assert_outcomes(passed=1)
    assert len(service.calls) == 2


def test_without_the_option_nothing_is_called(run, service):
    result = run(ONE_TEST)
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "test_one.json does not exist. Record it: pytest --xai-record=once" in text
    assert len(service.calls) == 0


def test_the_environment_is_that_of_the_replay(run, service):
    program = (
        HEAD
        + """
def test_one(xai_cassette):
    assert os.environ["XAI_API_KEY"] == xai_cassette.api_key
    assert os.environ["XAI_API_HOST"] == xai_cassette.target
"""
    )
    run(program).assert_outcomes(passed=1)


def test_a_miss_fails_a_test_that_ignores_the_error(run, service):
    run(ONE_TEST, "--xai-record=once").assert_outcomes(passed=1)
    program = (
        HEAD
        + """
def test_one(xai_cassette):
    with pytest.raises(grpc.RpcError):
        ask(xai_cassette, "Something else")
"""
    )
    result = run(program)
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "recorded 'Hi', requested 'Something else'" in text
    assert "To record it: pytest --xai-record=" in text


def test_parameters_and_classes_have_files_of_their_own(run, pytester, service):
    program = (
        HEAD
        + """
@service
class TestCase:
    @pytest.mark.parametrize("text", ["a/b", "a:b", "plain"])
    def test_one(self, xai_cassette, text):
        assert ask(xai_cassette, text) == "from the service"
"""
    )
    run(program, "--xai-record=once", "-p", "xdist", "-n", "2").assert_outcomes(passed=3)
    run(program).assert_outcomes(passed=3)
    assert len(service.calls) == 3
    files = sorted(item.name for item in (pytester.path / "cassettes" / "test_it").iterdir())
    assert len(files) == 3
    assert "TestCase.test_one[plain].json" in files
    assert all(name.startswith("TestCase.test_one[") for name in files)


TWO_CALLS = (
    HEAD
    + """
@service
def test_one(xai_cassette):
    ask(xai_cassette)
    ask(xai_cassette, "More")
"""
)


@pytest.mark.parametrize("arguments", [(), ("-p", "xdist", "-n", "1")], ids=["alone", "xdist"])
def test_recorded_calls_that_are_not_used_are_reported(run, service, arguments):
    run(TWO_CALLS, "--xai-record=once").assert_outcomes(passed=1)
    result = run(ONE_TEST, *arguments)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*recorded xAI calls that were not used*",
            "*test_one.json: 1 of the recorded calls were not used",
            "  2. GetCompletion grok-4 'More': OK",
        ]
    )


def test_unused_calls_can_fail_the_test(run, service):
    run(TWO_CALLS, "--xai-record=once").assert_outcomes(passed=1)
    program = ONE_TEST.replace("@service", "@service\n@pytest.mark.xai_cassette(unused='error')")
    result = run(program)
    result.assert_outcomes(passed=1, errors=1)
    assert "1 of the recorded calls were not used" in result.stdout.str()


SHARED = (
    HEAD
    + """
@service
@pytest.mark.xai_cassette(path="shared.json", images="thumbnail", scrub={"Jane": "NAME"})
@pytest.mark.parametrize("text", ["Jane", "Hi"])
def test_it(xai_cassette, text):
    ask(xai_cassette, text)
"""
)


def test_a_file_that_tests_share(run, pytester, service):
    run(SHARED, "--xai-record=rewrite").assert_outcomes(passed=2)
    text = (pytester.path / "cassettes" / "shared.json").read_text()
    assert len(json.loads(text)["interactions"]) == 2
    assert "NAME" in text
    assert "Jane" not in text
    run(SHARED).assert_outcomes(passed=2)
    result = run(SHARED, "--xai-record=all", "-p", "xdist", "-n", "1")
    result.assert_outcomes(errors=2)
    assert "Run pytest --xai-record without -n" in result.stdout.str()


MISTAKES = {
    "record='all'": "does not accept record: use pytest --xai-record=...",
    "unused='fail'": "unused must be 'report' or 'error', not 'fail'",
    "images='pixels'": "Cassette: images must be one of 'colors', 'thumbnail', 'bytes'",
    "imagez='bytes'": "does not accept 'imagez'",
    "scrub=1": "scrub must be a function that takes and returns a str",
    "'bytes'": "xai_cassette accepts keywords only, such as images='thumbnail'",
}


def test_recording_needs_a_key(run, monkeypatch):
    monkeypatch.delenv("XAI_API_KEY", raising=False)
    result = run(ONE_TEST, "--xai-record=once")
    result.assert_outcomes(errors=1)
    words = "--xai-record=once needs a key for localhost:1: set XAI_API_KEY"
    assert words in result.stdout.str()


def test_mistakes(run):
    tests = [
        f"@pytest.mark.xai_cassette({marker})\ndef test_{number}(xai_cassette): pass\n"
        for number, marker in enumerate(MISTAKES)
    ]
    result = run("\n".join(tests))
    result.assert_outcomes(errors=len(MISTAKES))
    text = result.stdout.str()
    assert [words for words in MISTAKES.values() if words not in text] == []


def test_settings_of_the_fake_server_apply(run, service):
    program = ONE_TEST.replace("@service", "@service\n@pytest.mark.xai_fake(seed=5)")
    program += "    assert xai_cassette.settings.seed == 5\n"
    run(program, "--xai-record=once", ini='xai_fake = {unmatched = "error"}').assert_outcomes(
        passed=1
    )
