"""The blocks of servers and tenants: their end closes, then verifies."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self


class VerifyingBlock(ABC):
    """A context manager and async context manager that closes and verifies at the end.

    If an exception leaves the block, the problems become notes of the exception, because an
    unused rule may have caused it but must not replace it.
    """

    @abstractmethod
    def close(self) -> None:
        """End the use of the object."""

    @abstractmethod
    def verify(self) -> None:
        """Raise an AssertionError if there are problems."""

    @abstractmethod
    def problems(self) -> list[str]:
        """Return the problems that ``verify()`` would report."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, exc_type: object, error: BaseException | None, traceback: object) -> None:
        __tracebackhide__ = True
        self.close()
        self._end(error)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, exc_type: object, error: BaseException | None, traceback: object
    ) -> None:
        __tracebackhide__ = True
        # close() waits for the threads of the transport, so it must not block the event loop.
        await asyncio.to_thread(self.close)
        self._end(error)

    def _end(self, error: BaseException | None) -> None:
        __tracebackhide__ = True
        if error is None:
            self.verify()
        elif isinstance(error, Exception) and hasattr(error, "add_note"):  # Python 3.11
            for problem in self.problems():
                error.add_note(f"fake server: {problem}")  # pyright: ignore[reportAttributeAccessIssue]
