"""A fake of xAI's service for tests: a real gRPC server in the process of the test.

```python
from xai_vision.testing import FakeServer, match

with FakeServer() as server:
    server.on(prompt=match.contains("caption")).reply("a red square")
    ...  # any client, with api_host=server.target and api_key=server.api_key
    assert server.calls.last.images[0].format == "JPEG"
```
"""

from __future__ import annotations

from xai_vision._lazy import show_public_path
from xai_vision.testing import match
from xai_vision.testing._calls.call_list import CallList
from xai_vision.testing._calls.images import CallImage
from xai_vision.testing._calls.log import CallLog
from xai_vision.testing._calls.record import Call, RuleRecord, ToolResult
from xai_vision.testing._calls.upload import ReceivedUpload
from xai_vision.testing._cassettes.cassette import Cassette
from xai_vision.testing._clock import Clock
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._faults.injection import FaultRule
from xai_vision.testing._rules.reply import Reply
from xai_vision.testing._rules.rule import Rule
from xai_vision.testing._rules.tool_calls import FunctionCall, ServerToolCall
from xai_vision.testing._server import FakeServer
from xai_vision.testing._service.models import Model
from xai_vision.testing._settings import Settings
from xai_vision.testing._tenant import Tenant

__all__ = [
    "Call",
    "CallImage",
    "CallList",
    "CallLog",
    "Cassette",
    "Clock",
    "FakeServer",
    "Fault",
    "FaultRule",
    "FunctionCall",
    "Model",
    "ReceivedUpload",
    "Reply",
    "Rule",
    "RuleRecord",
    "ServerToolCall",
    "ServiceError",
    "Settings",
    "Tenant",
    "ToolResult",
    "match",
]

show_public_path(*(globals()[name] for name in __all__))
