"""Make the upstream that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision.testing._upstream.address import parse_address
from xai_vision.testing._upstream.exchange import Upstream

if TYPE_CHECKING:
    from xai_vision.testing._files.store import FileStore
    from xai_vision.testing._service.image_sources import SourceTable
    from xai_vision.testing._settings import Settings


def make_upstream(settings: Settings, urls: SourceTable, files: FileStore) -> Upstream | None:
    """Return the upstream of the settings; None without one. It connects at its first call.

    Args:
        settings: The settings.
        urls: The images at web addresses, for an upstream that cannot fetch them.
        files: The uploaded files, likewise.
    """
    if settings.upstream is None:
        return None
    address = parse_address(settings.upstream)
    if address.is_openai:
        from xai_vision.testing._upstream._openai.sources import Sources
        from xai_vision.testing._upstream._openai.upstream import OpenAIUpstream

        sources = Sources(settings, urls, files)
        return OpenAIUpstream(address.target, settings.model, settings.upstream_key, sources)
    from xai_vision.testing._upstream.grpc_upstream import GrpcUpstream

    return GrpcUpstream(address, settings.upstream_key)
