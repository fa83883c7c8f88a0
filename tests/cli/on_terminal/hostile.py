"""Characters that must not reach a terminal, and messages full of them."""

from __future__ import annotations

import unicodedata

from google.protobuf.message import Message

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
BAD = "".join(chr(n) for n in range(0xA0) if unicodedata.category(chr(n)) == "Cc")
BAD = BAD.replace("\t", "").replace("\n", "") + BIDI

# A mark behind each tells it from the same character of the command's own escape sequences.
HOSTILE = "".join(f"{bad}~" for bad in BAD)
NAME = HOSTILE.replace("\0~", "") + "\n~\t~"


def leaked(text: str, *, lines: bool = False) -> list[str]:
    """Return the characters that are in the output of the command."""
    bad = BAD + ("\n\t" if lines else "")
    return [f"U+{ord(one):04X}" for one in bad if f"{one}~" in text]


def filled(message: Message, depth: int = 3) -> Message:
    """Set every string of a message, and of the messages in it, to hostile text."""
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof and message.WhichOneof(field.containing_oneof.name):
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            continue
        value = getattr(message, field.name)
        repeated = hasattr(value, "append") and not isinstance(value, (str, bytes))
        if (
            field.message_type
            and field.message_type.file.package == message.DESCRIPTOR.file.package
        ):
            if depth:
                filled(value.add() if repeated else value, depth - 1)
        elif field.type == field.TYPE_STRING:
            if repeated:
                value.append(HOSTILE)
            else:
                setattr(message, field.name, HOSTILE)
    return message
