"""The client a command asks with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from xai_vision._cli.exit_codes import Exit, Failure
from xai_vision._cli.terminal import note

if TYPE_CHECKING:
    from xai_vision._cli.options import Service
    from xai_vision.client import Client

__all__ = ["FAKE", "arguments", "client", "has_key"]

FAKE = "These answers come from an embedded fake server, not from Grok: they describe what arrived."


def has_key(service: Service) -> bool:
    """Whether the service can be asked at all."""
    return service.fake or bool(os.environ.get("XAI_API_KEY"))


@contextmanager
def arguments(service: Service) -> Iterator[dict[str, Any]]:
    """What a client of that service is made with; an embedded fake lives as long.

    Raises:
        Failure: There is no API key.
    """
    given: dict[str, Any] = {"timeout": service.timeout}
    if service.fake:
        from xai_vision.testing import FakeServer

        note(FAKE)
        with FakeServer() as server:
            yield {**given, "api_key": server.api_key, "api_host": server.target}
        return
    if not has_key(service):
        raise Failure(
            "there is no API key: set the environment variable XAI_API_KEY "
            "(https://console.x.ai makes one), or try --fake, which needs none",
            Exit.KEY,
        )
    if service.root_certificate is not None:
        given["root_certificates"] = service.root_certificate.read_bytes()
    yield {**given, "api_host": service.host, "use_insecure_channel": service.plaintext}


@contextmanager
def client(service: Service) -> Iterator[Client]:
    """A client of that service."""
    from xai_vision.client import Client

    with arguments(service) as given, Client(**given) as made:
        yield made
