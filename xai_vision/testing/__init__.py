"""A fake of xAI's service, to test against: a real gRPC server in the test's own process.

::

    from xai_vision.testing import FakeServer, match

    with FakeServer() as server:
        server.on(prompt=match.contains("caption")).reply("a red square")
        ...  # any client, with api_host=server.target and api_key=server.api_key
        assert server.calls.last.images[0].format == "JPEG"
"""

from __future__ import annotations

from xai_vision.testing import match
from xai_vision.testing.album import CallImage
from xai_vision.testing.calls import Call
from xai_vision.testing.faults import Fault
from xai_vision.testing.log import CallList, CallLog
from xai_vision.testing.problems import ServiceError
from xai_vision.testing.replies import Reply, Step, ToolUse
from xai_vision.testing.rules import Rule, RuleRecord
from xai_vision.testing.server import FakeServer
from xai_vision.testing.settings import Settings
from xai_vision.testing.strikes import FaultRule
from xai_vision.testing.tenant import Tenant

__all__ = [
    "Call",
    "CallImage",
    "CallList",
    "CallLog",
    "FakeServer",
    "Fault",
    "FaultRule",
    "Reply",
    "Rule",
    "RuleRecord",
    "ServiceError",
    "Settings",
    "Step",
    "Tenant",
    "ToolUse",
    "match",
]
