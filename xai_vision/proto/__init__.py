"""Messages, enums and method tables of xAI's gRPC API.

``scripts/generate_protos.py`` generates this package from ``protos/``; only ``_pool``, ``_method``,
``_convert``, ``_wire_format`` and this file are written by hand. Modules are loaded on import only:
``from xai_vision.proto import chat_pb2`` loads the messages of chat and the messages they use.

``*_pb2``
    Message classes and enums like those of protoc's modules, in a private descriptor pool
    (``_pool`` explains why).
``*_pb2_grpc``
    The methods of a service as a table, its stubs, a base class of servicers, and a function that
    registers a servicer. The tables do not import grpc.

``import xai_vision.proto as protos; protos.chat_pb2`` loads a module on use.
"""

from __future__ import annotations

from importlib import import_module


def __getattr__(name: str) -> object:
    if name.endswith(("_pb2", "_pb2_grpc")) and not name.startswith("_"):
        try:
            return import_module(f"{__name__}.{name}")
        except ModuleNotFoundError:
            pass
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
