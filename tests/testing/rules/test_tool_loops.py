"""Rules for the rounds of a tool loop: their conditions, and what the log shows of them."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from xai_vision.chat import assistant, developer, system, tool, tool_result, user
from xai_vision.proto import chat_pb2
from xai_vision.testing import FakeServer, Fault, FunctionCall, Reply, match
from xai_vision.tools import web_search

STOCK = tool("stock", "Count items.", {"type": "object", "properties": {"item": {}}})
WEATHER = tool("weather", "The weather.", {"type": "object", "properties": {"city": {}}})


def start(client, *messages, **settings):
    messages = messages or (user("How many screws?"),)
    return client.chat.create("grok-4", messages=list(messages), tools=[STOCK, WEATHER], **settings)


def run_loop(chat, results, rounds=5):
    """Return the text of the answer after all rounds of the loop."""
    for _ in range(rounds):
        response = chat.sample()
        chat.append(response)
        if not response.tool_calls:
            return response.content
        for call in response.tool_calls:
            chat.append(tool_result(results[call.function.name], call.id))
    raise AssertionError("the loop does not end")


ROUND_TWO = [
    {"tool_result": "3"},
    {"tool_result": match.contains("3")},
    {"tool_result": match.any},
    {"tool_result": {"stock": "3"}},
    {"tool_result": {"stock": match.any}},
    {"turn": 2},
    {"messages": 3},
    {"messages": match.predicate(lambda messages: len(messages) > 1, "long")},
    {"messages": match.predicate(lambda m: m[-1].role == chat_pb2.ROLE_TOOL, "after a tool")},
]
ROUND_ONE = [
    {"tool_result": match.none},
    {"tool_result": {"stock": match.none}},
    {"turn": 1},
    {"messages": 1},
]


@pytest.mark.parametrize("conditions", ROUND_TWO, ids=str)
def test_a_rule_for_the_second_round(client, server, conditions):
    """It comes first, so that it must not match the first round."""
    server.on(**conditions).reply("There are 3.").times(1)
    server.on(prompt=match.contains("screws")).reply(Reply.tool_call("stock", item="screw")).times(
        1
    )
    assert run_loop(start(client), {"stock": "3"}) == "There are 3."


@pytest.mark.parametrize("conditions", ROUND_ONE, ids=str)
def test_a_rule_for_the_first_round(client, server, conditions):
    server.on(**conditions).reply(Reply.tool_call("stock", item="screw")).times(1)
    server.on(prompt=match.contains("screws")).reply("There are 3.").times(1)
    assert run_loop(start(client), {"stock": "3"}) == "There are 3."


@pytest.mark.parametrize("form", ["ids", "no ids", "stored", "stream"])
def test_results_of_several_functions(client, server, form):
    calls = [FunctionCall("stock", {"item": "s"}), FunctionCall("weather", {"city": "Oslo"})]
    server.on(turn=1).reply(Reply(tool_calls=calls))
    server.on(tool_result={"weather": "warm", "stock": "3"}, turn=2).reply("both").times(1)
    chat = start(client, store_messages=form == "stored")
    response = list(chat.stream())[-1][0] if form == "stream" else chat.sample()
    if form == "stored":
        chat = start(client, tool_result("3", response.tool_calls[0].id))
        chat.append(tool_result("warm", response.tool_calls[1].id))
        chat = client.chat.create(
            "grok-4", messages=list(chat.messages), previous_response_id=response.id
        )
    else:
        chat.append(response)
        for call, text in zip(response.tool_calls, ["3", "warm"], strict=True):
            chat.append(tool_result(text, call.id if form != "no ids" else None))
    assert chat.sample().content == "both"
    call = server.calls.last
    assert [(r.name, r.text) for r in call.tool_results] == [("stock", "3"), ("weather", "warm")]
    assert "after the result of stock and weather, OK>" in repr(call)


def test_a_result_of_an_unknown_call(client, server):
    server.on(tool_result="3").reply("x")
    assert start(client, user("Hi"), tool_result("3", "call-of-another-process")).sample().content
    assert server.calls.last.tool_results[0].name == ""
    assert "after the result of a tool, OK>" in repr(server.calls.last)


def test_results_of_earlier_rounds_do_not_count(client, server):
    server.on(turn=3, tool_result=match.none).reply("third").times(1)
    server.on(turn=2, tool_result={"stock": "3"}).reply("second").times(1)
    server.on(turn=1).reply(Reply.tool_call("stock", item="screw")).times(1)
    chat = start(client)
    assert run_loop(chat, {"stock": "3"}) == "second"
    chat.append(user("Thanks"))
    assert chat.sample().content == "third"


def test_server_side_tools_do_not_count_as_turns(client, server):
    server.on(turn=1).reply(Reply.searched("q", text="found")).times(1)
    server.on(turn=2, tool_result=match.none).reply("second").times(1)
    chat = client.chat.create(
        "grok-4",
        messages=[user("Hi")],
        tools=[web_search()],
        include=["web_search_call_output"],
    )
    response = chat.sample()
    chat.append(response)
    chat.append(user("And?"))
    assert chat.sample().content == "second"


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ([system("Be brief."), user("Hi")], "Be brief."),
        ([developer("Be brief."), user("Hi")], "Be brief."),
        ([system("Be brief."), system("And kind."), user("Hi")], "Be brief.\nAnd kind."),
        ([user("Hi")], match.none),
        ([system("Be brief."), user("Hi")], match.startswith("Be") & ~match.contains("kind")),
    ],
    ids=str,
)
def test_system(client, server, messages, text):
    server.on(system=text).reply("matches")
    server.on(system="other").reply("does not match").optional()
    assert start(client, *messages).sample().content == "matches"


def test_the_system_message_of_a_stored_conversation(client, server):
    server.on(system="Be brief.").reply("matches").times(2)
    first = start(client, system("Be brief."), user("Hi"), store_messages=True).sample()
    assert start(client, user("And?"), previous_response_id=first.id).sample().content == "matches"
    assert [call.turn for call in server.calls] == [1, 2]


def test_over_rest():
    openai = pytest.importorskip("openai")
    with FakeServer() as server:
        server.on(system="Be brief.", tool_result={"stock": "3"}, turn=2).reply("second").times(1)
        server.on(system="Be brief.", turn=1).reply(Reply.tool_call("stock", item="s")).times(1)
        with openai.OpenAI(api_key=server.api_key, base_url=server.http_url) as rest:
            stock = {"type": "function", "name": "stock", "parameters": {"type": "object"}}
            common = {"model": "grok-4", "instructions": "Be brief.", "tools": [stock]}
            first = rest.responses.create(input="How many?", store=True, **common)
            result = {
                "type": "function_call_output",
                "call_id": first.output[-1].call_id,
                "output": "3",
            }
            common["instructions"] = None
            second = rest.responses.create(input=[result], previous_response_id=first.id, **common)
            assert second.output_text == "second"
        assert "after the result of stock" in repr(server.calls.last)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"turn": 0}, "turn must be an integer of at least 1, not 0"),
        ({"turn": "2"}, "turn must be an integer, not '2'"),
        ({"messages": "Hi"}, r"messages \(a number\) must be an integer, not 'Hi'"),
        ({"messages": match.contains("Hi")}, "Use prompt= or system= to match text"),
        ({"tool_result": {}}, "Use tool_result=match.none for calls without a result"),
        ({"tool_result": 3}, "tool_result must be a str or a matcher, not 3"),
        ({"tool_result": {"stock": 3}}, r"tool_result\['stock'\] must be a str or a matcher"),
        ({"tool_result": {3: "x"}}, "a key of tool_result must be a string"),
        ({"tool_result": match.size(1, 1)}, "Use image= to match images"),
        ({"system": b"x"}, "system must be a str or a matcher"),
        ({"name": 3}, r"on\(\): name must be a string"),
    ],
    ids=str,
)
def test_wrong_conditions(server, conditions, message):
    with pytest.raises((TypeError, ValueError), match=message):
        server.on(**conditions)


def test_mismatches_say_what_the_call_has(client, server):
    server.on(turn=3, messages=9, system="x", tool_result={"weather": "3"}).reply("x").optional()
    server.on(turn=1).reply(Reply.tool_call("stock", item="screw"))
    assert run_loop(start(client), {"stock": "7"})
    line = server.explain(server.calls.last).splitlines()[0]
    assert "turn=3, but it is 2" in line
    assert "messages=9, but the call has 3" in line
    assert "system='x', but it is ''" in line
    assert "tool_result['weather']='3', but the call has no result of weather" in line


def test_the_log_tells_the_rounds_apart(client, server):
    server.on(prompt="How many screws?", name="screws").replies(
        Reply.tool_call("stock", item="screw"), "There are 3.", "Goodbye."
    )
    chat = start(client, user("How many screws?"))
    assert run_loop(chat, {"stock": "3"}) == "There are 3."
    assert chat.sample().content == "Goodbye."
    assert chat.sample().content == "Goodbye."
    rule = "answered by on(name='screws', prompt='How many screws?')"
    lines = server.calls.summary().splitlines()[1:]
    assert lines[0] == "  <Call GetCompletion, grok-4, 'How many screws?', OK>"
    assert lines[1] == (
        f"    {rule}, reply 1 of 3: a call of stock('{json.dumps({'item': 'screw'})}')"
    )
    assert "'How many screws?', after the result of stock, OK>" in lines[2]
    assert lines[3] == f"    {rule}, reply 2 of 3: 'There are 3.'"
    assert lines[5] == f"    {rule}, reply 3 of 3: 'Goodbye.'"
    assert lines[7] == lines[5]
    for other in (copy.copy(server.calls[0]), pickle.loads(pickle.dumps(server.calls[0]))):
        assert (other.reply_number, other.rule.reply_count, other.turn) == (1, 3, 1)


def test_the_log_does_not_show_keys(client, server):
    server.on().reply(f"the key is {server.api_key}")
    start(client).sample()
    assert server.api_key not in server.calls.summary()
    assert "'the key is ***'" in server.calls.summary()


def test_an_unfinished_script_is_a_problem(client, server):
    rule = server.on(name="script").replies("a", "b", "c")
    chat = start(client)
    chat.sample()
    (problem,) = server.problems()
    assert problem.startswith(
        "on(name='script') has 3 replies, but calls got only 1 of them (add .optional()"
    )
    with pytest.raises(AssertionError, match="got only 1 of them"):
        server.verify()
    chat.sample()
    assert "got only 2 of them" in server.problems()[0]
    rule.optional()
    assert server.problems() == []
    rule.is_optional = False
    chat.sample()
    assert server.problems() == []


def test_scripts_that_may_be_unfinished(client, server):
    server.on(prompt="a").replies("a", "b").optional()
    server.on(prompt="b").replies("a").optional()
    assert start(client, user("a")).sample().content == "a"
    assert server.problems() == []
    with FakeServer(unused="allow") as lenient:
        lenient.on().replies("a", "b")


@pytest.mark.parametrize(
    ("calls", "replies"), [(0, ("a", "b")), (1, ("a", "b")), (2, ("a", Fault.hang(), "c"))]
)
def test_a_script_that_times_would_cut_short(server, calls, replies):
    words = rf"times\({calls}\) allows fewer calls .* last of the {len(replies)} replies"
    rule = server.on().replies(*replies)
    with pytest.raises(ValueError, match=words) as caught:
        rule.times(calls)
    assert str(caught.value).endswith(f"Use times({len(replies)}), or fewer replies")
    assert rule.expected_calls is None
    rule.times(len(replies))
    other = server.on().times(calls)
    with pytest.raises(ValueError, match=words):
        other.replies(*replies)
    other.reply("one reply may be repeated, or never be sent")
    server.clear()


@pytest.mark.parametrize(
    "conditions",
    [{"tool_result": match.any}, {"when": lambda call: len(call.messages) > 1}],
    ids=["tool_result", "when"],
)
def test_the_nearest_call_is_one_that_another_rule_answered(client, server, conditions):
    """It comes before a call that lacks one thing, although both are not answered by the rule."""
    server.on(prompt="How many screws?").replies(Reply.tool_call("stock", item="screw"), "3")
    rule = server.on(**conditions).reply("never")
    run_loop(start(client), {"stock": "3"})
    (problem,) = server.problems()
    assert problem.startswith(f"{rule!r} was never used")
    assert "after the result of stock, OK>: it matches, but on(prompt='How many" in problem
    assert problem.endswith("answered it (priority= decides).")
    explanation = server.explain(server.calls.last)
    assert "on(prompt='How many screws?'): answered it" in explanation
    assert explanation.endswith(
        "matches, but on(prompt='How many screws?') answered the call (priority= decides)"
    )
    server.clear()


def test_priority_puts_a_rule_of_the_test_before_those_of_a_fixture(client, server):
    server.on(prompt=match.any).reply("of the fixture").optional()
    server.on(prompt="Hi", priority=1).reply("of the test")
    assert start(client, user("Hi")).sample().content == "of the test"


def test_a_prefilled_answer(client, server):
    server.on(turn=2).reply("x")
    assert start(client, user("Hi"), assistant("I"), assistant("am")).sample().content == "x"
