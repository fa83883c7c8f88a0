"""Reading of numbers of bits from the headers of AV1 and HEVC."""

from __future__ import annotations

_MAX_BYTES = 1024  # headers are much shorter


class Bits:
    """Reads numbers of bits, the highest bit first."""

    def __init__(self, data: bytes) -> None:
        data = data[:_MAX_BYTES]
        self._number = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        """Read a number of ``count`` bits.

        Raises:
            EOFError: The data ends before.
        """
        self._left -= count
        if self._left < 0:
            raise EOFError
        return self._number >> self._left & ((1 << count) - 1)

    def read_golomb(self) -> int:
        """Read a number in Exp-Golomb code.

        Raises:
            EOFError: The data ends before, or the number has more than 32 bits.
        """
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise EOFError
        return (1 << zeros) - 1 + self.read(zeros)

    def skip_golomb(self, count: int) -> None:
        """Skip numbers in Exp-Golomb code; raises as `read_golomb`."""
        for _ in range(count):
            self.read_golomb()
