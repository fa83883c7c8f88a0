"""Health checks and server reflection for the gRPC server."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import grpc

from xai_vision._optional_imports import import_optional
from xai_vision.testing._thread_pool import release_slot

_PROTOS = (
    "auth",
    "batch",
    "chat",
    "collections",
    "documents",
    "files",
    "image",
    "models",
    "tokenize",
    "video",
)
_SERVICES = (
    "xai_api.Auth",
    "xai_api.BatchMgmt",
    "xai_api.Chat",
    "collections.Collections",
    "xai_api.Documents",
    "xai_api.Files",
    "xai_api.Image",
    "xai_api.Models",
    "xai_api.Tokenize",
    "xai_api.Video",
)


def add_health(server: grpc.Server) -> None:
    """Add the health service.

    Raises:
        ImportError: The package grpcio-health-checking is not installed.
    """
    checks, protos, stubs = (
        import_optional(f"grpc_health.v1.{name}", "health", "Health checking")
        for name in ("health", "health_pb2", "health_pb2_grpc")
    )
    servicer = checks.HealthServicer()
    for name in ("", *_SERVICES):
        servicer.set(name, protos.HealthCheckResponse.SERVING)
    stubs.add_HealthServicer_to_server(servicer, server)


def add_reflection(server: grpc.Server) -> None:
    """Add server reflection.

    Raises:
        ImportError: The package grpcio-reflection is not installed.
    """
    module, stubs = (
        import_optional(f"grpc_reflection.v1alpha.{name}", "reflection", "Server reflection")
        for name in ("reflection", "reflection_pb2_grpc")
    )
    # Reflection looks descriptors up by name, so every proto must be in the pool by now.
    for proto in _PROTOS:
        importlib.import_module(f"xai_vision.proto.{proto}_pb2")
    from xai_vision.proto._pool import POOL

    class Servicer(module.ReflectionServicer):  # type: ignore[misc,name-defined] # untyped
        def ServerReflectionInfo(  # noqa: N802 - gRPC's name
            self, request_iterator: Iterator[Any], context: grpc.ServicerContext
        ) -> Iterator[Any]:
            release_slot()  # A client may keep its stream open.
            yield from super().ServerReflectionInfo(request_iterator, context)

    servicer = Servicer([*_SERVICES, module.SERVICE_NAME], pool=POOL)
    stubs.add_ServerReflectionServicer_to_server(servicer, server)
