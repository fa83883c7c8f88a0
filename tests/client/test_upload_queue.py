"""The queue of large requests, without calls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.sample_images import MIB
from xai_vision._transport._channels import upload_limiter
from xai_vision._transport._channels.upload_limiter import UploadLimiter


@given(st.lists(st.tuples(st.integers(1, 120), st.integers(0, 3)), max_size=40), st.data())
def test_slots_are_granted_in_order_within_the_budget(steps, data):
    limiter, budget = UploadLimiter(), upload_limiter.UPLOAD_BUDGET_BYTES
    woken, slots, open_slots = [], [], []
    for megabytes, end_count in steps:
        size, number = megabytes * MIB, len(slots)
        slot = limiter.enqueue(size, lambda number=number: woken.append(number))
        slots.append((slot, min(size, budget)))
        open_slots.append(number)
        for _ in range(end_count):
            if open_slots:
                index = data.draw(st.integers(0, len(open_slots) - 1))
                slots[open_slots[index]][0].end()
                slots[open_slots.pop(index)][0].end()
            granted = [number for number in open_slots if slots[number][0].granted]
            assert sum(slots[number][1] for number in granted) <= budget
            assert granted == open_slots[: len(granted)], "no slot overtakes another"
            if open_slots:
                assert granted, "the first slot is always granted"
    assert woken == sorted(woken)
    for number in open_slots:
        slots[number][0].end()
    assert limiter.enqueue(budget, lambda: None).granted, "the whole budget is free again"


def test_a_request_larger_than_the_budget_is_sent_alone():
    limiter = UploadLimiter()
    huge = limiter.enqueue(10 * upload_limiter.UPLOAD_BUDGET_BYTES, lambda: None)
    after = limiter.enqueue(1, lambda: None)
    assert huge.granted
    assert not after.granted
    huge.end()
    assert after.granted
