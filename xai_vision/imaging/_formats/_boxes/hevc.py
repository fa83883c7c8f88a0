"""The sequence parameters of HEVC, which have the colors of a HEIC whose container does not."""

from __future__ import annotations

from xai_vision.imaging._formats._boxes.bits import Bits
from xai_vision.imaging._formats._boxes.boxes import Fields

_SEQUENCE_PARAMETERS = 33
_CONFIG_HEADER = 22  # bytes of hvcC before its arrays
_YUV444, _EXTENDED_RATIO = 3, 255
_MAX_SETS = 64


def read_hevc_cicp(config: bytes) -> tuple[int, int] | None:
    """Return primaries and transfer function of the sequence parameters.

    Args:
        config: The content of the box hvcC.

    Returns:
        Numbers of ITU-T H.273; None if they are missing or damaged.
    """
    fields = Fields(config[_CONFIG_HEADER:])
    try:
        for _ in range(fields.number(1)):
            kind = fields.number(1) & 0x3F
            for _ in range(fields.number(2)):
                size = fields.number(2)
                start = fields.position
                fields.skip(size)
                if kind == _SEQUENCE_PARAMETERS:
                    unit = fields.data[start : fields.position]
                    # A byte 3 is inserted where zeros could be taken for the start of a unit.
                    return _colors(Bits(unit[2:].replace(b"\0\0\3", b"\0\0")))
    except EOFError:
        pass
    return None


def _colors(bits: Bits) -> tuple[int, int] | None:
    """Read sequence parameters up to the colors (ITU-T H.265, 7.3.2.2 and E.2.1)."""
    bits.read(4)
    sub_layers = bits.read(3)
    bits.read(1)
    _skip_profile(bits, sub_layers)
    bits.skip_golomb(1)  # identifier
    if bits.read_golomb() == _YUV444:
        bits.read(1)
    bits.skip_golomb(2)  # width and height
    if bits.read(1):  # conformance window
        bits.skip_golomb(4)
    bits.skip_golomb(2)  # bit depths
    order_bits = bits.read_golomb() + 4
    bits.skip_golomb(3 * (sub_layers + 1 if bits.read(1) else 1))  # sizes of buffers
    bits.skip_golomb(6)  # sizes of blocks and transforms
    if bits.read(1) and bits.read(1):
        _skip_scaling_lists(bits)
    bits.read(2)
    if bits.read(1):  # PCM
        bits.read(8)
        bits.skip_golomb(2)
        bits.read(1)
    _skip_reference_sets(bits)
    if bits.read(1):  # long-term references
        for _ in range(bits.read_golomb()):
            bits.read(order_bits + 1)
    bits.read(2)
    return _usability(bits) if bits.read(1) else None


def _skip_profile(bits: Bits, sub_layers: int) -> None:
    bits.read(88 + 8)
    present = [bits.read(2) for _ in range(sub_layers)]
    if sub_layers:
        bits.read(2 * (8 - sub_layers))
    for flags in present:
        bits.read((88 if flags & 2 else 0) + (8 if flags & 1 else 0))


def _skip_scaling_lists(bits: Bits) -> None:
    for size in range(4):
        for _ in range(0, 6, 3 if size == 3 else 1):
            if not bits.read(1):  # predicted
                bits.skip_golomb(1)
            else:
                bits.skip_golomb(min(64, 1 << (4 + 2 * size)) + (size > 1))


def _skip_reference_sets(bits: Bits) -> None:
    pictures = 0
    for index in range(min(bits.read_golomb(), _MAX_SETS)):
        if index and bits.read(1):  # predicted from the one before
            bits.read(1)
            bits.skip_golomb(1)
            used = [bits.read(1) or 2 * bits.read(1) for _ in range(pictures + 1)]
            pictures = sum(map(bool, used))
            continue
        pictures = bits.read_golomb() + bits.read_golomb()
        for _ in range(pictures):
            bits.skip_golomb(1)
            bits.read(1)


def _usability(bits: Bits) -> tuple[int, int] | None:
    if bits.read(1) and bits.read(8) == _EXTENDED_RATIO:
        bits.read(32)
    if bits.read(1):  # overscan
        bits.read(1)
    if not bits.read(1):  # video_signal_type_present_flag
        return None
    bits.read(4)
    return (bits.read(8), bits.read(8)) if bits.read(1) else None
