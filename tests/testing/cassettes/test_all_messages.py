"""Any response of any method survives a cassette, whatever fields it has."""

from __future__ import annotations

import json

import pytest
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xai_vision.testing._cassettes import fields
from xai_vision.testing._cassettes.encoding import Decoder, Encoder
from xai_vision.testing._cassettes.identifiers import IdNames, IdSeed
from xai_vision.testing._cassettes.image_table import ImageTable
from xai_vision.testing._service.methods import STREAM_METHODS, UNARY_METHODS, UPLOAD_METHODS

METHODS = [*UNARY_METHODS, *STREAM_METHODS, *UPLOAD_METHODS]
RESPONSES = {method.response.DESCRIPTOR.full_name: method.response for method in METHODS}
REQUESTS = {method.request.DESCRIPTOR.full_name: method.request for method in METHODS}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FLOAT_MAX = 3.4028234663852886e38
INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
}
# Their values have limits of their own.
WELL_KNOWN = "google.protobuf."


def is_replaced(field):
    """Return whether a cassette does not contain the value of a field itself."""
    name = field.full_name
    special = fields.SECRET_FIELDS | fields.IMAGE_FIELDS | fields.CONTENT_FIELDS
    return bool(
        fields.id_kind(name)
        or fields.is_account(name)
        or name in special
        or field.name in ("debug_output", "extra_headers")
    )


def fill(message, draw, depth=0):
    """Set some fields of a message."""
    for field in message.DESCRIPTOR.fields:
        if is_replaced(field) or not draw(st.booleans()):
            continue
        if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
            fill_message(message, field, draw, depth)
        elif is_repeated(field):
            getattr(message, field.name).extend(draw(st.lists(scalar(field), max_size=2)))
        else:
            setattr(message, field.name, draw(scalar(field)))
    return message


def fill_message(message, field, draw, depth):
    name = field.message_type.full_name
    if depth > 4 or field.message_type.GetOptions().map_entry:
        return
    value = getattr(message, field.name)
    if name.startswith(WELL_KNOWN):
        if name.endswith("Timestamp") and not is_repeated(field):
            value.seconds = draw(st.integers(0, 2**32))
            value.nanos = draw(st.integers(0, 999_999_999))
    elif is_repeated(field):
        for _ in range(draw(st.integers(0, 2))):
            fill(value.add(), draw, depth + 1)
    else:
        value.SetInParent()
        fill(value, draw, depth + 1)


def is_repeated(field):
    try:
        return field.is_repeated
    except AttributeError:  # before protobuf 6
        return field.label == FieldDescriptor.LABEL_REPEATED


def scalar(field):
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return st.binary(max_size=20) if field.type == FieldDescriptor.TYPE_BYTES else TEXT
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        return st.sampled_from([value.number for value in field.enum_type.values])
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return st.booleans()
    if field.cpp_type in INTEGERS:
        return INTEGERS[field.cpp_type]
    # protobuf's JSON rounds the largest float up, and then refuses to read it.
    return st.floats(allow_nan=False, width=32).filter(lambda value: abs(value) != FLOAT_MAX)


@pytest.mark.parametrize("name", RESPONSES)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_response_is_replayed_as_it_was(name, data):
    message = fill(RESPONSES[name](), data.draw)
    images = ImageTable()
    values = Encoder(images, IdNames()).response(message, IdSeed("seed"))
    text = json.dumps(values, sort_keys=True)
    assert Decoder(images).response(json.loads(text), RESPONSES[name]) == message


@pytest.mark.parametrize("name", REQUESTS)
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_request_is_encoded_in_the_same_way_each_time(name, data):
    message = fill(REQUESTS[name](), data.draw)
    first, second = (Encoder(ImageTable(), IdNames()).request([message]) for _ in range(2))
    assert first == second == json.loads(json.dumps(first))


def test_all_methods_are_found():
    assert len(RESPONSES) > 25
