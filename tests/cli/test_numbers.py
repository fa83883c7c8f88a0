"""Tokens, prices and JSON of the service, however unlikely, never hang or crash the command."""

from __future__ import annotations

import json

import pytest

from tests.client.http2_server import answer, serve
from xai_vision._cli.report import UsageTotals, usd
from xai_vision.chat import Response
from xai_vision.proto import chat_pb2, models_pb2
from xai_vision.testing import Reply

USAGE = {
    "prompt_tokens": 1011,
    "prompt_text_tokens": 1008,
    "prompt_image_tokens": 3,
    "cached_prompt_text_tokens": 5,
    "completion_tokens": 1,
    "reasoning_tokens": 7,
    "total_tokens": 1019,
}
IN = "1,011 tokens in (text 1,008, images 3, cached 5)"
DEEP = [10_000, 250]


def chunk(**usage):
    """Make a whole answer, for both kinds of calls."""
    return {
        "id": "r",
        "usage": usage,
        "outputs": [
            {"index": 0, "delta": {"content": "Done.", "role": 2}, "finish_reason": 3},
        ],
    }


def reply(content="Done.", reason=3, **usage):
    output = {"message": {"content": content, "role": 2}, "finish_reason": reason}
    return chat_pb2.GetChatCompletionResponse(id="r", model="m", outputs=[output], usage=usage)


def test_reasoning_counts_as_output(xai_in_process, server):
    server.on().reply(Reply("Done.", usage=USAGE, cost_ticks=33_000_000))
    done = xai_in_process("ask", "Hi")
    assert f"{IN}, 8 out (reasoning 7) · $0.0033" in done.err
    told = json.loads(xai_in_process("ask", "Hi", "--json").out)
    assert told["usage"] == USAGE


def test_tokens_of_a_conversation(xai, server):
    server.on().reply(Reply("Done.", usage=USAGE, cost_ticks=33_000_000))
    done = xai("chat", stdin=b"Hi\nAnd?\n/cost\n")
    answers, total = done.err.splitlines()[:-1], done.err.splitlines()[-1]
    assert len([line for line in answers if f"{IN}, 8 out (reasoning 7)" in line]) == 2
    assert total == (
        "2,022 tokens in (text 2,016, images 6, cached 10), 16 out (reasoning 14) · $0.0066"
    )


def test_tokens_of_a_batch(xai_in_process, server, folder):
    server.on().reply(Reply("Done.", usage=USAGE, cost_ticks=33_000_000))
    done = xai_in_process("batch", "What?", "photo.jpg", "chart.png", "--out", "a.jsonl")
    assert "16 out (reasoning 14) · $0.0066" in done.err
    lines = (folder / "a.jsonl").read_text().splitlines()
    assert [json.loads(line)["usage"]["completion_tokens"] for line in lines] == [1, 1]


def test_what_is_zero_is_not_shown(xai_in_process, server):
    counts = {"reasoning_tokens": 0, "cached_prompt_text_tokens": 0, "completion_tokens": 4}
    server.on().reply(Reply("Done.", usage=counts))
    done = xai_in_process("ask", "Hi")
    assert "), 4 out · $" in done.err
    assert "cached" not in done.err


def test_an_unknown_price_makes_the_sum_unknown(xai, server):
    server.on().replies(Reply("Done."), Reply("Done.", cost_ticks=-1))
    done = xai("chat", stdin=b"Hi\n/cost\nAnd?\n/cost\n")
    sums = [line for line in done.err.splitlines() if " id " not in line]
    assert len(sums) == 2
    assert "$0." in sums[0]
    assert sums[1].endswith("unknown price")


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (None, "unknown price"),
        (float("nan"), "unknown price"),
        (float("-inf"), "unknown price"),
        (0, "$0.00"),
        (-0.0, "$0.00"),
        (1e-300, "$0.00"),
        (0.1 + 0.2 - 0.3, "$0.00"),
        (1e-10, "$0.00000000010"),
        (-1e-10, "-$0.00000000010"),
        (0.00333, "$0.0033"),
        (0.05, "$0.050"),
        (0.1, "$0.10"),
        (-0.01, "-$0.010"),
        (-3, "-$3.00"),
        ((2**63 - 1) / 10**10, "$922,337,203.69"),
        (-(2**63) / 10**10, "-$922,337,203.69"),
    ],
)
def test_usd(amount, shown):
    assert usd(amount) == shown


TICKS = [(-1, "-$0.00000000010"), (-(2**63), "-$922,337,203.69"), (2**63 - 1, "$922,337,203.69")]


@pytest.mark.parametrize(("ticks", "shown"), TICKS)
def test_absurd_prices_of_responses(xai_in_process, ticks, shown):
    streamed = chat_pb2.GetChatCompletionChunk(**chunk(cost_in_usd_ticks=ticks))
    with serve(answer(streamed)) as (target, _):
        done = xai_in_process("ask", "Hi", XAI_VISION_HOST=target)
        assert (done.code, done.out) == (0, "Done.\n")
        assert shown in done.err
    with serve(answer(reply(cost_in_usd_ticks=ticks))) as (target, _):
        done = xai_in_process(
            "batch", "Hi", "photo.jpg", "--out", "a.jsonl", XAI_VISION_HOST=target
        )
        assert done.code == 0
        assert shown in done.err


@pytest.mark.parametrize("price", [-1, -(2**63), 2**63 - 1])
@pytest.mark.parametrize("command", [["inspect"], ["estimate", "Hi"], ["models"]])
def test_absurd_prices_of_models(xai_in_process, price, command):
    model = models_pb2.LanguageModel(
        name="m", prompt_text_token_price=price, prompt_image_token_price=price
    )
    models = models_pb2.ListLanguageModelsResponse(models=[model])
    with serve(answer(models if command == ["models"] else model)) as (target, _):
        images = [] if command == ["models"] else ["photo.jpg"]
        done = xai_in_process(*command, *images, XAI_VISION_HOST=target)
    assert done.code == 0, done.err
    if images:
        assert ("-$" in done.out) is (price < 0)
        assert "unknown" not in done.out


def test_negative_and_huge_token_numbers(xai_in_process):
    usage = {"prompt_tokens": -5, "completion_tokens": 2**31 - 1, "reasoning_tokens": 2**31 - 1}
    streamed = chat_pb2.GetChatCompletionChunk(**chunk(**usage))
    with serve(answer(streamed)) as (target, _):
        done = xai_in_process("ask", "Hi", XAI_VISION_HOST=target)
    assert done.code == 0
    assert "-5 tokens in" in done.err
    assert "4,294,967,294 out (reasoning 2,147,483,647)" in done.err


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_unknown_enum_values(xai_in_process, as_json):
    streamed = chat_pb2.GetChatCompletionChunk(**chunk(server_side_tools_used=[4242]))
    streamed.outputs[0].finish_reason = 77
    with serve(answer(streamed)) as (target, _):
        done = xai_in_process("ask", "Hi", *as_json, XAI_VISION_HOST=target)
    assert done.code == 0, done.err
    assert "unknown_4242 x1" in done.err
    if as_json:
        told = json.loads(done.out)
        assert told["finish_reason"] == "UNKNOWN_77"
        assert told["response"]["outputs"][0]["finish_reason"] == 77


@pytest.mark.parametrize(("seconds", "nanos"), [(2**62, 0), (-(2**62), 0), (0, -1)])
def test_an_impossible_time_in_json(xai_in_process, seconds, nanos):
    streamed = chat_pb2.GetChatCompletionChunk(**chunk())
    streamed.created.seconds, streamed.created.nanos = seconds, nanos
    with serve(answer(streamed)) as (target, _):
        done = xai_in_process("ask", "Hi", "--json", XAI_VISION_HOST=target)
    assert done.code == 0, done.err
    told = json.loads(done.out)["response"]
    assert told["created"] == {"seconds": str(seconds), "nanos": nanos}
    assert told["outputs"][0]["message"]["content"] == "Done."


@pytest.fixture
def schema(folder):
    (folder / "shape.json").write_text('{"type": "array"}')
    return ["--json-schema", "shape.json"]


@pytest.mark.parametrize("depth", DEEP)
@pytest.mark.parametrize("kind", ["open", "array", "object"])
@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_deeply_nested_json(xai_in_process, schema, depth, kind, as_json):
    nested = {
        "open": "[" * depth,
        "array": "[" * depth + "]" * depth,
        "object": '{"a":' * depth + "1" + "}" * depth,
    }[kind]
    streamed = chat_pb2.GetChatCompletionChunk(**chunk())
    streamed.outputs[0].delta.content = nested
    with serve(answer(streamed)) as (target, _):
        done = xai_in_process("ask", "Hi", *schema, *as_json, XAI_VISION_HOST=target)
    assert done.code == 6
    assert "the response is not the requested JSON" in done.err
    if kind != "open" or depth > 1000:
        assert "nested more than 200 levels deep" in done.err
    assert "internal error" not in done.err
    with serve(answer(reply(nested))) as (target, _):
        done = xai_in_process(
            *("batch", "Hi", "photo.jpg", "--out", "a.jsonl", *schema), XAI_VISION_HOST=target
        )
    assert done.code == 6
    assert "photo.jpg: the response is not the requested JSON" in done.err
    assert "internal error" not in done.err


def test_nested_json_is_printed(xai_in_process, schema, server):
    nested = "[" * 199 + "]" * 199
    server.on().reply(nested)
    done = xai_in_process("ask", "Hi", *schema, "--json")
    assert done.code == 0
    assert json.loads(done.out)["parsed"] == json.loads(nested)


@pytest.mark.parametrize("depth", DEEP)
@pytest.mark.parametrize("command", [["ask", "Hi"], ["batch", "Hi", "photo.jpg", "--out", "a"]])
def test_a_deeply_nested_schema(xai_in_process, folder, depth, command):
    (folder / "deep.json").write_text('{"items":' * depth + "{}" + "}" * depth)
    done = xai_in_process(*command, "--json-schema", "deep.json")
    assert done.code == 2
    assert "deep.json is not valid JSON: it is nested more than 200 levels deep" in done.err


@pytest.mark.parametrize("depth", DEEP)
def test_a_deeply_nested_state_file(xai_in_process, folder, depth, tmp_path):
    state = tmp_path / "xai-vision" / "last.json"
    state.parent.mkdir()
    state.write_text("[" * depth + "]" * depth)
    done = xai_in_process("ask", "Hi", "--last")
    assert done.code == 2
    assert "no stored response to continue" in done.err


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_results_file_with_deeply_nested_json(xai_in_process, folder, end):
    data = b'{"image": ' + b"[" * 100_000 + end
    (folder / "a.jsonl").write_bytes(data)
    done = xai_in_process("batch", "Hi", "photo.jpg", "--out", "a.jsonl")
    assert done.code == 2
    assert "a.jsonl is not a results file" in done.err
    assert "The file was not changed" in done.err
    assert (folder / "a.jsonl").read_bytes() == data


def test_totals_of_nothing():
    assert str(UsageTotals()) == "0 tokens in (text 0, images 0), 0 out · $0.00"
    totals = UsageTotals()
    totals.add(Response(chat_pb2.GetChatCompletionResponse()))
    assert str(totals).endswith("unknown price")
