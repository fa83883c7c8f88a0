"""protos/ defines the same messages and services as xai_sdk, with the same reserved numbers.

Options that do not affect the encoding (languages, HTTP annotations) are not compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2

import xai_vision.proto
from tests.proto.filler import DEPENDENCIES, IN_SCOPE, module

pytestmark = pytest.mark.peer


def ranges(spans: Any, end_included: bool) -> list[int]:
    # The end of a range is included in enums and excluded in messages.
    return sorted(n for s in spans for n in range(s.start, s.end + end_included))


def enum(proto: descriptor_pb2.EnumDescriptorProto) -> dict[str, Any]:
    return {
        "values": [(v.name, v.number, v.options.deprecated) for v in proto.value],
        "reserved": ranges(proto.reserved_range, end_included=True),
        "reserved names": sorted(proto.reserved_name),
        "deprecated": proto.options.deprecated,
    }


def message(proto: descriptor_pb2.DescriptorProto) -> dict[str, Any]:
    oneofs = [oneof.name for oneof in proto.oneof_decl]
    return {
        "fields": {
            f.name: (
                f.number,
                descriptor_pb2.FieldDescriptorProto.Type.Name(f.type),
                descriptor_pb2.FieldDescriptorProto.Label.Name(f.label),
                f.type_name,
                oneofs[f.oneof_index] if f.HasField("oneof_index") else None,
                f.proto3_optional,
                f.options.deprecated,
                # Derived from the name unless it is set.
                f.json_name or json_name(f.name),
            )
            for f in proto.field
        },
        "oneofs": oneofs,
        "messages": {m.name: message(m) for m in proto.nested_type},
        "enums": {e.name: enum(e) for e in proto.enum_type},
        "reserved": ranges(proto.reserved_range, end_included=False),
        "reserved names": sorted(proto.reserved_name),
        "map entry": proto.options.map_entry,
        "deprecated": proto.options.deprecated,
    }


def json_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def file(descriptor: Any) -> dict[str, Any]:
    proto = descriptor_pb2.FileDescriptorProto()
    descriptor.CopyToProto(proto)
    return {
        "name": proto.name,
        "package": proto.package,
        "syntax": proto.syntax,
        "imports": sorted(proto.dependency),
        "messages": {m.name: message(m) for m in proto.message_type},
        "enums": {e.name: enum(e) for e in proto.enum_type},
        "services": {
            s.name: {
                m.name: (
                    m.input_type,
                    m.output_type,
                    m.client_streaming,
                    m.server_streaming,
                    m.options.deprecated,
                )
                for m in s.method
            }
            for s in proto.service
        },
    }


@pytest.mark.parametrize("name", IN_SCOPE)
def test_same_contract(name):
    import xai_sdk.proto

    theirs = getattr(xai_sdk.proto, f"{name}_pb2")
    assert file(module(name).DESCRIPTOR) == file(theirs.DESCRIPTOR)


def test_all_modules_are_compared():
    generated = {path.stem for path in Path(xai_vision.proto.__file__).parent.glob("*_pb2.py")}
    assert {f"{name}_pb2" for name in (*IN_SCOPE, *DEPENDENCIES)} == generated


def test_the_comparison_is_complete():
    chat = file(module("chat").DESCRIPTOR)
    request = chat["messages"]["GetCompletionsRequest"]
    assert request["reserved"] == [4]
    assert request["fields"]["temperature"][4:6] == ("_temperature", True)
    assert chat["enums"]["GuidelineCategory"]["reserved"] == [3, 4]
    assert ("ROLE_FUNCTION", 4, True) in chat["enums"]["MessageRole"]["values"]
    assert chat["services"]["Chat"]["GetCompletionChunk"][2:4] == (False, True)
    search = file(module("documents").DESCRIPTOR)["messages"]["SearchRequest"]
    assert search["fields"]["ranking_metric"][6] is True


def test_status_equals_that_of_google():
    # google.rpc.Status is in googleapis-common-protos, a dependency of xai_sdk.
    from google.rpc import status_pb2 as theirs

    ours = file(module("status").DESCRIPTOR)
    assert ours == file(theirs.DESCRIPTOR)
