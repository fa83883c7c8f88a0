"""The base class of wrappers, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.chat._response.proto_decorator import ProtoDecorator

__all__ = ["ProtoDecorator"]
