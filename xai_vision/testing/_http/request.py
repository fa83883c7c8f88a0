"""One HTTP request on its way to the engine, and what comes back."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xai_vision._validation import short_repr
from xai_vision.openai_compat._values import MAX_DEPTH
from xai_vision.testing._http.errors import HttpError

if TYPE_CHECKING:
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine

__all__ = ["HttpRequest", "HttpResult", "without_image_data"]

# Python reads no longer ones, and says so in words of its own.
_DIGITS = 4000
# Longer texts that are data URLs are shortened in the log; the images are in the call's images.
_SHOWN = 256


@dataclass
class HttpRequest:
    """A request, read.

    Attributes:
        engine: Whose service it goes to.
        caller: Who asks.
        call: The call.
        path: The parts of the path that vary, by name.
        raw: The body's bytes.
        content_type: What the body is said to be.
        query: The parameters behind the path, and their values.
    """

    engine: Engine
    caller: ApiKey
    call: ActiveCall
    path: Mapping[str, str]
    raw: bytes = b""
    content_type: str = ""
    query: Sequence[tuple[str, str]] = ()

    def check_query(self, known: Collection[str]) -> None:
        """Refuse parameters behind the path that the service is not known to take.

        Args:
            known: Those it is known to take.

        Raises:
            HttpError: 400, it names the first.
        """
        unknown = [name for name, _ in self.query if name not in known]
        if unknown and self.engine.settings.unknown_keys == "refuse":
            words = f"Argument not supported: the query parameter {short_repr(unknown[0])}"
            raise HttpError(400, "INVALID_ARGUMENT", words, unknown[0])

    def body(self) -> dict[str, Any]:
        """The body's JSON.

        Raises:
            HttpError: 415, 400 or 422: it is none, or no object.
        """
        kind = self.content_type.partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            words = "Expected request with `Content-Type: application/json`"
            raise HttpError(415, "INVALID_ARGUMENT", words)
        found = _parsed(self.raw)
        if not isinstance(found, dict):
            words = "Failed to deserialize the JSON body into the target type: expected an object"
            raise HttpError(422, "INVALID_ARGUMENT", words)
        self.call.record.body = without_image_data(found)
        return found


@dataclass
class HttpResult:
    """What is to be sent.

    Attributes:
        status: The HTTP status.
        body: The whole body, or its parts as they are due.
        headers: Besides those every answer has.
        content_type: What the body is.
    """

    body: bytes | Iterator[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @classmethod
    def json(
        cls, value: Any, status: int = 200, headers: dict[str, str] | None = None
    ) -> HttpResult:
        """Send ``value`` as JSON."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        # Half a character, quoted from a request, has a form in JSON though none in UTF-8.
        return cls(body.encode("utf-8", "backslashreplace"), status, headers or {})


def _parsed(raw: bytes) -> Any:
    found = None
    why = ""
    try:
        found = json.loads(raw, parse_constant=_constant, parse_float=_float, parse_int=_whole)
        if _too_deep(found):
            raise RecursionError
    except RecursionError:
        why = f"more than {MAX_DEPTH} levels deep"
    except UnicodeDecodeError as error:
        why = f"the byte at {error.start} is no {error.encoding.upper()}"
    except ValueError as error:
        why = str(error)
    if why:
        words = f"Failed to parse the request body as JSON: {why}"
        raise HttpError(400, "INVALID_ARGUMENT", words)
    return found


# What Python reads and JSON cannot write would be in the answer, which quotes metadata.


def _constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _float(digits: str) -> float:
    found = float(digits)
    if math.isinf(found):
        raise ValueError(f"the number {digits:.40} is larger than any that can be held")
    return found


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError(f"a whole number has more than {_DIGITS} digits")
    return int(digits)


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        inner = [list(one.values()) if isinstance(one, dict) else one for one in level]
        level = [one for some in inner if isinstance(some, list) for one in some]
        if not level:
            return False
    return True


def without_image_data(value: Any) -> Any:
    """A request's JSON for the log: data URLs without their data."""
    if isinstance(value, dict):
        return {key: without_image_data(one) for key, one in value.items()}
    if isinstance(value, list):
        return [without_image_data(one) for one in value]
    if isinstance(value, str) and len(value) > _SHOWN and value.startswith("data:"):
        return f"{value.partition(',')[0]},…"
    return value
