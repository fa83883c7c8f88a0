"""The wire contract as Python: messages, enums and method tables of xAI's gRPC API.

This room is generated from ``protos/`` by ``scripts/generate_protos.py``; only ``_pool``,
``_method``, ``convert`` and this file are written by hand. Nothing is imported until it is asked
for: ``from xai_vision.proto import chat_pb2`` loads the messages of chat and what they refer to.

``*_pb2``
    Message classes and enums, as protoc's own modules have them, in a descriptor pool of their
    own (see ``_pool`` for why).
``*_grpc``
    Per service a table of its methods, stubs, and a function that registers a servicer. The
    tables do not need grpc.
``convert``
    ``adopt()`` takes in messages built by other packages, such as xai_sdk.
"""
