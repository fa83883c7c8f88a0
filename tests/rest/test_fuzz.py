"""Fuzz the endpoints: valid and invalid requests never cause a status 500 or a hang."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.rest.http_client import ask
from tests.rest.openapi import description
from tests.rest.openapi_schemas import SCHEMAS
from xai_vision.testing import FakeServer

pytest.importorskip("schemathesis", reason="in the dependency group fuzz")

# schemathesis issues warnings on import, depending on the installed packages.
pytestmark = pytest.mark.filterwarnings("default")

TIMEOUT = 30.0
BODIES = [("POST", "/v1/responses"), ("POST", "/v1/chat/completions")]
OTHERS = sorted(
    (method.upper(), path)
    for path, verbs in description()["paths"].items()
    for method in verbs
    if method != "post"
)
# The keys of each format that hold a number.
NUMBERS = {
    name: [
        key
        for key, schema in SCHEMAS[name]["properties"].items()
        if {"number", "integer"} & {some.get("type") for some in schema.get("anyOf", ())}
    ]
    for name in ("CreateResponse", "CreateChatCompletion")
}


@pytest.fixture(scope="module")
def statuses_of():
    """Return a function that fuzzes an endpoint and returns the statuses of its responses."""
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    checked = [
        not_a_server_error,
        checks.content_type_conformance,
        checks.response_schema_conformance,
        checks.status_code_conformance,
    ]
    openapi = description()
    # Otherwise most requests would have an invalid key and test nothing else.
    del openapi["security"]
    with FakeServer(http=True) as server:
        schema = schemathesis.openapi.from_dict(openapi)
        schema.config.update(base_url=server.http_url.removesuffix("/v1"))

        def run(method: str, path: str, count: int, *, allowed: bool) -> set[int]:
            mode = schemathesis.GenerationMode
            statuses = set()

            @settings(
                max_examples=count,
                deadline=None,
                database=None,
                # Small runs are deterministic, so that their statuses never vary.
                derandomize=count <= 120,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(
                schema[path][method].as_strategy(
                    generation_mode=mode.POSITIVE if allowed else mode.NEGATIVE
                )
            )
            def test(case):
                key = {"authorization": f"Bearer {server.api_key}"}
                reply = case.call(headers=key, timeout=TIMEOUT)
                case.validate_response(reply, checks=checked)
                statuses.add(reply.status_code)

            test()
            return statuses

        yield run
        # Errors that no status shows.
        server.verify()


@pytest.mark.parametrize(("method", "path"), BODIES)
@pytest.mark.slow
def test_requests(statuses_of, method, path):
    assert 200 in statuses_of(method, path, 120, allowed=True)
    assert statuses_of(method, path, 40, allowed=False) & {400, 422}


HUGE = (st.integers(39, 3999) | st.just(400)).flatmap(
    lambda digits: st.integers(-9, 9).filter(bool).map(lambda first: first * 10**digits)
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_integers_of_any_length(data):
    """The error for a huge integer names its key, in every place of a number."""
    _, path = data.draw(st.sampled_from(BODIES))
    name = "CreateResponse" if path.endswith("responses") else "CreateChatCompletion"
    key = data.draw(st.sampled_from(NUMBERS[name]))
    body = {"model": "grok-4", key: data.draw(HUGE)}
    messages = [{"role": "user", "content": "Hi"}]
    body["input" if name == "CreateResponse" else "messages"] = messages
    with FakeServer(http=True) as server:
        reply = ask(server, "POST", path.removeprefix("/v1"), body)
        assert reply.status == 422, reply.json
        assert f"{key} must be a" in reply.json["error"]
        server.verify()


@pytest.mark.parametrize(("method", "path"), OTHERS)
def test_get_and_delete(statuses_of, method, path):
    assert statuses_of(method, path, 10, allowed=True) <= {200, 202, 404}


@pytest.mark.slow
@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize(("method", "path"), BODIES)
def test_many_requests(statuses_of, method, path, allowed):
    statuses_of(method, path, 500, allowed=allowed)
