"""The client of a command."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from xai_vision._cli.exit_codes import CliError, Exit
from xai_vision._cli.terminal import print_note

if TYPE_CHECKING:
    from xai_vision._cli.options import Service
    from xai_vision.client import Client


FAKE_NOTICE = (
    "The response comes from an embedded fake server, not from Grok: it describes the request."
)


def has_key(service: Service) -> bool:
    """Return whether the service can be called."""
    return service.fake or bool(os.environ.get("XAI_API_KEY"))


@contextmanager
def client_arguments(service: Service) -> Iterator[dict[str, Any]]:
    """Yield the arguments of a client; run the embedded fake server meanwhile.

    Raises:
        CliError: There is no API key.
    """
    options: dict[str, Any] = {"timeout": service.timeout}
    if service.fake:
        from xai_vision.testing import FakeServer

        print_note(FAKE_NOTICE)
        with FakeServer() as server:
            yield {**options, "api_key": server.api_key, "api_host": server.target}
        return
    if not has_key(service):
        raise CliError(
            "no API key: set the environment variable XAI_API_KEY "
            "(create a key at https://console.x.ai), or use --fake, which needs none",
            Exit.KEY,
        )
    if service.root_certificate is not None:
        options["root_certificates"] = service.root_certificate.read_bytes()
    yield {**options, "api_host": service.host, "use_insecure_channel": service.plaintext}


@contextmanager
def open_client(service: Service) -> Iterator[Client]:
    """Open a client."""
    from xai_vision.client import Client

    with client_arguments(service) as options, Client(**options) as api:
        yield api
