"""Calls of the smaller services over a plain gRPC channel."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.testing.waiting import LIMIT


class Stub:
    """A stub whose methods take the fields of the request, or the request."""

    def __init__(self, stub: Any, key: str) -> None:
        self._stub = stub
        self.metadata = (("authorization", f"Bearer {key}"),)

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._stub, method)
        return lambda message: call(message, metadata=self.metadata, timeout=LIMIT)


def refused(call: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
    """Make a call that must fail; return its status and details."""
    with pytest.raises(grpc.RpcError) as error:
        call(*args, **kwargs)
    return error.value.code().name, error.value.details()
