"""A mistake in a test's own rules is refused at once, or reported as the test's."""

from __future__ import annotations

import functools
from unittest import mock

import pytest

from tests.sample_images import jpeg
from tests.testing.grpc_calls import image_part, open_caller
from xai_vision import Client
from xai_vision.chat import image, user
from xai_vision.errors import APIError, BadRequestError
from xai_vision.testing import FakeServer, Fault, Reply, match


async def asynchronous(call):
    return "x"


async def generator(call):
    yield "x"


class AsyncCallable:
    async def __call__(self, call):
        return "x"


ASYNC = [
    asynchronous,
    generator,
    functools.partial(asynchronous),
    AsyncCallable(),
    AsyncCallable().__call__,
    mock.AsyncMock(),
]


@pytest.mark.parametrize("function", ASYNC, ids=lambda f: type(f).__name__)
@pytest.mark.parametrize(
    "use",
    [
        lambda server, function: server.on().side_effect(function),
        lambda server, function: server.on(when=function),
        lambda server, function: server.fault(Fault.hang(), when=function),
        lambda server, function: server.on(prompt=match.predicate(function)),
        lambda server, function: server.calls.where(when=function),
    ],
)
def test_async_functions_are_refused_at_once(server, function, use):
    with pytest.raises(TypeError, match="must be an ordinary function, not the async") as caught:
        use(server, function)
    assert "asyncio.run_coroutine_threadsafe" in str(caught.value)
    server.clear()


@pytest.mark.parametrize(
    "function", [lambda call: "x", functools.partial("{}".format, "x"), mock.Mock(return_value="x")]
)
def test_other_callables_are_accepted(server, caller, function):
    server.on(when=lambda call: True).side_effect(function)
    caller.sample("x")
    server.clear()


@pytest.mark.filterwarnings("error")
def test_a_function_that_returns_a_coroutine(server, caller):
    server.on().side_effect(lambda call: asynchronous(call))
    assert "must be a Reply, a Fault or a str, not a coroutine" in caller.expect_error("Hi")[1]
    server.clear()


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda s: s.on("a"), r"on\(\) does not accept 'a' without a name. .* prompt=\"\.\.\.\""),
        (lambda s: s.fault(Fault.hang(), "a"), r"fault\(\) does not accept 'a' without a name"),
        (lambda s: s.calls.where("a"), r"where\(\) does not accept 'a' without a name"),
        (lambda s: s.on(times=2), r"on\(\) does not accept 'times'. Add .times\(n\) to the rule"),
        (lambda s: s.on(count=2), r"Add .times\(n\) to the rule"),
        (lambda s: s.on(next=2), r"Add .times\(n\) to the rule"),
        (lambda s: s.fault(Fault.hang(), times=2), "Use next= for the number of calls"),
        (lambda s: s.fault(Fault.hang(), count=2), "Use next= for the number of calls"),
        (lambda s: s.on(text="a"), "Use prompt= for the text of the last user message"),
        (lambda s: s.on(instructions="a"), "Use system="),
        (lambda s: s.on(reply="a"), r"Set the reply by .reply\(...\)"),
        (lambda s: s.on(status="OK"), "'status'. A call has no status before its end"),
        (lambda s: s.fault(Fault.hang(), status="OK"), "A call has no status before its end"),
        (lambda s: s.on(sytem="a"), "did you mean 'system'"),
        (lambda s: s.on(mesages=2), "did you mean 'messages'"),
        (lambda s: s.on(tool_results="a"), "did you mean 'tool_result'"),
        (lambda s: s.on().reply({"a": 1}), r"not {'a': 1}. Use reply_json\(...\) or Reply.json"),
        (lambda s: s.on().replies(["a", "b"]), r"Use reply_json\(...\) or Reply.json"),
        (lambda s: s.tenant(max_threads=3), r"share it. Pass it to FakeServer\(\)"),
        (lambda s: s.tenant(tls=True), r"does not accept 'tls', because all tenants"),
    ],
)
def test_the_message_names_the_right_form(server, use, message):
    with pytest.raises(TypeError, match=message):
        use(server)
    server.clear()


def test_lists_of_names_contain_only_accepted_ones(server):
    with pytest.raises(TypeError, match="Known are") as caught:
        server.on(zzz=1)
    names = str(caught.value).partition("Known are ")[2].split(", ")
    assert "status" not in names
    assert {"prompt", "system", "turn", "messages", "tool_result", "name", "priority"} <= {*names}
    with pytest.raises(TypeError, match="Known are") as caught:
        server.tenant(zzz=1)
    names = str(caught.value).partition("Known are ")[2].split(", ")
    assert "seed" in names
    assert "max_threads" not in names
    with pytest.raises(TypeError, match="Known are .*status"):
        server.calls.where(zzz=1)


def divide(call):
    return 1 / 0


@pytest.mark.parametrize(
    ("use", "what"),
    [
        (lambda s: s.on().side_effect(divide), r"on\(\)"),
        (lambda s: s.on(when=divide).reply("x"), r"on\(when=divide\)"),
        (lambda s: s.on(prompt=match.predicate(divide)).reply("x"), r"on\(prompt=divide\)"),
        (lambda s: s.on().replies(divide), r"on\(\)"),
        (lambda s: s.fault(Fault.hang(), when=divide), r"fault\(Fault\('hang'\), when=divide\)"),
    ],
)
def test_an_error_is_reported_as_the_test_s(server, use, what):
    use(server)
    text = f"the test's rule {what} raised ZeroDivisionError: division by zero"
    with Client(server.api_key, api_host=server.target) as client:
        chat = client.chat.create("grok-4", messages=[user("Hi")])
        with pytest.raises(BadRequestError, match=text) as caught:
            chat.sample()
    assert "later" not in str(caught.value)
    assert str(caught.value).count("Correct the test's rules or the request; retrying") == 1
    assert "Change the request" not in str(caught.value)
    assert len(server.calls) == 1, "a client does not retry a mistake of the test"
    with pytest.raises(AssertionError, match=text):
        server.verify()
    server.clear()


@pytest.mark.parametrize(
    "use",
    [
        lambda s: s.on(image=match.size(1, 1)).reply("x"),
        lambda s: s.on(image=match.any, when=divide).reply("x"),
        lambda s: s.on(image=match.any).side_effect(lambda call: Reply.tool_call("image")),
    ],
)
def test_a_mistake_about_images_is_not_a_refused_image(use):
    """The words of the rule must not lead a client to advice about the image."""
    with FakeServer(unmatched="error") as server:
        use(server)
        with Client(server.api_key, api_host=server.target) as client:
            chat = client.chat.create("grok-4", messages=[user("Hi", image(jpeg()))])
            with pytest.raises(APIError, match="From the fake server") as caught:
                chat.sample()
        assert type(caught.value) is BadRequestError
        server.clear()


def test_backquotes_in_a_rule_do_not_end_the_quotation():
    with FakeServer(unmatched="error") as server, open_caller(server) as caller:
        server.on(prompt="`image`").reply("x")
        details = caller.expect_error("Hi", image_part(jpeg()))[1]
        assert details.count("`") == 2
        assert details.endswith("`")
        server.clear()
