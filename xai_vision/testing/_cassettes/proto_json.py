"""Convert protos to JSON values and back, with a function for each string and each bytes field."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict, ParseDict

if TYPE_CHECKING:
    from google.protobuf.message import Message

    MessageT = TypeVar("MessageT", bound=Message)

Convert: TypeAlias = Callable[[FieldDescriptor, Any], Any]
"""Returns what takes the place of the value of a string or bytes field."""

_MESSAGE = FieldDescriptor.TYPE_MESSAGE
BYTES = FieldDescriptor.TYPE_BYTES


def to_json(message: Message, convert: Convert) -> dict[str, Any]:
    """Return a proto as JSON values.

    Args:
        message: The proto.
        convert: Replaces each str of a string field and each bytes of a bytes field.
    """

    def convert_value(field: FieldDescriptor, value: Any) -> Any:
        return convert(field, base64.b64decode(value) if field.type == BYTES else value)

    values: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    converted: dict[str, Any] = _map_message(message.DESCRIPTOR, values, convert_value)
    return converted


def from_json(values: dict[str, Any], message_type: type[MessageT], restore: Convert) -> MessageT:
    """Return the proto of JSON values. Fields that the proto does not have are ignored.

    Args:
        values: The values, as ``to_json`` returned them.
        message_type: The class of the proto.
        restore: Reverses ``convert``. It returns a str, also for bytes fields: their base64.

    Raises:
        google.protobuf.json_format.ParseError: The values do not fit the proto.
    """
    restored = _map_message(message_type.DESCRIPTOR, values, restore)
    return ParseDict(restored, message_type(), ignore_unknown_fields=True)


def _map_message(descriptor: Any, values: Any, convert: Convert) -> Any:
    # The JSON of some well-known types, such as Timestamp, is a string.
    if not isinstance(values, dict):
        return values
    fields = descriptor.fields_by_name
    return {
        name: _map_field(fields[name], value, convert) if name in fields else value
        for name, value in values.items()
    }


def _map_field(field: Any, value: Any, convert: Convert) -> Any:
    if isinstance(value, list):
        return [_map_item(field, item, convert) for item in value]
    if field.type == _MESSAGE and field.message_type.GetOptions().map_entry:
        entry = field.message_type.fields_by_name["value"]
        return {key: _map_item(entry, item, convert) for key, item in value.items()}
    return _map_item(field, value, convert)


def _map_item(field: Any, value: Any, convert: Convert) -> Any:
    if field.type == _MESSAGE:
        return _map_message(field.message_type, value, convert)
    if field.type in (FieldDescriptor.TYPE_STRING, BYTES):
        return convert(field, value)
    return value
