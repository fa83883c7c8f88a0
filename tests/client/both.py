"""Running one test against both clients: the async one in an event loop of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from xai_vision import AsyncClient, Client, RetryPolicy
from xai_vision.chat import Response, user
from xai_vision.errors import RequestTimeoutError

QUICK = RetryPolicy(initial=0.01, rate_limit_initial=0.01, jitter=0)
OLD_GRPC = (RequestTimeoutError,) if grpc.__version__ < "1.80" else ()
SHAPES = pytest.mark.parametrize("shape", ["sample", "stream"])


class SyncDriver:
    """Calls of the blocking client."""

    def __init__(self, **arguments: Any) -> None:
        self.client = Client(**arguments)

    def chat(self, *content: Any) -> Any:
        return self.client.chat.create("grok-4").append(user(*(content or ("Hi",))))

    def sample(self, *content: Any, **call: Any) -> Response:
        return self.chat(*content).sample(**call)

    def stream(self, *content: Any, **call: Any) -> tuple[Response, int]:
        response, count = None, 0
        for response, _ in self.chat(*content).stream(**call):
            count += 1
        assert response is not None
        return response, count

    def close(self) -> None:
        self.client.close()


class AsyncDriver:
    """The same calls of the asyncio client."""

    def __init__(self, **arguments: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.client = AsyncClient(**arguments)

    def chat(self, *content: Any) -> Any:
        return self.client.chat.create("grok-4").append(user(*(content or ("Hi",))))

    def sample(self, *content: Any, **call: Any) -> Response:
        return self.loop.run_until_complete(self.chat(*content).sample(**call))

    def stream(self, *content: Any, **call: Any) -> tuple[Response, int]:
        async def read() -> tuple[Response, int]:
            response, count = None, 0
            async for response, _ in self.chat(*content).stream(**call):
                count += 1
            assert response is not None
            return response, count

        return self.loop.run_until_complete(read())

    def close(self) -> None:
        self.loop.run_until_complete(self.client.close())
        self.loop.close()


DRIVERS = {"sync": SyncDriver, "async": AsyncDriver}


def answer(driver: Any, shape: str, *content: Any, **call: Any) -> Response:
    """Ask in one of ``SHAPES``."""
    result = getattr(driver, shape)(*content, **call)
    return result if shape == "sample" else result[0]
