"""The rows of a run without a ledger, for tests of a sender."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from xai_vision.bulk._row import Request, Ticket
from xai_vision.chat import user


class StubWork:
    """Hands out rows and keeps what became of them.

    Attributes:
        answers: The responses, attempts and times by id.
        failures: The errors and attempts by id.
        charged: The ids of rows that may have been paid for.
        released: The ids of rows that were returned.
        asked: How often each row was handed out.
    """

    def __init__(
        self, client, ids, *, notes=None, retries=3, prompt="Describe it: {}", models=(), done=()
    ):
        self.client = client
        self.notes = notes
        self.retries = retries
        self.concurrency = 8
        self.limiter = None
        self.answers, self.failures, self.asked = {}, {}, {}
        self.released, self.charged = [], []
        self._prompt = prompt
        self._models = dict(models)
        self._rows = deque(ids)
        self._done = set(done)
        self._claimed = set()

    @property
    def finished(self):
        return not self._rows

    async def next(self, *, wait=True):
        while self._rows:
            name = self._rows.popleft()
            if name in self._claimed:
                continue
            self.asked[name] = self.asked.get(name, 0) + 1
            chat = self.client.chat.create(self._models.get(name, "grok-4"))
            chat.append(user(self._prompt.format(name)))
            return Request(Ticket(name, f"key-{name}"), chat)
        return None

    async def claim(self, ticket):
        if ticket.id in self._done:
            return False
        self._claimed.add(ticket.id)
        return True

    async def answer(self, ticket, response, *, attempts, asked_at):
        assert ticket.id not in self.answers
        self.answers[ticket.id] = response.content, attempts, asked_at

    async def fail(self, ticket, error, *, attempts, asked_at):
        assert ticket.id not in self.failures
        self.failures[ticket.id] = error, attempts

    async def charge(self, ticket, *, again):
        assert not again
        self.charged.append(ticket.id)
        return replace(ticket, usd=0.0, tokens=0)

    async def release(self, ticket):
        self._claimed.discard(ticket.id)
        self.released.append(ticket.id)
        self._rows.append(ticket.id)
