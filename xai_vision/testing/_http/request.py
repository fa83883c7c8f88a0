"""HTTP requests for the handlers of the endpoints, and the results they return."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from xai_vision.openai_compat._values import MAX_DEPTH
from xai_vision.testing._http.errors import HttpError
from xai_vision.testing._service.methods import invoke, pass_on
from xai_vision.testing._upstream.local_data import is_local
from xai_vision.testing._validation import short_repr

if TYPE_CHECKING:
    from starlette.requests import Request

    from xai_vision.proto._method import Method
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine


# Python itself rejects integers that are a little longer, with an error about Python.
_MAX_DIGITS = 4000
_TOO_DEEP = f"more than {MAX_DEPTH} levels deep"
# Longer data URLs are shortened in the call log, which has the images in ``Call.images``.
_MAX_DATA_URL = 256


@dataclass
class HttpRequest:
    """A request to an endpoint.

    Attributes:
        engine: The engine of the tenant that the key belongs to.
        caller: The API key of the request.
        call: The call.
        http: The path, the headers and the query parameters.
        raw_body: The body.
    """

    engine: Engine
    caller: ApiKey
    call: ActiveCall
    http: Request
    raw_body: bytes

    @property
    def id(self) -> str:
        """The path parameter "id"."""
        return str(self.http.path_params["id"])

    def invoke(self, method: Method[Any, Any], message: Any) -> Any:
        """Return the response of a method of the gRPC API, and log both messages.

        Raises:
            ServiceError: The request is refused.
            ClientDisconnected: The client cancelled the call.
        """
        self.call.record.request = message
        response = invoke(self.engine, method, message, self.caller, self.call)
        self.call.record_response(response)
        return response

    def is_passed_on(self, method: Method[Any, Any], message: Any = None) -> bool:
        """Return whether the upstream answers a request."""
        return not is_local(self.engine, method, message)

    def pass_on(self, method: Method[Any, Any], message: Any) -> Any:
        """Return the response of the upstream; None if the engine answers the request.

        Raises the errors of ``invoke``.
        """
        self.call.record.request = message
        response = pass_on(self.engine, method, message, self.call)
        if response is not None:
            self.call.record_response(response)
        return response

    def check_query(self, known: Collection[str]) -> None:
        """Reject unknown query parameters.

        Args:
            known: The names of the parameters that the endpoint supports.

        Raises:
            HttpError: 400; the message names the first unknown parameter.
        """
        unknown = [name for name in self.http.query_params if name not in known]
        if unknown and self.engine.settings.unknown_keys == "refuse":
            text = f"Argument not supported: the query parameter {short_repr(unknown[0])}"
            raise HttpError(400, "INVALID_ARGUMENT", text, unknown[0])

    def json(self) -> dict[str, Any]:
        """Parse the body and store it in the call log.

        Raises:
            HttpError: 415 for another content type, 400 for invalid JSON, 422 for JSON that is
                not an object.
        """
        content_type = self.http.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json" and not content_type.endswith("+json"):
            text = "Expected request with `Content-Type: application/json`"
            raise HttpError(415, "INVALID_ARGUMENT", text)
        body = _parse_json(self.raw_body)
        if not isinstance(body, dict):
            text = "Failed to deserialize the JSON body into the target type: expected an object"
            raise HttpError(422, "INVALID_ARGUMENT", text)
        self.call.record.body = _shorten_data_urls(body)
        return body


@dataclass
class HttpResult:
    """The result of a handler.

    Attributes:
        body: The whole body, or an iterator that yields its parts when they are due.
        status: The HTTP status.
        headers: Headers besides those of every response.
        content_type: The Content-Type header.
    """

    body: bytes | Iterator[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @classmethod
    def json(
        cls, value: Any, status: int = 200, headers: dict[str, str] | None = None
    ) -> HttpResult:
        """Make a result whose body is ``value`` as JSON."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        # UTF-8 cannot encode a lone surrogate from a request, but a JSON escape can express it.
        return cls(body.encode("utf-8", "backslashreplace"), status, headers or {})


def _parse_json(raw: bytes) -> Any:
    try:
        value = json.loads(
            raw,
            parse_constant=_reject_constant,
            parse_float=_parse_float,
            parse_int=_parse_integer,
        )
        _check_depth(value)
    except RecursionError:
        problem = _TOO_DEEP
    except UnicodeDecodeError as error:
        problem = f"the byte at {error.start} is not valid {error.encoding.upper()}"
    except ValueError as error:
        problem = str(error)
    else:
        return value
    text = f"Failed to parse the request body as JSON: {problem}"
    raise HttpError(400, "INVALID_ARGUMENT", text)


# Responses repeat the metadata, so values that Python parses but JSON cannot express are errors.


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")


def _parse_float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {digits:.40} is too large for a float")
    return number


def _parse_integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"an integer has more than {_MAX_DIGITS} digits")
    return int(digits)


def _check_depth(value: Any) -> None:
    # A loop, because recursion would overflow Python's stack.
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        nested = [list(item.values()) if isinstance(item, dict) else item for item in level]
        level = [item for items in nested if isinstance(items, list) for item in items]
        if not level:
            return
    raise ValueError(_TOO_DEEP)


def _shorten_data_urls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shorten_data_urls(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shorten_data_urls(item) for item in value]
    if isinstance(value, str) and len(value) > _MAX_DATA_URL and value.startswith("data:"):
        return f"{value.partition(',')[0]},…"
    return value
