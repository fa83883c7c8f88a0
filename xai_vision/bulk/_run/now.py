"""Ask each row with a call of its own."""

from __future__ import annotations

import asyncio
import random
import sys
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from xai_vision._transport.logs import logger
from xai_vision._transport.retry import NO_RETRIES
from xai_vision.bulk._protocols import Work
from xai_vision.bulk._row import Request, Ticket, Via
from xai_vision.errors import (
    CertificateError,
    OutOfCreditsError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    StreamBrokenError,
    UnavailableError,
    XaiVisionError,
)

if TYPE_CHECKING:
    from xai_vision.chat import Response
    from xai_vision.chat._chat_calls import Sampling

_TRANSIENT: Final = (UnavailableError, ServerError, StreamBrokenError, RequestTimeoutError)
_FIRST_DELAY = 0.2
_LONGEST_DELAY = 10.0


class NowSender:
    """Sends rows concurrently, each with a call of its own."""

    via: Via = "now"
    price_factor = 1.0

    async def run(self, work: Work) -> None:
        """Ask rows until none is left."""
        workers = [asyncio.create_task(_work(work)) for _ in range(work.concurrency)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)


async def _work(work: Work) -> None:
    while True:
        request = await work.next()
        if request is None:
            return
        ticket, call = request.ticket, _call(request)
        # Its images are in the body of the call, and a second copy would stay for its duration.
        del request
        await _ask(work, ticket, call)


async def ask_now(work: Work, request: Request) -> None:
    """Ask a row with a call of its own, in a job that asks others through batches."""
    await _ask(work, replace(request.ticket, via="now"), _call(request))


def _call(request: Request) -> Sampling[Response]:
    # The client makes single attempts, because the limiter handles rate limits for all rows
    # together, and counts each attempt.
    call = request.chat._sampling(None, {"retries": NO_RETRIES})
    if "opentelemetry.trace" not in sys.modules:
        call.request_attributes = None  # it refers to the chat
    return call


async def _ask(work: Work, ticket: Ticket, call: Sampling[Response]) -> None:
    attempts = failures = 0
    asked_at = None
    while True:
        await work.limiter.acquire(ticket.expected)
        attempts += 1
        asked_at = asked_at or now()
        response: Response | None = None
        error: XaiVisionError | None = None
        refused_by: RateLimitError | None = None
        try:
            response = await work.client._transport.unary(call)
        except XaiVisionError as raised:
            error = raised
            if isinstance(error, RateLimitError) and not isinstance(error, OutOfCreditsError):
                refused_by = error
        finally:
            if refused_by is None:
                used = ticket.expected if response is None else response.usage.total_tokens
                await work.limiter.answered(used - ticket.expected)
        if response is not None:
            await work.answer(ticket, response, attempts=attempts, asked_at=asked_at)
            return
        assert error is not None  # noqa: S101 - there is no response
        if refused_by is not None and await work.limiter.refused(refused_by.retry_after):
            logger.info("%s: retry at the accepted rate after %r", call.method.name, refused_by)
            continue
        failures += 1
        again = _is_transient(error) and failures <= work.retries
        if isinstance(error, RequestTimeoutError):  # the service may have answered it
            charged = await work.charge(ticket, again=again)
            again = again and charged is not None
            ticket = charged or replace(ticket, usd=0.0, tokens=0)
        if not again:
            await work.fail(ticket, error, attempts=attempts, asked_at=asked_at)
            return
        delay = min(_FIRST_DELAY * 2 ** (failures - 1), _LONGEST_DELAY)
        delay *= random.uniform(0.8, 1.2)  # noqa: S311 - not a secret
        logger.info("%s: retry in %.2f s after %r", call.method.name, delay, error)
        await asyncio.sleep(delay)


def _is_transient(error: XaiVisionError) -> bool:
    return isinstance(error, _TRANSIENT) and not isinstance(error, CertificateError)


def now() -> str:
    """Return the time in UTC (ISO 8601)."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
