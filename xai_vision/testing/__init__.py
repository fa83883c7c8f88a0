"""A fake of xAI's service, to test against: a real gRPC server in the test's own process.

::

    from xai_vision.testing import FakeServer

    with FakeServer() as server:
        ...  # any client, with api_host=server.target and api_key=server.api_key
        assert server.calls.last.images[0].format == "JPEG"
"""

from __future__ import annotations

from xai_vision.testing.album import CallImage
from xai_vision.testing.calls import Call, CallLog
from xai_vision.testing.problems import ServiceError
from xai_vision.testing.replies import Reply
from xai_vision.testing.server import FakeServer
from xai_vision.testing.settings import Settings

__all__ = ["Call", "CallImage", "CallLog", "FakeServer", "Reply", "ServiceError", "Settings"]
