from __future__ import annotations

import pytest

from xai_vision import Client
from xai_vision.chat import image, user
from xai_vision.errors import RateLimitError
from xai_vision.testing import FakeServer


@pytest.fixture
def checked(folder):
    pytest.importorskip("yaml")
    from xai_vision.testing._rule_files.rule_file import check

    def run(text: str):
        path = folder / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        return check(path)

    return run


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("rules:\n  - {when: {promt: hi}, reply: x}", 2, "did you mean prompt?"),
        ("rules:\n  - reply: a\n    times: -1", 3, "0 or more"),
        ("rules:\n  - replies: [a, b]\n    times: 1", 3, "Use times(2), or fewer replies"),
        ("rules:\n  - when: {}", 2, "needs exactly one of reply"),
        ("rules:\n  - reply: a\n    fault: hang", 2, "reply and fault"),
        ("rules:\n  - reply: {text: a, chunks: 0}", 2, "at least 1"),
        ("rules:\n  - reply: {txt: a}", 2, "did you mean text?"),
        ("rules:\n  - fault: {unavailabel: {}}", 2, "did you mean unavailable?"),
        ("rules:\n  - fault: {latency: {}}", 2, "seconds"),
        ("rules:\n  - fault: {status: NOPE}", 2, "mapping"),
        ("rules:\n  - fault: {status: {code: NOPE}}", 2, "NOPE"),
        ("rules:\n  - when: {prompt: {re: '('}}\n    reply: a", 2, ""),
        ("rules:\n  - when: {image: {near: nowhere.png}}\n    reply: a", 2, "file not found"),
        ("rules:\n  - when: {image: {size: 4}}\n    reply: a", 2, "[width, height]"),
        ("settings:\n  seed: 1\n  sede: 2", 3, "did you mean seed?"),
        ("settings:\n  unmatched: perhaps", 2, "default"),
        ("images:\n  https://e.x/a.png: nowhere.png", 2, "file not found"),
        ("rules:\n  - when: {prompt: yes}\n    reply: a", 2, "quote it"),
        ("rules:\n  - reply: no", 2, "quote it"),
        ("rules: {}", 1, "must be a list"),
        ("- a", 1, "must be a mapping"),
        ("rules: [", 1, "invalid YAML"),
        ("seed: 1\nseed: 2", 2, "duplicate key"),
        ("a: &x [*x]", 1, "contains itself"),
        ("? [a]\n: b", 1, "cannot be a key"),
    ],
)
def test_errors_name_the_line(checked, text, line, message):
    _, problems = checked(text)
    assert len(problems) == 1, problems
    assert problems[0][0] == line
    assert message in problems[0][1]


def test_all_problems_at_once(checked, xai_in_process, folder):
    checked("settings: {sed: 1}\nrules:\n  - {when: {promt: a}, reply: x}\n  - {reply: {a: 1}}\n")
    result = xai_in_process("rules", "check", "rules.yaml")
    assert result.code == 2
    assert [line.split(":")[1] for line in result.err.splitlines()[1:]] == ["1", "3", "4"]
    checked("rules: [{reply: yes it is}]")
    assert xai_in_process("rules", "check", "rules.yaml").out == "rules.yaml: no errors\n"


def test_all_problems_of_one_rule_at_once(checked):
    """A wrong key does not hide a wrong value, nor does one value hide another."""
    _, problems = checked("""
settings:
  unmatched: perhaps
  sede: 1
  error_form: html
images:
  https://e.x/a.png: nowhere.png
rules:
  - nmae: odd
    when:
      promt: hi
      prompt: yes
      model: {contain: a, startswith: 3}
      image:
        size: 4
        near: nowhere.png
        all: [{format: 1}, {fromat: PNG}]
    times: -1
    priority: high
    reply:
      txt: a
      tool_calls: [{nmae: f}, {name: 3, arguments: 4}]
  - replies: [{txt: a}, {fault: {latency: {second: 1}}}, no]
  - reply: {text: a, chunks: 0}
faults:
  - {fault: unavailabel, when: {promt: hi}, rate: 3}
  - {fault: unavailable, rate: 3}
rate_limit: {request: 1}
""")
    reported = [f"{line} {text}" for line, text in problems]
    for line, message in (
        (3, "settings.unmatched: "),
        (4, "settings.sede: is not a known key; did you mean seed?"),
        (5, "settings.error_form: error_form must be"),
        (7, "file not found"),
        (9, "rules[1].nmae: is not a known key; did you mean name?"),
        (11, "rules[1].when.promt: is not a known key; did you mean prompt?"),
        (12, "rules[1].when.prompt: must be a string; quote it"),
        (13, "rules[1].when.model.contain: is not a known key; did you mean contains?"),
        (13, "rules[1].when.model.startswith: must be a string, not 3"),
        (15, "rules[1].when.image.size: must be [width, height]"),
        (16, "rules[1].when.image.near: file not found"),
        (17, "rules[1].when.image.all[1].format: must be a string, not 1"),
        (17, "rules[1].when.image.all[2].fromat: is not a known key; did you mean format?"),
        (18, "rules[1].times: must be 0 or more"),
        (19, "rules[1].priority: must be an integer, not 'high'"),
        (21, "rules[1].reply.txt: is not a known key; did you mean text?"),
        (22, "rules[1].reply.tool_calls[1].nmae: is not a known key; did you mean name?"),
        (23, "rules[2].replies[1].txt: is not a known key; did you mean text?"),
        (23, "rules[2].replies[2].fault.latency.second: is not a known key; did you mean seconds?"),
        (23, "rules[2].replies[3]: must be a string; quote it"),
        (24, "rules[3].reply: "),
        (26, "faults[1].fault.unavailabel: is not a known key; did you mean unavailable?"),
        (26, "faults[1].when.promt: is not a known key; did you mean prompt?"),
        (27, "faults[2]: "),
        (28, "rate_limit.request: is not a known key; did you mean requests?"),
    ):
        matching = [text for text in reported if text.startswith(f"{line} ") and message in text]
        assert len(matching) == 1, (line, message, reported)
    assert len(reported) <= 26  # Nothing is reported that only follows from another error.


def test_a_rule_file_is_applied(checked):
    rule_file, problems = checked("""
settings: {unmatched: error}
rules:
  - when: {prompt: {startswith: Count, not: {contains: slowly}}, images: 1, stream: false}
    reply: {text: three, reasoning: hm, tool_calls: [], usage: {prompt_image_tokens: 7}}
  - when: {image: {file: chart.png}}
    reply: {json: {bars: 7}}
    priority: 1
  - when: {prompt: {either: ["yes", "no"]}, metadata: {x-team: a}, model: grok-4, tools: web_search}
    reply:
      text: searched
      steps: [{tool: web_search, arguments: {query: x}}]
      citations: ["https://example.com"]
  - when: {image: {all: [{size: [640, 480]}, {format: JPEG}]}}
    reply: a photo
rate_limit: {requests: 1, burst: 4}
""")
    assert not problems
    with FakeServer(**rule_file.settings) as server:
        rule_file.apply(server)
        with Client(
            server.api_key, api_host=server.target, metadata=[("x-team", "a")], retries=0
        ) as client:

            def ask(*content, **options):
                return client.chat.create("grok-4", **options).append(user(*content)).sample()

            from pathlib import Path

            from xai_vision.tools import web_search

            counted = ask("Count them", image(Path("photo.jpg")))
            assert (counted.content, counted.usage.prompt_image_tokens) == ("three", 7)
            assert ask("Count them", image(Path("chart.png"))).content == '{"bars": 7}'
            assert ask("Count slowly", image(Path("photo.jpg"))).content == "a photo"
            response = ask("no", tools=[web_search()])
            assert response.citations == ["https://example.com"]
            with pytest.raises(RateLimitError):
                ask("no", tools=[web_search()])


def test_an_unknown_model_is_a_hint(xai_in_process, folder):
    path = folder / "rules.yaml"
    path.write_text("rules:\n  - reply: a\n    when:\n      model: grok-33\n")
    result = xai_in_process("rules", "check", "rules.yaml")
    assert result.code == 0
    assert "rules.yaml:4: hint: the server has no model 'grok-33'; did you mean" in result.err
    assert "settings: {models: [grok-33]}" in result.err
    path.write_text(f"settings: {{models: [grok-33]}}\n{path.read_text()}")
    result = xai_in_process("rules", "check", "rules.yaml")
    assert (result.code, result.err) == (0, "")
    path.write_text("settings:\n  models:\n    - {name: grok-9, visoin: true}\n")
    result = xai_in_process("rules", "check", "rules.yaml")
    assert result.code == 2
    assert "rules.yaml:2" in result.err
    assert "did you mean 'vision'" in result.err


def test_expressions_are_checked(checked):
    _, errors = checked("rules:\n  - reply: a\n  - reply:\n      text: '{{ images[0].widht }}'")
    assert [line for line, _ in errors] == [3]
    assert "did you mean 'width'?" in errors[0][1]


def test_every_condition_of_python_is_known():
    from xai_vision.testing._rule_files.conditions import CONDITIONS
    from xai_vision.testing._rules.conditions import ConditionArgs

    # A rule file cannot have functions, and calls have no status before their end.
    assert set(CONDITIONS) == set(ConditionArgs.__annotations__) - {"when", "status"}


def test_every_attribute_of_a_call_is_known_or_left_out():
    from dataclasses import fields

    from xai_vision.testing import Call
    from xai_vision.testing._rule_files.templates import _CALL

    # What a call has only at its end, and what has another form in templates.
    later = {"response", "status", "http_status", "details", "chunks_sent", "cancelled", "ended"}
    later |= {"started", "rule", "faults", "unmatched", "model_names", "upload", "trace"}
    later.add("passed_on")
    known = {item.name for item in fields(Call) if not item.name.startswith("_")}
    assert set(_CALL) - {"messages"} == known - later - {"reply_number"}


TOOL_LOOP = """
rules:
  - name: first
    when: {turn: 1, system: {contains: brief}, messages: 2}
    reply: {tool_calls: [{name: stock, arguments: {article: lamp}}]}
  - name: second
    when: {turn: 2, tool_result: {stock: {contains: "4"}}}
    reply: "{{ tool_results[0].name }}: {{ tool_results[0].text }}"
  - name: third
    when: {turn: 2, tool_result: {startswith: "no"}}
    reply: none
"""


def test_tool_loops(checked, server):
    from xai_vision.chat import system, tool, tool_result

    rules, errors = checked(TOOL_LOOP)
    assert not errors
    rules.apply(server)
    assert [rule.name for rule in server.rules] == ["first", "second", "third"]
    article = {"article": {"type": "string"}}
    stock = tool("stock", "The stock.", {"type": "object", "properties": article})
    with Client(api_key=server.api_key, api_host=server.target) as client:
        for result, answer in (("4 left", "stock: 4 left"), ("no lamps", "none")):
            chat = client.chat.create("grok-4", tools=[stock])
            chat.append(system("Be brief.")).append(user("How many lamps?"))
            response = chat.sample()
            chat.append(response).append(tool_result(result, response.tool_calls[0].id))
            assert chat.sample().content == answer


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("{turn: first}", "turn"),
        ("{turn: 0}", "turn"),
        ("{messages: many}", "messages: must be a mapping"),
        ("{system: 5}", "quote it"),
        ("{tool_result: {stock: {contians: a}}}", "did you mean contains?"),
    ],
)
def test_wrong_conditions_of_tool_loops(checked, when, message):
    _, errors = checked(f"rules:\n  - when: {when}\n    reply: a")
    assert len(errors) == 1
    assert errors[0][0] == 2
    assert message in errors[0][1]


def test_names_are_strings(checked):
    _, errors = checked("rules:\n  - name: 5\n    reply: a")
    assert "quote it" in errors[0][1]
