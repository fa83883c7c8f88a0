"""Make the upstream that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision.testing._upstream.address import parse_address
from xai_vision.testing._upstream.exchange import Upstream

if TYPE_CHECKING:
    from xai_vision.testing._settings import Settings


def make_upstream(settings: Settings) -> Upstream | None:
    """Return the upstream of the settings; None without one. It connects at its first call."""
    if settings.upstream is None:
        return None
    from xai_vision.testing._upstream.grpc_upstream import GrpcUpstream

    return GrpcUpstream(parse_address(settings.upstream), settings.upstream_key)
