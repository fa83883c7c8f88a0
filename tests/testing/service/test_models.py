"""The catalog of models, and models that are newer than this package."""

from __future__ import annotations

from datetime import datetime, timezone

import grpc
import pytest

from tests.rest.http_client import ask, respond
from tests.sample_images import sample
from tests.testing.grpc_calls import image_part, open_caller
from xai_vision.proto import empty_pb2, models_pb2
from xai_vision.proto.models_pb2_grpc import ModelsStub
from xai_vision.testing import FakeServer, Fault, Model, Settings

EVERY_FIELD = {
    "name": "grok-9",
    "aliases": ("grok-nine", "grok-latest"),
    "vision": True,
    "max_prompt_length": 9_000,
    "text_price": 1,
    "image_price": 2,
    "cached_price": 3,
    "completion_price": 4,
    "search_price": 5,
    "version": "9.1",
    "fingerprint": "fp_nine",
    "created": datetime(2027, 1, 2, tzinfo=timezone.utc),
}


def listed(caller):
    stub = ModelsStub(caller.channel)
    models = stub.ListLanguageModels(empty_pb2.Empty(), metadata=caller.metadata)
    return {model.name: model for model in models.models}


def test_added_models_are_listed_with_all_fields(server, caller):
    fields = {name: value for name, value in EVERY_FIELD.items() if name != "name"}
    assert server.models.add("grok-9", **fields) == Model(**EVERY_FIELD)
    proto = listed(caller)["grok-9"]
    assert list(proto.aliases) == ["grok-nine", "grok-latest"]
    assert models_pb2.IMAGE in proto.input_modalities
    assert proto.max_prompt_length == 9_000
    assert (proto.prompt_text_token_price, proto.prompt_image_token_price) == (1, 2)
    assert (proto.cached_prompt_token_price, proto.completion_text_token_price) == (3, 4)
    assert (proto.search_price, proto.version, proto.system_fingerprint) == (5, "9.1", "fp_nine")
    assert proto.created.ToJsonString() == "2027-01-02T00:00:00Z"
    assert "grok-latest" not in listed(caller)["grok-4.6"].aliases
    (over_rest,) = [
        model
        for model in ask(server, "GET", "/language-models").json["models"]
        if model["id"] == "grok-9"
    ]
    assert over_rest["prompt_image_token_price"] == 2
    assert ask(server, "GET", "/models/grok-nine").json["id"] == "grok-9"


def test_added_models_answer(server, caller):
    status, details = caller.expect_error("Hi", model="grok-9")
    assert (status, "grok-9 does not exist" in details) == ("NOT_FOUND", True)
    server.models.add("grok-9", aliases=["grok-nine"], text_price=0, image_price=0)
    server.on(model="grok-9").reply("nine")
    photo = image_part(sample("photo.jpg"))
    for name in ("grok-9", "grok-nine"):
        response = caller.sample("Hi", photo, model=name)
        assert (response.model, response.outputs[0].message.content) == ("grok-9", "nine")
    assert respond(server, model="grok-9").json["model"] == "grok-9"


def test_a_model_without_vision_refuses_images(server, caller):
    server.models.add("grok-text", vision=False)
    status, details = caller.expect_error("Hi", image_part(sample("photo.jpg")), model="grok-text")
    assert (status, "Image inputs are not supported" in details) == ("INVALID_ARGUMENT", True)


def test_prices_and_limits_are_used(server, caller):
    server.models.add("grok-9", text_price=10**9, completion_price=0, max_prompt_length=50)
    assert caller.sample("Hi", model="grok-9").usage.cost_in_usd_ticks >= 10**9
    status, details = caller.expect_error("word " * 100, model="grok-9")
    assert (status, "maximum prompt length is 50" in details) == ("INVALID_ARGUMENT", True), details


@pytest.mark.parametrize(
    "models",
    [
        ["grok-9"],
        ("grok-9", "grok-10"),
        [{"name": "grok-9", "vision": True}],
        [Model("grok-9")],
        iter(["grok-9"]),
    ],
)
def test_models_are_a_setting(models):
    with FakeServer(models=models) as server, open_caller(server) as caller:
        server.on(model="grok-9").reply("nine")
        assert caller.text("Hi", model="grok-9") == "nine"
        assert server.models.resolve("grok-9").vision


def test_tenants_have_their_own_models():
    with FakeServer(models=["grok-9"]) as server:
        other = server.tenant(models=[Model("grok-10")])
        server.models.add("grok-11")
        assert {"grok-9", "grok-11"} <= {*server.models.names}
        assert "grok-10" in other.models
        assert "grok-9" not in other.models
        assert Settings(models=["grok-9"]).models == (Model("grok-9"),)


def test_a_name_can_be_redefined_and_aliases_move(server):
    server.models.add("grok-4", vision=False)
    assert server.models.resolve("grok-4").name == "grok-4"
    assert server.models.resolve("grok-4-0709").aliases == ("grok-4-latest",)
    server.models.add("grok-4", text_price=7)
    assert server.models.resolve("grok-4") == Model("grok-4", text_price=7)
    assert server.models.names.count("grok-4") == 1
    server.clear()
    assert server.models.resolve("grok-4").name == "grok-4-0709"


def test_a_rule_can_come_before_its_model(server, caller):
    server.on(model="grok-9").reply("nine")
    server.models.add("grok-9")
    assert caller.text("Hi", model="grok-9") == "nine"
    assert server.problems() == []


@pytest.mark.parametrize("add", ["rule", "fault"])
def test_an_unknown_model_of_an_unused_rule_is_a_hint(caller, server, add):
    def hints():
        return [problem for problem in server.problems() if "has no model" in problem]

    if add == "rule":
        server.on(model="grok-33").reply("never")
    else:
        server.fault(Fault.internal(), model="grok-33")
    assert caller.text("Hi")
    assert hints() == [
        "The server has no model 'grok-33'; did you mean 'grok-3'? "
        "server.models.add('grok-33') adds it."
    ]
    server.models.add("grok-33")
    assert hints() == []
    assert len(server.problems()) == 1  # It is unused.
    server.clear()


def test_no_hint_for_rules_that_may_be_unused(server):
    server.on(model="grok-33").reply("never").optional()
    assert server.problems() == []


@pytest.mark.parametrize(
    ("error", "message", "add"),
    [
        (TypeError, "does not accept 'visoin'; did you mean 'vision'", {"visoin": True}),
        (TypeError, "Model: vision must be True or False, not 'yes'", {"vision": "yes"}),
        (TypeError, "Model: aliases must be a list of strings, not a string", {"aliases": "a"}),
        (ValueError, "Model: text_price must be an integer from 0", {"text_price": -1}),
        (TypeError, "Model: image_price must be an integer, not 0.5", {"image_price": 0.5}),
        (ValueError, "Model: max_prompt_length must be an integer", {"max_prompt_length": 0}),
        (TypeError, "Model: created must be a datetime, not 5", {"created": 5}),
        (ValueError, "alias 'grok-3' of 'grok-9' is the name of another", {"aliases": ["grok-3"]}),
    ],
)
def test_wrong_fields_are_refused(server, error, message, add):
    with pytest.raises(error) as raised:
        server.models.add("grok-9", **add)
    assert message in str(raised.value)
    assert "grok-9" not in server.models


@pytest.mark.parametrize(
    ("error", "message", "models"),
    [
        (TypeError, "models must be a list of models, not 'grok-9'. Pass ['grok-9']", "grok-9"),
        (TypeError, "models must be a list of models, not 5", 5),
        (TypeError, "models[1] must be a name, a Model, or a mapping", ["grok-9", 5]),
        (TypeError, "models[0] has no 'name'", [{"vision": True}]),
        (TypeError, "models[0] does not accept 'visoin'", [{"name": "a", "visoin": True}]),
        (ValueError, "Model: name is empty", [""]),
    ],
)
def test_wrong_settings_are_refused(error, message, models):
    with pytest.raises(error) as raised:
        FakeServer(models=models)
    assert message in str(raised.value)


def test_keys_can_allow_an_added_model(server):
    server.models.add("grok-9")
    key = server.create_key(models=["grok-9"])
    with open_caller(server, key) as caller:
        assert caller.text("Hi", model="grok-9")
        with pytest.raises(grpc.RpcError) as raised:
            caller.text("Hi", model="grok-4")
        assert raised.value.code() == grpc.StatusCode.PERMISSION_DENIED
