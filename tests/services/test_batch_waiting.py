"""client.batch.wait."""

from __future__ import annotations

import pytest

from tests.services.batches import FAST, chats
from xai_vision.errors import (
    BadRequestError,
    BatchCancelledError,
    RequestTimeoutError,
    UnavailableError,
)
from xai_vision.services._batch import calls
from xai_vision.testing import Fault


def test_a_cancelled_batch_ends_the_wait(driver, server):
    batch_id = driver.batch.create("mine").batch_id
    driver.batch.add(batch_id, chats(driver, 2))
    assert driver.batch.cancel(batch_id).state.num_cancelled == 2
    with pytest.raises(BatchCancelledError, match="its owner cancelled it") as error:
        driver.batch.wait(batch_id, **FAST)
    assert error.value.batch.state.num_cancelled == 2
    [first, _] = driver.batch.results(batch_id)
    assert first.error_message == "The request was cancelled."
    with pytest.raises(BadRequestError, match="is cancelled"):
        driver.batch.add(batch_id, chats(driver, 1, "other"))
    server.batches(cancel="The content is not allowed.")
    batch_id = driver.batch.create("theirs").batch_id
    driver.batch.add(batch_id, chats(driver, 1))
    with pytest.raises(BatchCancelledError, match=r"The content is not allowed\. results\(\)"):
        driver.batch.wait(batch_id, **FAST)
    with pytest.raises(BadRequestError, match="The content is not allowed"):
        driver.batch.add(batch_id, chats(driver, 1, "other"))


def test_a_wait_ends_at_its_timeout_and_with_the_callbacks_exception(driver, server):
    server.batches(ready_after=10**6)
    batch_id = driver.batch.create("x").batch_id
    driver.batch.add(batch_id, chats(driver, 1))
    with pytest.raises(RequestTimeoutError, match="was not done after 0.2 seconds") as error:
        driver.batch.wait(batch_id, timeout=0.2, **FAST)
    assert error.value.deferred_id == batch_id

    class MyError(Exception):
        pass

    def fail(batch):
        raise MyError

    with pytest.raises(MyError):
        driver.batch.wait(batch_id, on_progress=fail, **FAST)


def test_a_wait_outlasts_polls_that_fail(driver, server, monkeypatch):
    monkeypatch.setattr(calls, "_POLL_SECONDS", 0.3)
    batch_id = driver.batch.create("x").batch_id
    driver.batch.add(batch_id, chats(driver, 1))
    server.fault(Fault.hang(), next=1, method="GetBatch")
    server.fault(Fault.unavailable(), next=3, method="GetBatch")
    done = driver.batch.wait(batch_id, retries=0, **FAST)
    assert done.state.num_success == 1
    assert [call.status for call in server.calls if call.method == "GetBatch"][1:4] == [
        "UNAVAILABLE"
    ] * 3


def test_a_wait_ends_with_the_last_error_if_the_service_stays_away(driver, server):
    batch_id = driver.batch.create("x").batch_id
    server.fault(Fault.unavailable("gone"), method="GetBatch")
    with pytest.raises((UnavailableError, RequestTimeoutError), match="gone|was not done") as error:
        driver.batch.wait(batch_id, retries=0, timeout=0.3, **FAST)
    assert error.value.deferred_id == batch_id
