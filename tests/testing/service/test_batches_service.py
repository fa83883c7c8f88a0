"""The fake server's batches, over plain gRPC."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from tests.testing.grpc_calls import open_caller, request
from tests.testing.service.service_calls import Stub, refused
from tests.testing.waiting import LIMIT
from xai_vision.proto import batch_pb2, image_pb2, video_pb2
from xai_vision.proto.batch_pb2_grpc import BatchMgmtStub
from xai_vision.testing import FakeServer, Fault

State = batch_pb2.BatchRequestMetadata


class Batches:
    """Calls the service BatchMgmt."""

    def __init__(self, caller):
        self._stub = Stub(BatchMgmtStub(caller.channel), caller.metadata[0][1].split()[1])

    def _call(self, method, message):
        return getattr(self._stub, method)(message)

    def create(self, *prompts, **fields):
        batch_id = self._call("CreateBatch", batch_pb2.CreateBatchRequest(**fields)).batch_id
        if prompts:
            self.add(batch_id, *(completion(prompt) for prompt in prompts))
        return batch_id

    def add(self, batch_id, *requests):
        message = batch_pb2.AddBatchRequestsRequest(batch_id=batch_id, batch_requests=requests)
        self._call("AddBatchRequests", message)

    def get(self, batch_id):
        return self._call("GetBatch", batch_pb2.GetBatchRequest(batch_id=batch_id))

    def state(self, batch_id):
        state = self.get(batch_id).state
        return state.num_pending, state.num_success, state.num_error, state.num_cancelled

    def cancel(self, batch_id):
        return self._call("CancelBatch", batch_pb2.CancelBatchRequest(batch_id=batch_id))

    def list(self, **fields):
        return self._call("ListBatches", batch_pb2.ListBatchesRequest(**fields))

    def requests(self, batch_id, **fields):
        message = batch_pb2.ListBatchRequestMetadataRequest(batch_id=batch_id, **fields)
        return self._call("ListBatchRequestMetadata", message)

    def page(self, batch_id, **fields):
        message = batch_pb2.ListBatchResultsRequest(batch_id=batch_id, **fields)
        return self._call("ListBatchResults", message)

    def result(self, batch_id, request_id):
        message = batch_pb2.GetBatchRequestResultRequest(
            batch_id=batch_id, batch_request_id=request_id
        )
        return self._call("GetBatchRequestResult", message)


def completion(prompt, request_id=None, model="grok-4"):
    return batch_pb2.BatchRequest(
        batch_request_id=request_id or prompt, completion_request=request(prompt, model=model)
    )


@pytest.fixture
def batches(server, caller):
    server.batches(ready_after=0)
    return Batches(caller)


def ids(page):
    return [result.batch_request_id for result in page.results]


def test_a_rule_that_blocks_holds_up_only_its_own_request(batches, server):
    entered, released = threading.Event(), threading.Event()

    def block(call):
        entered.set()
        assert released.wait(LIMIT)
        return "late"

    server.on(prompt="slow").side_effect(block)
    blocked = batches.create("slow", "a", "b")
    other = batches.create("c")
    with ThreadPoolExecutor() as pool:
        poll = pool.submit(batches.get, blocked)
        assert entered.wait(LIMIT)
        # Another poll processes the other requests, and the store answers.
        assert batches.state(blocked) == (1, 2, 0, 0)
        assert batches.state(other) == (0, 1, 0, 0)
        assert sorted(ids(batches.page(blocked))) == ["a", "b"]
        # The request that is being processed is not cancelled.
        assert batches.cancel(blocked).state.num_pending == 1
        released.set()
        assert poll.result(LIMIT).state.num_success == 3
    assert (
        batches.result(blocked, "slow")
        .result.response.completion_response.outputs[0]
        .message.content
        == "late"
    )


def test_a_rule_can_poll_its_own_batch(batches, server):
    states = []

    def poll(call):
        states.append(batches.state(batch_id))
        return "x"

    server.on(prompt="a").side_effect(poll)
    batch_id = batches.create("a")
    assert batches.state(batch_id) == (0, 1, 0, 0)
    assert states == [(1, 0, 0, 0)]


def test_many_threads_process_each_request_once(batches, server):
    batch_id = batches.create(*(f"p{i}" for i in range(60)))
    with ThreadPoolExecutor(8) as pool:
        polls = list(pool.map(batches.get, [batch_id] * 16))
    assert batches.state(batch_id) == (0, 60, 0, 0)
    assert all(poll.state.num_requests == 60 for poll in polls)
    prompts = [call.prompt for call in server.calls if call.method == "GetCompletion"]
    assert sorted(prompts) == sorted(f"p{i}" for i in range(60))


def test_pages_have_all_results_while_requests_are_finished(batches, server):
    batch_id = batches.create(*(f"p{i}" for i in range(9)))
    read = ids(page := batches.page(batch_id, limit=4))
    # More results come between two pages, with any place in the order of the hashes.
    batches.add(batch_id, *(completion(f"q{i}") for i in range(9)))
    while page.pagination_token:
        page = batches.page(batch_id, limit=4, pagination_token=page.pagination_token)
        read += ids(page)
    assert sorted(read) == sorted([f"p{i}" for i in range(9)] + [f"q{i}" for i in range(9)])
    assert len(set(read)) == 18
    assert read[:9] != [f"p{i}" for i in range(9)]  # not the order of the requests


def test_a_filtered_list_continues_when_states_have_changed(server, batches):
    server.batches(ready_after=1)
    batch_id = batches.create("a", "b", "c")
    page = batches.requests(batch_id, status=[State.STATE_PENDING], limit=1)
    assert batches.state(batch_id) == (3, 0, 0, 0)
    assert batches.state(batch_id) == (0, 3, 0, 0)
    token = page.pagination_token
    rest = batches.requests(batch_id, status=[State.STATE_PENDING], pagination_token=token)
    assert not rest.batch_request_metadata
    rest = batches.requests(batch_id, status=[State.STATE_SUCCEEDED], pagination_token=token)
    assert [item.batch_request_id for item in rest.batch_request_metadata] == ["b", "c"]
    assert all(item.HasField("finish_time") for item in rest.batch_request_metadata)


@pytest.mark.parametrize("token", ["x", "e30=", "W10=", "WyJiYXRjaGVzIl0=", "\N{SNOWMAN}"])
def test_tokens_of_other_lists_are_refused(batches, token):
    first, second = batches.create("a", "b"), batches.create("a", "b")
    words = "Invalid pagination_token"
    for call in (batches.page, batches.requests):
        assert refused(call, first, pagination_token=token)[0] == "INVALID_ARGUMENT"
        other = call(second, limit=1).pagination_token
        assert words in refused(call, first, pagination_token=other)[1]
    token = batches.list(limit=1).pagination_token
    assert words in refused(batches.page, first, pagination_token=token)[1]
    assert [batch.batch_id for batch in batches.list(pagination_token=token).batches] == [first]


def test_a_request_has_the_rights_of_the_key_that_added_it(batches, server):
    text_only = server.create_key(models=["grok-3"])
    batch_id = batches.create("mine")
    with open_caller(server, text_only) as other:
        theirs = Batches(other)
        theirs.add(batch_id, completion("theirs"))
        theirs.add(
            batch_id,
            batch_pb2.BatchRequest(
                batch_request_id="image",
                image_request=image_pb2.GenerateImageRequest(
                    prompt="a dog", model="grok-imagine-image"
                ),
            ),
            batch_pb2.BatchRequest(
                batch_request_id="video",
                video_request=video_pb2.GenerateVideoRequest(
                    prompt="a dog", model="grok-imagine-video"
                ),
            ),
        )
        # The key that polls does not matter.
        assert theirs.state(batch_id) == (0, 1, 3, 0)
    errors = {
        result.batch_request_id: result.error.message for result in batches.page(batch_id).results
    }
    assert errors["mine"] == ""
    for request_id, model in (
        ("theirs", "grok-4"),
        ("image", "grok-imagine-image"),
        ("video", "grok-imagine-video"),
    ):
        assert errors[request_id] == f"The API key has no access to the model {model}."
    calls = [
        call
        for call in server.calls
        if call.service == "xai_api.BatchMgmt" and call.header("batch-request-id")
    ]
    assert len({call.key_id for call in calls}) == 2


def test_each_request_is_in_the_log(batches, server):
    server.batches(ready_after=0, fail=["bad"])
    server.on(prompt="good").reply("yes")
    batch_id = batches.create("good", "bad")
    batches.get(batch_id)
    good, bad = server.calls.where(method="GetCompletion")
    assert (good.header("batch-request-id"), good.status, good.prompt) == ("good", "OK", "good")
    assert good.response.outputs[0].message.content == "yes"
    assert good.rule is not None
    assert good.service == "xai_api.BatchMgmt"
    assert (bad.header("batch-request-id"), bad.status, bad.model) == ("bad", "INTERNAL", "grok-4")
    assert bad.details == "The request could not be processed."
    server.verify()


def test_unmatched_requests_fail_when_rules_are_strict():
    with FakeServer(unmatched="error") as server, open_caller(server) as caller:
        server.batches(ready_after=0)
        server.on(prompt="a").reply("A")
        batches = Batches(caller)
        batch_id = batches.create("a", "b")
        assert batches.state(batch_id) == (0, 1, 1, 0)
        result = batches.result(batch_id, "b").result
        assert result.error.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
        assert "No rule matches this call" in result.error.message
        assert "it is 'b'" in result.error.message
        assert ["matched no rule" in problem for problem in server.problems()] == [True]
        server.clear()


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (Fault.status("PERMISSION_DENIED", "no"), "PERMISSION_DENIED", "no"),
        (Fault.reset_connection(), "UNAVAILABLE", "Connection reset by peer"),
        (Fault.malformed(), "INTERNAL", "malformed"),
    ],
)
def test_faults_fail_single_requests_and_do_not_use_up_replies(batches, server, fault, code, words):
    server.on(prompt="a").replies("one", "two")
    server.fault(fault, next=1, method="GetCompletion")
    batch_id = batches.create()
    batches.add(batch_id, *(completion("a", f"id-{i}") for i in range(3)))
    assert batches.state(batch_id) == (0, 2, 1, 0)
    error = batches.result(batch_id, "id-0").result.error
    assert error.code == grpc.StatusCode[code].value[0]
    assert words in error.message
    texts = [
        batches.result(batch_id, f"id-{i}")
        .result.response.completion_response.outputs[0]
        .message.content
        for i in (1, 2)
    ]
    assert texts == ["one", "two"]
    server.verify()


@pytest.mark.parametrize("fault", [Fault.hang(), Fault.freeze_connection()])
def test_a_request_that_hangs_stays_pending(batches, server, fault):
    server.fault(fault, method="GetCompletion", prompt="a")
    batch_id = batches.create("a", "b")
    assert batches.state(batch_id) == (1, 1, 0, 0)
    assert batches.state(batch_id) == (1, 1, 0, 0)
    assert refused(batches.result, batch_id, "a") == (
        "NOT_FOUND",
        "Result of the request not found: a",
    )
    server.verify()


METHODS = {
    "CreateBatch": lambda batches, batch_id: batches.create(),
    "AddBatchRequests": lambda batches, batch_id: batches.add(batch_id, completion("x")),
    "GetBatch": lambda batches, batch_id: batches.get(batch_id),
    "CancelBatch": lambda batches, batch_id: batches.cancel(batch_id),
    "ListBatches": lambda batches, batch_id: batches.list(),
    "ListBatchRequestMetadata": lambda batches, batch_id: batches.requests(batch_id),
    "ListBatchResults": lambda batches, batch_id: batches.page(batch_id),
    "GetBatchRequestResult": lambda batches, batch_id: batches.result(batch_id, "a"),
}


@pytest.mark.parametrize("method", METHODS)
def test_faults_reach_every_method(batches, server, method):
    batch_id = batches.create("a")
    server.fault(Fault.status("ABORTED", "injected"), next=1, method=method)
    before = batches.list().batches if method != "ListBatches" else None
    assert refused(METHODS[method], batches, batch_id) == ("ABORTED", "injected")
    assert server.calls.last.method == method
    if before is not None:  # The call that failed had no effect.
        assert batches.list().batches == before
    server.verify()


@pytest.mark.parametrize(
    "method", [name for name in METHODS if name not in ("CreateBatch", "ListBatches")]
)
def test_an_unknown_batch_is_not_found(batches, method):
    assert refused(METHODS[method], batches, "batch_x") == ("NOT_FOUND", "Batch not found: batch_x")


def test_models_are_refused_by_each_of_their_names(batches, server):
    server.batches(models_refused=["grok-4-latest", "grok-imagine-image"])
    batch_id = batches.create()
    for model in ("grok-4", "grok-4-0709", "grok-4-latest"):
        assert refused(batches.add, batch_id, completion("a", model=model)) == (
            "INVALID_ARGUMENT",
            f"The model {model} is not available for batch requests.",
        )
    batches.add(batch_id, completion("a", model="grok-3"))
    with pytest.raises(
        ValueError, match="models_refused: .*no model 'grok-44'; did you mean 'grok-4'"
    ):
        server.batches(models_refused=["grok-44"])


def test_add_is_all_or_nothing(batches):
    batch_id = batches.create("a")
    for wrong in (completion("a"), batch_pb2.BatchRequest(batch_request_id="empty")):
        assert refused(batches.add, batch_id, completion("b"), wrong)[0] == "INVALID_ARGUMENT"
    assert batches.state(batch_id) == (0, 1, 0, 0)


def test_a_refused_file_leaves_no_batch(batches, server, caller):
    line = '{"custom_id": "a", "url": "/v1/responses", "body": {"model": "grok-4", "input": "x"}}'
    server.files["f"] = f"{line}\n{line}".encode()
    assert "'a' exists already" in refused(batches.create, input_file_id="f")[1]
    server.batches(models_refused=["grok-4"])
    server.files["f"] = line.encode()
    assert "not available for batch" in refused(batches.create, input_file_id="f")[1]
    assert not batches.list().batches


def test_batches_expire(batches, server):
    batch_id = batches.create("a")
    expires = batches.get(batch_id).expire_time.seconds
    assert expires > server.clock.time()
    server.clock.skip(seconds=expires - server.clock.time() + 1)
    assert refused(batches.get, batch_id)[0] == "NOT_FOUND"
    assert not batches.list().batches


def test_the_limits_are_settings():
    limits = {"max_batch_call_bytes": 100, "max_batch_calls": 2, "batch_interval": 1}
    with FakeServer(**limits) as server, open_caller(server) as caller:
        batches = Batches(caller)
        batch_id = batches.create()
        status, words = refused(batches.create)
        assert (status, "one in 1 seconds" in words) == ("RESOURCE_EXHAUSTED", True)
        server.clock.skip(seconds=1)
        batches.create()
        status, words = refused(batches.add, batch_id, completion("x" * 100))
        assert status == "INVALID_ARGUMENT"
        assert "at most 100" in words
        batches.add(batch_id, completion("a"))
        batches.add(batch_id, completion("b"))
        status, words = refused(batches.add, batch_id, completion("c"))
        assert (status, "2 in 30 seconds" in words) == ("RESOURCE_EXHAUSTED", True)
        server.clear()
        batches.create("a")


def test_clear_removes_batches_and_their_plan(batches, server):
    server.batches(ready_after=5)
    batch_id = batches.create("a")
    server.clear()
    assert refused(batches.get, batch_id)[0] == "NOT_FOUND"
    assert not batches.list().batches
    batch_id = batches.create("a")
    assert [batches.state(batch_id)[0] for _ in range(2)] == [1, 0]  # the default plan


def test_clear_while_a_request_is_processed(batches, server):
    entered, released = threading.Event(), threading.Event()

    def block(call):
        entered.set()
        assert released.wait(LIMIT)
        return "late"

    server.on(prompt="slow").side_effect(block)
    batch_id = batches.create("slow")
    with ThreadPoolExecutor() as pool:
        poll = pool.submit(batches.get, batch_id)
        assert entered.wait(LIMIT)
        server.clear()
        released.set()
        assert poll.result(LIMIT).state.num_success == 1
    assert refused(batches.get, batch_id)[0] == "NOT_FOUND"


def test_tenants_have_their_own_batches_and_a_closed_one_accepts_no_calls(batches, server):
    tenant = server.tenant()
    with open_caller(server, tenant.api_key) as caller:
        other = Batches(caller)
        batch_id = other.create("a")
        assert refused(batches.get, batch_id)[0] == "NOT_FOUND"
        tenant.close()
        assert refused(other.get, batch_id)[0] == "UNAUTHENTICATED"


def test_delays_do_not_hold_up_a_batch(server, caller):
    server.batches(ready_after=0)
    server.fault(Fault.latency(LIMIT * 10), method="GetCompletion")
    server.fault(Fault.status("INTERNAL", "broken"), method="GetCompletion")
    batches = Batches(caller)
    batch_id = batches.create("a")
    assert batches.state(batch_id) == (0, 0, 1, 0)
    [call] = server.calls.where(method="GetCompletion")
    assert (call.status, call.details) == ("INTERNAL", "broken")


def test_a_fault_strikes_a_request_that_no_rule_matches():
    with FakeServer(unmatched="error", unused="allow") as server, open_caller(server) as caller:
        server.batches(ready_after=0)
        server.fault(Fault.reset_connection(), method="GetCompletion")
        batches = Batches(caller)
        batch_id = batches.create("a")
        assert batches.result(batch_id, "a").result.error.message == "Connection reset by peer"
        server.clear()


def test_generated_files_of_batches_and_their_costs(batches, server):
    batch_id = batches.create("a")
    batches.add(
        batch_id,
        batch_pb2.BatchRequest(
            batch_request_id="image",
            image_request=image_pb2.GenerateImageRequest(prompt="x", model="grok-imagine-image"),
        ),
    )
    batch = batches.get(batch_id)
    costs = {cost.endpoint: cost for cost in batch.cost_breakdown.endpoint_costs}
    assert costs["/v1/images/generations"].cost_usd_ticks == 200_000_000
    assert costs["/v1/chat/completions"].request_count == 1
    assert batch.cost_breakdown.HasField("calculation_time")
    assert batches.list().batches[0].cost_breakdown == batch.cost_breakdown


def test_videos_of_batches_fail_as_planned(batches, server):
    def video(request_id):
        return batch_pb2.BatchRequest(
            batch_request_id=request_id,
            video_request=video_pb2.GenerateVideoRequest(prompt="x", model="grok-imagine-video"),
        )

    batch_id = batches.create()
    for index, (plan, code, words) in enumerate(
        [
            ({"failed": ("invalid_argument", "too dark")}, "INVALID_ARGUMENT", "too dark"),
            ({"failed": ("internal_error", "broken")}, "INTERNAL", "broken"),
            ({"expired": True}, "DEADLINE_EXCEEDED", "expired"),
        ]
    ):
        server.videos(**plan)
        batches.add(batch_id, video(str(index)))
        error = batches.result(batch_id, str(index)).result.error
        assert error.code == grpc.StatusCode[code].value[0]
        assert words in error.message


def test_a_single_result_has_its_request(batches):
    batch_id = batches.create()
    sent = batch_pb2.BatchRequest(completion_request=request("Hi"))
    batches.add(batch_id, sent)
    [listed] = batches.requests(batch_id).batch_request_metadata
    assert listed.endpoint == "/v1/chat/completions"
    response = batches.result(batch_id, listed.batch_request_id)
    assert response.request.batch_request_id == listed.batch_request_id
    assert response.request.completion_request == sent.completion_request
