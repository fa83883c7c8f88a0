"""Run one test against both clients; the async client gets its own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from xai_vision import AsyncClient, Client, RetryPolicy
from xai_vision.chat import Response, user
from xai_vision.errors import RequestTimeoutError

FAST_RETRIES = RetryPolicy(initial=0.01, rate_limit_initial=0.01, jitter=0)
OLD_GRPC = (RequestTimeoutError,) if grpc.__version__ < "1.80" else ()
SHAPES = pytest.mark.parametrize("shape", ["sample", "stream"])


class SyncDriver:
    """Calls of the blocking client."""

    def __init__(self, **kwargs: Any) -> None:
        self.client = Client(**kwargs)

    def chat(self, *content: Any) -> Any:
        return self.client.chat.create("grok-4").append(user(*(content or ("Hi",))))

    def sample(self, *content: Any, **options: Any) -> Response:
        return self.chat(*content).sample(**options)

    def stream(
        self, *content: Any, each: Callable[[Any], object] | None = None, **options: Any
    ) -> tuple[Response, int]:
        response, count = None, 0
        for response, chunk in self.chat(*content).stream(**options):
            count += 1
            if each is not None:
                each(chunk)
        assert response is not None
        return response, count

    def close(self) -> None:
        self.client.close()


class AsyncDriver:
    """The same calls with the asyncio client."""

    def __init__(self, **kwargs: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.client = AsyncClient(**kwargs)

    def chat(self, *content: Any) -> Any:
        return self.client.chat.create("grok-4").append(user(*(content or ("Hi",))))

    def sample(self, *content: Any, **options: Any) -> Response:
        return self.loop.run_until_complete(self.chat(*content).sample(**options))

    def stream(
        self, *content: Any, each: Callable[[Any], object] | None = None, **options: Any
    ) -> tuple[Response, int]:
        async def read() -> tuple[Response, int]:
            response, count = None, 0
            async for response, chunk in self.chat(*content).stream(**options):
                count += 1
                if each is not None:
                    each(chunk)
            assert response is not None
            return response, count

        return self.loop.run_until_complete(read())

    def close(self) -> None:
        self.loop.run_until_complete(self.client.close())
        self.loop.close()


DRIVERS = {"sync": SyncDriver, "async": AsyncDriver}


def get_response(driver: Any, shape: str, *content: Any, **options: Any) -> Response:
    """Make a call of one of ``SHAPES`` and return its response."""
    result = getattr(driver, shape)(*content, **options)
    return result if shape == "sample" else result[0]
