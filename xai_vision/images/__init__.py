"""Pictures: from anything a program holds to what the service takes. Pure, no gRPC."""

from __future__ import annotations

from xai_vision.images.picture import Picture, TextPicture

__all__ = ["Picture", "TextPicture"]
