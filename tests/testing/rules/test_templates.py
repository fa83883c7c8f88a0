"""Values of the request in the replies of rule files."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_images import sample
from tests.testing.grpc_calls import chat_message, image_part
from xai_vision.proto import chat_pb2
from xai_vision.testing import Call
from xai_vision.testing._rule_files import templates
from xai_vision.testing._rule_files.document import Document
from xai_vision.testing._rule_files.rule_file import check_json

FUNCTION = chat_pb2.Tool(function=chat_pb2.Function(name="f", parameters="{}"))


def apply(server: Any, content: object) -> None:
    rules, errors = check_json(content)
    assert errors == []
    rules.apply(server)


def errors_of(template: str) -> list[str]:
    return check_json({"reply": template})[1]


def ask(caller: Any, *parts: Any, **fields: Any) -> Any:
    request = chat_pb2.GetCompletionsRequest(
        model="grok-4",
        messages=[chat_message("How many?", image_part(sample("photo.jpg")), *parts)],
        tools=[FUNCTION],
        max_tokens=77,
        temperature=0.7,
        **fields,
    )
    metadata = (*caller.metadata, ("x-team", "a"))
    return caller.chat.GetCompletion(request, metadata=metadata).outputs[0].message


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("You said {{ prompt }}", "You said How many?"),
        ("{{prompt}}{{  prompt\n}}!", "How many?How many?!"),
        ("{{ images[0].width }}x{{ images[0].height }}", "640x480"),
        ("{{ images[-1].format }} {{ images[0].detail }}", "JPEG auto"),
        ("{{ model }} {{ method }} {{ stream }} {{ attempt }}", "grok-4 GetCompletion false 1"),
        ("{{ metadata[\"x-team\"] }}{{ metadata['x-team'] }}", "aa"),
        ("{{ messages[0].content[0].text }}", "How many?"),
        ("{{ request.tools[0].function.name }}", "f"),
        ("{{ request.max_tokens }} {{ request.temperature }}", "77 0.7"),
        ("{{ turn }} {{ system }}", "1 "),
        ('{{ "{{" }} prompt {{ "}}" }}', "{{ prompt }}"),
        ("{{ '{{ prompt }}' }}", "{{ prompt }}"),
        ('{"a": {"b": 1}} }}', '{"a": {"b": 1}} }}'),
    ],
)
def test_text(server, caller, template, text):
    apply(server, {"reply": template})
    assert ask(caller).content == text


def test_every_call_is_filled_in_anew(server, caller):
    apply(server, {"reply": "{{ prompt }}"})
    assert [caller.text("one"), caller.text("two")] == ["one", "two"]


def test_every_field_of_a_reply(server, caller):
    apply(
        server,
        {
            "reply": {
                "text": "I call f.",
                "reasoning": "About {{ prompt }}",
                "tool_calls": [
                    {
                        "name": "f",
                        "arguments": {
                            "width": "{{ images[0].width }}",
                            "text": "{{ images[0].width }} pixels",
                            "all": ["{{ prompt }}", {"stream": "{{ stream }}"}],
                        },
                    }
                ],
            }
        },
    )
    message = ask(caller)
    assert message.reasoning_content == "About How many?"
    assert json.loads(message.tool_calls[0].function.arguments) == {
        "width": 640,
        "text": "640 pixels",
        "all": ["How many?", {"stream": False}],
    }


@pytest.mark.parametrize("key", ["reply_json", "json"])
def test_json_keeps_types(server, caller, key):
    value = {"w": "{{ images[0].width }}", "p": "{{ prompt }}", "n": 1, "s": "{{ stream }}"}
    apply(server, {"reply_json": value} if key == "reply_json" else {"reply": {"json": value}})
    assert json.loads(ask(caller).content) == {"w": 640, "p": "How many?", "n": 1, "s": False}


def test_replies_with_and_without_templates(server, caller):
    apply(server, {"replies": ["{{ prompt }}", {"fault": "internal"}, "fixed"]})
    assert caller.text("one") == "one"
    assert caller.expect_error("two")[0] == "INTERNAL"
    assert caller.text("three") == "fixed"
    assert server.problems() == []


def test_a_value_that_the_call_does_not_have(server, caller):
    apply(server, [{"reply": "{{ images[1].width }}", "times": 1}])
    status, details = caller.expect_error("Hi", image_part(sample("photo.jpg")))
    assert status != "OK"
    assert "{{ images[1].width }}: there is no [1], because the call has only 1" in details
    assert any("images[1].width" in problem for problem in server.problems())
    server.clear()
    apply(server, {"reply": '{{ metadata["x-nobody"] }}'})
    assert "the call has no 'x-nobody'" in caller.expect_error("Hi")[1]
    server.clear()


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ promt }}", "there is no 'promt'; did you mean 'prompt'?"),
        ("{{ images[0].widht }}", "there is no 'widht'; did you mean 'width'?"),
        ("{{ images.width }}", "there is no 'width'; add an index, such as [0]"),
        ("{{ images }}", "is not a single value; add a step, such as [0]"),
        ("{{ images[0] }}", "is not a single value; add a step, such as .width"),
        ("{{ images['a'] }}", '["a"] is not an index'),
        ("{{ prompt[0] }}", "[0] is not an index"),
        ("{{ prompt.upper }}", "there is no 'upper'"),
        ("{{ prompt() }}", "is not a path"),
        ("{{ prompt.upper() }}", "there is no 'upper'"),
        ("{{ prompt | upper }}", "is not a path"),
        ("{{ images[0].width + 1 }}", "is not a path"),
        ("{{ metadata }}", "is not a single value"),
        ("{{ metadata.team }}", 'write ["key"]'),
        ("{{ request.max_tokns }}", "did you mean 'max_tokens'?"),
        ("{{ request.messages }}", "is not a single value"),
        ("{{ request.messages[0].content[0].file.data }}", "is not a single value"),
        ("{{ }}", "is not a single value"),
        ("{{ .prompt }}", "is not a path"),
        ("{{ __class__ }}", "there is no '__class__'"),
        ("{{ wait }}", "there is no 'wait'"),
        ("{{ images[0].data }}", "there is no 'data'"),
        ("{{ prompt", "is not an expression such as {{ prompt }}"),
        ("{{ prompt }", 'write {{ "{{" }}'),
    ],
)
def test_wrong_expressions(template, message):
    (error,) = errors_of(template)
    assert message in error
    assert error.startswith("rules[1].reply: ")


def test_wrong_expressions_anywhere(server):
    _, errors = check_json(
        {
            "rules": [
                {"reply_json": {"a": ["{{ promt }}"]}},
                {"replies": ["ok", {"text": "{{ promt }}"}]},
                {"reply": {"tool_calls": [{"name": "f", "arguments": {"a": "{{ promt }}"}}]}},
            ]
        }
    )
    assert len(errors) == 3
    assert all("did you mean 'prompt'?" in error for error in errors)


CALL = Call("GetCompletion", "xai_api.Chat", prompt="p", model="m")
PIECES = st.sampled_from([*"{} .[\"'é1()\n", "{{", "}}", "prompt", "images[0]", "__class__"])


@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_text_is_rendered_or_refused(text):
    value = Document(text).root
    found = templates.check(value)
    if value.document.errors:
        assert found
        return
    if "images[0]" in text:
        return  # The call has no images.
    assert found or templates.render(text, CALL) == text


@given(st.text())
def test_a_quoted_text_stands_for_itself(text):
    if '"' not in text:
        assert templates.render(f'{{{{ "{text}" }}}}', CALL) == text
    if "{{" not in text:
        assert templates.render(text, CALL) == text
        assert templates.render(f"{text}{{{{ prompt }}}}{text}", CALL) == f"{text}p{text}"


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_values_without_expressions_are_unchanged(value):
    if "{{" not in json.dumps(value):
        assert templates.render(value, CALL) == value


def test_the_json_of_a_rest_request(server):
    pytest.importorskip("starlette")
    from tests.rest.http_client import respond

    template = "{{ body.user }} {{ body['user'] }} {{ body.tools[0].type }} {{ body.metadata.a }}"
    apply(server, {"reply": template})
    reply = respond(server, user="Ada", tools=[{"type": "web_search"}], metadata={"a": [1, "b"]})
    text = reply.json["output"][-1]["content"][0]["text"]
    assert text == 'Ada Ada web_search [1, "b"]'
