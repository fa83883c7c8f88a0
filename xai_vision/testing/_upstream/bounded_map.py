"""A mapping that drops its oldest entries beyond a limit, for several threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final, Generic, TypeVar

MAX_ENTRIES: Final = 1_000

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class BoundedMap(Generic[KeyT, ValueT]):
    """The last ``MAX_ENTRIES`` entries that were put."""

    def __init__(self) -> None:
        self._entries: OrderedDict[KeyT, ValueT] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: KeyT, value: ValueT) -> None:
        """Add or replace an entry."""
        with self._lock:
            self._entries[key] = value
            while len(self._entries) > MAX_ENTRIES:
                self._entries.popitem(last=False)

    def get(self, key: KeyT) -> ValueT | None:
        """Return the value of a key; None without an entry."""
        with self._lock:
            return self._entries.get(key)

    def pop(self, key: KeyT) -> ValueT | None:
        """Remove the entry of a key, and return its value; None without an entry."""
        with self._lock:
            return self._entries.pop(key, None)
