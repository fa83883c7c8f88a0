"""A compact index of a ledger's lines."""

from __future__ import annotations

from xai_vision.bulk._ledger.keys import NO_STAMP

_BUCKETS = 4096
_HASH = 8
_ENTRY = 14


class LineIndex:
    """The offsets of lines by the 64-bit hashes in their keys, in 14 bytes a hash.

    A million lines take 45 MB, a tenth of a dict of ints. The entries are in buckets by the first
    bits of their hash. The search in a bucket and its growth are done by the interpreter's C code.
    """

    def __init__(self) -> None:
        self._buckets = [bytearray() for _ in range(_BUCKETS)]

    def add(self, key: bytes, offset: int) -> None:
        """Add the offset (below 2**48) of the line with a key of 40 bytes (see ``_keys``)."""
        buckets, end = self._buckets, offset.to_bytes(6, "big")
        stamp = key[24:32]
        # Content, row, stamp. Written out, because opening a ledger calls this for each line.
        buckets[key[0] << 4 | key[1] >> 4] += key[:8] + end
        buckets[key[16] << 4 | key[17] >> 4] += key[16:24] + end
        if stamp != NO_STAMP:
            buckets[stamp[0] << 4 | stamp[1] >> 4] += stamp + end

    def get(self, digest: bytes) -> int | None:
        """Return the offset of the first line with a hash of 8 bytes, or None."""
        bucket = self._buckets[digest[0] << 4 | digest[1] >> 4]
        position = bucket.find(digest)
        while position >= 0:
            if position % _ENTRY == 0:
                return int.from_bytes(bucket[position + _HASH : position + _ENTRY], "big")
            position = bucket.find(digest, position + 1)  # between two entries by chance
        return None

    def __contains__(self, digest: bytes) -> bool:
        return self.get(digest) is not None
