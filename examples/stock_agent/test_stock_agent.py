"""Tests of an agent on the official SDK: each round of its tool loop has a rule of its own.

python -m pytest examples/stock_agent
"""

from __future__ import annotations

import io

import grpc
import pytest
from PIL import Image
from stock_agent import StockAgent
from xai_sdk import Client

from xai_vision.testing import Fault, FunctionCall, Reply, match

pytestmark = pytest.mark.xai_fake(unmatched="error")


def jpeg(color: str) -> bytes:
    """Encode an image."""
    out = io.BytesIO()
    Image.new("RGB", (320, 240), color).save(out, "JPEG")
    return out.getvalue()


SHELF, LAMP = jpeg("white"), jpeg("red")


@pytest.fixture
def agent(xai_server):
    """The agent, connected to the fake server of this test."""
    client = Client(api_key=xai_server.api_key, api_host=xai_server.target)
    yield StockAgent(client, stock=len, photo=lambda _: LAMP)
    client.close()


def test_an_answer_without_tools(agent, xai_server):
    xai_server.on(prompt="What is this?", image=SHELF).reply("A shelf.").times(1)
    assert agent.ask("What is this?", SHELF) == "A shelf."
    assert xai_server.calls.last.images[0].detail == "high"


def test_the_result_of_a_tool_comes_back(agent, xai_server):
    xai_server.on(turn=1, tools=["stock", "photo"]).reply(Reply.tool_call("stock", article="lamp"))
    xai_server.on(turn=2, tool_result={"stock": "4"}).reply("There are 4 lamps.")
    assert agent.ask("How many lamps are left?", SHELF) == "There are 4 lamps."
    assert len(xai_server.calls) == 2


def test_parallel_calls_and_the_photo_of_an_article(agent, xai_server):
    calls = [FunctionCall("stock", {"article": "lamp"}), FunctionCall("photo", {"article": "lamp"})]
    xai_server.on(turn=1).reply(Reply(tool_calls=calls))
    xai_server.on(turn=2, image=match.near(LAMP), images=2).reply("Red lamps: 4.")
    assert agent.ask("Which lamps?", SHELF) == "Red lamps: 4."


def test_an_agent_that_never_ends_is_stopped(agent, xai_server):
    xai_server.on().reply(Reply.tool_call("stock", {"article": "lamp"})).times(6)
    with pytest.raises(RuntimeError, match="no answer after 6 turns"):
        agent.ask("How many?", SHELF)


def test_an_error_in_the_second_round(agent, xai_server):
    xai_server.on(turn=1).reply(Reply.tool_call("stock", article="lamp"))
    xai_server.on(turn=2).fault(Fault.status("INTERNAL", "overloaded"))
    with pytest.raises(grpc.RpcError, match="overloaded"):
        agent.ask("How many?", SHELF)
