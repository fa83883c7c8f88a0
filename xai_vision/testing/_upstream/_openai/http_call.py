"""A request over HTTP that another thread can cancel, with errors as gRPC statuses."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._errors import ServiceError

_CONNECT_SECONDS: Final = 10.0
_SHOWN: Final = 300
# A longer line is not an event of a completion.
_MAX_EVENT_BYTES: Final = 64 * 1024 * 1024
_DONE: Final = "[DONE]"
_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    422: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_MODEL_HINT: Final = (
    "Does the server have the model? Pass its name as model=, or as the model of the request."
)
_PATH_HINT: Final = "Does the base URL end with /v1?"


class HttpCall:
    """One request, and its response.

    Args:
        base_url: The base URL of the server, which errors name.
        key: The key for the header Authorization, if any.
        timeout: The seconds that a read may take; None means no limit.
    """

    def __init__(self, base_url: str, key: str | None, timeout: float | None) -> None:
        self._base_url, self._key, self._timeout = base_url, key, timeout
        self._connection: http.client.HTTPConnection | None = None
        # The connection forgets its socket when the response has it.
        self._socket: socket.socket | None = None
        self._cancelled = False

    def json(self, verb: str, path: str, body: Any = None) -> Any:
        """Send a request, and return the JSON of its response.

        Raises:
            ServiceError: The server cannot be reached, refuses the request, or sends an error or
                something that is not JSON.
        """
        with self._errors():
            raw = self._send(verb, path, body).read()
        value = self._parse(raw)
        if isinstance(value, dict) and value.get("error"):
            raise self._error("INTERNAL", f"answered with an error: {_message(value)}")
        return value

    def events(self, path: str, body: Any) -> Iterator[Any]:
        """Send a request, and yield the JSON of each event of its response as it comes.

        Raises:
            ServiceError: As for ``json``; also if an event is an error, or if the stream is cut.
        """
        with self._errors():
            response = self._send("POST", path, body)
            content_type = response.headers.get_content_type()
            if content_type != "text/event-stream":
                shown = _shorten(response.read(_SHOWN))
                raise self._error(
                    "INTERNAL", f"sent {content_type} instead of a stream of events: {shown}"
                )
            for line in self._lines(response):
                if not line.startswith("data:"):
                    continue  # the name of an event, a comment, or an empty line
                text = line.removeprefix("data:").strip()
                if not text:
                    continue
                if text == _DONE:
                    return
                event = self._parse(text.encode())
                if isinstance(event, dict) and event.get("error"):
                    raise self._error("INTERNAL", f"ended its stream: {_message(event)}")
                yield event

    def _lines(self, response: http.client.HTTPResponse) -> Iterator[str]:
        while line := response.readline(_MAX_EVENT_BYTES):
            yield line.decode("utf-8", "replace").rstrip("\r\n")

    def cancel(self) -> None:
        """End the request, from any thread."""
        self._cancelled = True
        self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    def _send(self, verb: str, path: str, body: Any) -> http.client.HTTPResponse:
        url = urlsplit(self._base_url)
        connection_class = (
            http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        )
        connection = connection_class(url.hostname or "", url.port, timeout=_CONNECT_SECONDS)
        connection.connect()
        connection.sock.settimeout(self._timeout)
        self._connection, self._socket = connection, connection.sock
        if self._cancelled:
            self._shut()
        headers = {"accept": "application/json, text/event-stream", "user-agent": "xai-vision-fake"}
        data = None
        if body is not None:
            data = json.dumps(body, separators=(",", ":")).encode()
            headers["content-type"] = "application/json"
        if self._key is not None:
            headers["authorization"] = f"Bearer {self._key}"
        connection.request(verb, f"{url.path}{path}", data, headers)
        response = connection.getresponse()
        if response.status != 200:
            raise self._status_error(response)
        return response

    def _status_error(self, response: http.client.HTTPResponse) -> ServiceError:
        status = response.status
        raw = response.read(64 * 1024)
        try:
            detail = _message(json.loads(raw))
        except (ValueError, RecursionError):
            detail = _shorten(raw)
        default = "INTERNAL" if status < 400 or status >= 500 else "FAILED_PRECONDITION"
        code = _STATUSES.get(status, default)
        if status == 404:
            hint = _MODEL_HINT if urlsplit(self._base_url).path else _PATH_HINT
            detail = f"{detail.rstrip('. ')}. {hint}"
        retry_after = response.headers.get("retry-after")
        trailing = (("retry-after", retry_after),) if retry_after and retry_after.isascii() else ()
        return self._error(code, f"answered {status} {response.reason}: {detail}", trailing)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn the errors of sockets and of HTTP into statuses."""
        try:
            yield
        except ServiceError:
            raise
        except TimeoutError:
            connecting = self._connection is None
            words = "cannot be reached: no answer" if connecting else "did not answer in time"
            code = "UNAVAILABLE" if connecting else "DEADLINE_EXCEEDED"
            raise self._error(code, words) from None
        except ssl.SSLError as error:
            raise self._error(
                "UNAVAILABLE", f"cannot be reached with TLS: {error.reason}"
            ) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            if self._connection is None:
                reason = getattr(error, "strerror", None) or error
                words = f"cannot be reached: {reason}. Is the program running?"
            else:
                words = f"closed the connection before the end of its response ({error!r})"
            raise self._error("UNAVAILABLE", words) from None
        finally:
            self.close()

    def _parse(self, raw: bytes) -> Any:
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise self._error(
                "INTERNAL", f"sent a response that is not valid JSON: {_shorten(raw)}"
            ) from None

    def _error(
        self, code: str, words: str, trailing: tuple[tuple[str, str], ...] = ()
    ) -> ServiceError:
        text = redact(f"The upstream {self._base_url} {words}", self._key or "")
        return ServiceError(code, text, trailing)


def _shorten(raw: bytes) -> str:
    text = " ".join(raw[:_SHOWN].decode("utf-8", "replace").split())
    return text or "an empty response"


def _message(value: Any) -> str:
    """Return the message of an error; servers with OpenAI's API write it in several ways."""
    error = value.get("error", value) if isinstance(value, dict) else value
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or error
    return _shorten(str(error).encode("utf-8", "replace"))
