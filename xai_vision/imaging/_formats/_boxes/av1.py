"""The sequence header of AV1, which has the colors of an AVIF whose container does not."""

from __future__ import annotations

from xai_vision.imaging._formats._boxes.bits import Bits

_SEQUENCE_HEADER, _TEMPORAL_DELIMITER = 1, 2
_MAX_UNITS = 16
_EXTENDED_LEVEL = 7  # levels above it have a tier
_CHOOSE = 2


def read_cicp(data: bytes) -> tuple[int, int] | None:
    """Return primaries and transfer function of the first sequence header.

    Args:
        data: The start of a series of OBUs (the units of AV1).

    Returns:
        Numbers of ITU-T H.273; None if the header is missing, damaged, or does not have them.
    """
    at = 0
    for _ in range(_MAX_UNITS):
        if at >= len(data):
            return None
        kind, has_extension, has_size = data[at] >> 3 & 15, data[at] >> 2 & 1, data[at] >> 1 & 1
        at += 1 + has_extension
        size = len(data) - at
        if has_size:
            size, at = _leb128(data, at)
        if kind == _SEQUENCE_HEADER:
            try:
                return _sequence_colors(Bits(data[at : at + size]))
            except EOFError:
                return None
        at += size
    return None


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of variable length, and the offset after it."""
    value = 0
    for index, byte in enumerate(data[at : at + 8]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    return len(data), at


def _sequence_colors(bits: Bits) -> tuple[int, int] | None:
    """Read a sequence header up to its colors (AV1 specification, 5.5.1)."""
    profile = bits.read(3)
    bits.read(1)  # still_picture
    if bits.read(1):  # reduced_still_picture_header
        bits.read(5)
        reduced = True
    else:
        reduced = False
        _skip_operating_points(bits)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    bits.read(width_bits + height_bits)
    if not reduced and bits.read(1):  # frame_id_numbers_present_flag
        bits.read(4 + 3)
    bits.read(3)  # 128x128 superblocks, filter intra, intra edge filter
    if not reduced:
        _skip_tools(bits)
    bits.read(3)  # superres, cdef, restoration
    return _color_config(bits, profile)


def _skip_operating_points(bits: Bits) -> None:
    has_decoder_model, delay_bits = 0, 0
    if bits.read(1):  # timing_info_present_flag
        bits.read(64)
        if bits.read(1):  # equal_picture_interval
            bits.read_golomb()
        has_decoder_model = bits.read(1)
        if has_decoder_model:
            delay_bits = bits.read(5) + 1
            bits.read(32 + 5 + 5)
    has_initial_delay = bits.read(1)
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        if bits.read(5) > _EXTENDED_LEVEL:
            bits.read(1)
        if has_decoder_model and bits.read(1):
            bits.read(2 * delay_bits + 1)
        if has_initial_delay and bits.read(1):
            bits.read(4)


def _skip_tools(bits: Bits) -> None:
    bits.read(4)  # interintra, masked compound, warped motion, dual filter
    if has_order_hint := bits.read(1):
        bits.read(2)
    force_screen_content = _CHOOSE if bits.read(1) else bits.read(1)
    if force_screen_content and not bits.read(1):
        bits.read(1)
    if has_order_hint:
        bits.read(3)


def _color_config(bits: Bits, profile: int) -> tuple[int, int] | None:
    high_bit_depth = bits.read(1)
    if profile == 2 and high_bit_depth:
        bits.read(1)  # twelve_bit
    if profile != 1:
        bits.read(1)  # mono_chrome
    if not bits.read(1):  # color_description_present_flag
        return None
    return bits.read(8), bits.read(8)
