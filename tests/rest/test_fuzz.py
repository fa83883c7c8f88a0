"""What the OpenAPI description allows, and what it does not: never a 500, never a hang."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.rest.openapi import description
from tests.rest.openapi_schemas import SCHEMAS
from tests.rest.plain import ask
from xai_vision.testing import FakeServer

pytest.importorskip("schemathesis", reason="in the dependency group fuzz")

# Its package warns of its own accord on being imported, depending on what else is there.
pytestmark = pytest.mark.filterwarnings("default")

SECONDS = 5.0
BODIES = [("POST", "/v1/responses"), ("POST", "/v1/chat/completions")]
OTHERS = sorted(
    (verb.upper(), path)
    for path, verbs in description()["paths"].items()
    for verb in verbs
    if verb != "post"
)
# Of each form, the keys that hold a number.
NUMBERS = {
    name: [
        key
        for key, one in SCHEMAS[name]["properties"].items()
        if {"number", "integer"} & {some.get("type") for some in one.get("anyOf", ())}
    ]
    for name in ("CreateResponse", "CreateChatCompletion")
}


@pytest.fixture(scope="module")
def tried():
    """A function that tries an endpoint in many ways, and gives the statuses there were."""
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    wanted = [
        not_a_server_error,
        checks.content_type_conformance,
        checks.response_schema_conformance,
        checks.status_code_conformance,
    ]
    told = description()
    # Without it the key itself would be varied, and little else be reached.
    del told["security"]
    with FakeServer(http=True) as server:
        schema = schemathesis.openapi.from_dict(told)
        schema.config.update(base_url=server.http_url.removesuffix("/v1"))

        def run(verb: str, path: str, count: int, *, allowed: bool) -> set[int]:
            mode = schemathesis.GenerationMode
            statuses = set()

            @settings(
                max_examples=count,
                deadline=None,
                database=None,
                # The few tries of every run are the same ones: whether any is taken is no chance.
                derandomize=count <= 120,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(
                schema[path][verb].as_strategy(
                    generation_mode=mode.POSITIVE if allowed else mode.NEGATIVE
                )
            )
            def test(case):
                key = {"authorization": f"Bearer {server.api_key}"}
                reply = case.call(headers=key, timeout=SECONDS)
                case.validate_response(reply, checks=wanted)
                statuses.add(reply.status_code)

            test()
            return statuses

        yield run
        # No mistake was made on the way that a status would not show.
        server.verify()


@pytest.mark.parametrize(("verb", "path"), BODIES)
@pytest.mark.slow
def test_requests(tried, verb, path):
    assert 200 in tried(verb, path, 120, allowed=True)
    assert tried(verb, path, 40, allowed=False) & {400, 422}


HUGE = (st.integers(39, 4000) | st.just(400)).flatmap(
    lambda digits: st.integers(-9, 9).filter(bool).map(lambda first: first * 10**digits)
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_whole_numbers_of_any_length(data):
    """Wherever a request may have a number: refused by the name of its key."""
    _, path = data.draw(st.sampled_from(BODIES))
    name = "CreateResponse" if path.endswith("responses") else "CreateChatCompletion"
    key = data.draw(st.sampled_from(NUMBERS[name]))
    body = {"model": "grok-4", key: data.draw(HUGE)}
    said = [{"role": "user", "content": "Hi"}]
    body["input" if name == "CreateResponse" else "messages"] = said
    with FakeServer(http=True) as server:
        reply = ask(server, "POST", path.removeprefix("/v1"), body)
        assert reply.status == 422, reply.json
        assert f"{key} must be a" in reply.json["error"]
        server.verify()


@pytest.mark.parametrize(("verb", "path"), OTHERS)
def test_the_other_endpoints(tried, verb, path):
    assert tried(verb, path, 10, allowed=True) <= {200, 202, 404}


@pytest.mark.slow
@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize(("verb", "path"), BODIES)
def test_many_requests(tried, verb, path, allowed):
    tried(verb, path, 500, allowed=allowed)
