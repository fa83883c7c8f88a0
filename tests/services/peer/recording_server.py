"""A server that records requests as they are sent, and answers each method with a fixed reply.

Unlike the fake server it accepts any request, so generated ones can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc

import xai_vision
from xai_vision.proto import (
    auth_pb2_grpc,
    batch_pb2,
    batch_pb2_grpc,
    collections_pb2,
    collections_pb2_grpc,
    deferred_pb2,
    documents_pb2_grpc,
    files_pb2,
    files_pb2_grpc,
    image_pb2,
    image_pb2_grpc,
    models_pb2_grpc,
    tokenize_pb2_grpc,
    video_pb2,
    video_pb2_grpc,
)

SERVICES = (
    auth_pb2_grpc.Auth,
    batch_pb2_grpc.BatchMgmt,
    collections_pb2_grpc.Collections,
    documents_pb2_grpc.Documents,
    files_pb2_grpc.Files,
    image_pb2_grpc.Image,
    models_pb2_grpc.Models,
    tokenize_pb2_grpc.Tokenize,
    video_pb2_grpc.Video,
)
METHODS = {method.path: method for service in SERVICES for method in service.METHODS}
REPLIES = {
    "CreateBatch": batch_pb2.Batch(batch_id="batch-1"),
    "GenerateImage": image_pb2.ImageResponse(images=[{"url": "https://e.x/a.jpg"}] * 10),
    "GenerateVideo": deferred_pb2.StartDeferredResponse(request_id="r-1"),
    "ExtendVideo": deferred_pb2.StartDeferredResponse(request_id="r-2"),
    "GetDeferredVideo": video_pb2.GetDeferredVideoResponse(
        status="DONE", response={"video": {"url": "https://e.x/a.mp4"}}
    ),
    "GetDocumentMetadata": collections_pb2.DocumentMetadata(status="DOCUMENT_STATUS_PROCESSED"),
    "UploadFile": files_pb2.File(id="file-1"),
}


class RecordingServer(grpc.GenericRpcHandler):
    """Record (method, requests) pairs."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[Any]]] = []

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        method = METHODS[details.method]

        def answer(requests: Any, context: Any) -> Any:
            sent = list(requests) if method.client_streaming else [requests]
            self.calls.append((method.name, sent))
            reply = REPLIES.get(method.name, method.response())
            return iter([reply]) if method.server_streaming else reply

        return getattr(grpc, f"{method.shape}_rpc_method_handler")(
            answer,
            request_deserializer=method.request.FromString,
            response_serializer=method.response.SerializeToString,
        )

    def take(self) -> list[tuple[str, list[Any]]]:
        """Return the calls since the last time."""
        calls, self.calls = self.calls, []
        return calls


@contextmanager
def recording_server() -> Iterator[tuple[RecordingServer, str]]:
    """Run a server; return it and its address."""
    recorder = RecordingServer()
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)]
    )
    server.add_generic_rpc_handlers((recorder,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield recorder, f"localhost:{port}"
    server.stop(0).wait()


class Pair:
    """The two packages with a client each, and the server that both call."""

    def __init__(self, recorder, address):
        import xai_sdk

        self.recorder = recorder
        options = {
            "api_key": "k",
            "management_api_key": "m",
            "api_host": address,
            "management_api_host": address,
        }
        self.clients = [(sdk, sdk.Client(**options)) for sdk in (xai_sdk, xai_vision)]

    def sent(self, call):
        """Return the requests of both packages for ``call(sdk, client)``."""
        both = []
        for sdk, client in self.clients:
            call(sdk, client)
            both.append(self.recorder.take())
        return both

    def assert_same(self, call):
        theirs, ours = self.sent(call)
        assert theirs == ours

    def close(self):
        for _, client in self.clients:
            client.close()
