"""The cost of a step does not grow, or grows along a straight line with a known slope."""

from __future__ import annotations

import itertools

import pytest

from benchmarks.growth import QUESTION, SUBJECTS, LocalCaller
from benchmarks.growth_plot import HEIGHT, WIDTH, draw, points
from tests.counting import peak_of, steps_of
from xai_vision.testing import FakeServer

# What a client does while it waits for the network differs a little from call to call.
FLAT = {
    "client-calls": 1.1,
    "fake-calls": 1.01,
    "client-chunks": 1.01,
    "fake-chunks": 1.01,
    "tenants": 1.01,
    # The place of a rule is found by halving.
    "added-rules": 1.05,
}
# The most instructions for each further turn or rule. It was 140, 442 and 206 with Python 3.11.
SLOPES = {"client-turns": 200, "fake-turns": 650, "rules": 300}


def slopes(costs):
    """Return how much each unit adds, between one size and the next."""
    pairs = itertools.pairwise(costs)
    return [(second[1] - first[1]) / (second[0] - first[0]) for first, second in pairs]


def growth(costs):
    """Return the ratio of the highest and the lowest cost."""
    values = [cost for _, cost in costs]
    return max(values) / min(values)


def test_every_subject_has_a_limit():
    assert {*FLAT, *SLOPES} == {*SUBJECTS}


@pytest.mark.parametrize("name", FLAT)
def test_the_cost_stays_the_same(name):
    subject = SUBJECTS[name]
    costs = subject.costs(subject.sizes)
    assert growth(costs) <= FLAT[name], costs
    assert costs[-1][0] >= 1_000


@pytest.mark.parametrize("name", SLOPES)
def test_the_cost_grows_along_a_straight_line(name):
    subject = SUBJECTS[name]
    costs = subject.costs(subject.sizes)
    found = slopes(costs)
    assert max(found) <= SLOPES[name], costs
    assert max(found) <= 1.05 * min(found), costs


def test_the_memory_of_a_call_stays_the_same():
    with FakeServer() as server:
        caller = LocalCaller(server)

        def work():
            caller.sample(server, QUESTION)

        work()
        early = peak_of(work)
        for _ in range(5_000):
            work()
        # The dicts of the log double now and then.
        late = min(peak_of(work) for _ in range(5))
        assert late <= 1.1 * early


@pytest.mark.parametrize(
    "read",
    [lambda calls: calls.last, lambda calls: calls[-1], len, lambda calls: calls.dropped],
    ids=["last", "[-1]", "len", "dropped"],
)
def test_a_look_at_the_log_after_each_call_does_not_copy_it(read):
    with FakeServer() as server:
        caller = LocalCaller(server)
        caller.sample(server, QUESTION)
        read(server.calls)
        early = steps_of(lambda: read(server.calls)), peak_of(lambda: read(server.calls))
        for _ in range(1_000):
            caller.sample(server, QUESTION)
        late = steps_of(lambda: read(server.calls)), peak_of(lambda: read(server.calls))
    assert late[0] == early[0]
    assert late[1] <= early[1] + 500  # bytes; a copy takes 8,000


def square(size):
    return sum(1 for _ in range(size) for _ in range(size))


def test_the_counts_show_a_square():
    costs = [(size, steps_of(lambda size=size: square(size))) for size in (10, 20, 40)]
    found = slopes(costs)
    assert max(found) > 1.5 * min(found)
    assert growth(costs) > 10
    assert peak_of(lambda: bytes(100_000)) >= 100_000


def test_the_plot_shows_the_counts():
    costs = [(1, 100.0), (500, 200.0), (1_000, 300.0)]
    results = {"rules": {"title": "a call & more", "unit": "rules", "costs": costs}}
    svg = draw(results)
    assert "a call &amp; more" in svg
    assert ">1,000 rules<" in svg
    assert ">300<" in svg
    places = points(costs)
    # Both axes are linear and begin at zero.
    assert places[-1] == (WIDTH, pytest.approx(HEIGHT * 0.2))
    assert HEIGHT - places[0][1] == pytest.approx((HEIGHT - places[-1][1]) / 3)
    assert places[1][0] == WIDTH / 2
