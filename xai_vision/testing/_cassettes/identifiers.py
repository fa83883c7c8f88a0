"""Names that take the place of the service's ids, the same in each recording."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# A shorter id may be a word of a text. It is only replaced where a field contains an id.
_MIN_LENGTH: Final = 8
_UUID: Final = re.compile(
    r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
)
_ACCOUNT: Final = "***"
_NEVER: Final = r"(?!)"


@dataclass(frozen=True)
class IdSeed:
    """What the names of the ids of a response are made from.

    Attributes:
        text: Depends on the request without its images.
        request: The key of the request, which includes its images.
    """

    text: str
    request: str = ""


class IdNames:
    """The names of the ids of one session.

    A name depends on the request whose response had the id first: a recording of the same
    requests has the same names, in whatever order concurrent calls end.

    Args:
        owners: The names that the cassette already has, each with the key of its request. Only
            another recording of that request can get the name.
    """

    def __init__(self, owners: Mapping[str, str] | None = None) -> None:
        self._owners = owners or {}
        self._names: dict[str, str] = {}
        self._callers: set[str] = set()
        self._accounts: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._pattern: re.Pattern[str] | None = None

    def is_known(self, value: str) -> bool:
        """Return whether the service made an id in this session."""
        return value in self._names

    def note_request(self, value: str) -> None:
        """Note an id in a request: unless the service made it, it is the caller's and stays."""
        if value not in self._names:
            self._callers.add(value)

    def assign(self, kind: str, value: str, seed: IdSeed) -> str:
        """Return the name of an id in a response; the first use makes it.

        Args:
            kind: What it is an id of, with which the name begins.
            value: The service's id.
            seed: What the name is made from.
        """
        if not value or value in self._callers:
            return value
        if value not in self._names:
            name = self._next_name(kind, seed)
            while self._owners.get(name, seed.request) != seed.request:
                name = self._next_name(kind, seed)
            self._names[value] = name
            self._pattern = None
        return self._names[value]

    def _next_name(self, kind: str, seed: IdSeed) -> str:
        key = f"{seed.text} {kind}"
        digest = hashlib.sha256(f"{key} {self._counts[key]}".encode()).hexdigest()
        self._counts[key] += 1
        return f"{kind}_{digest[:12]}"

    def hide_account(self, value: str) -> str:
        """Return what takes the place of the name of an account, also in later errors."""
        if len(value) >= _MIN_LENGTH:
            self._accounts.add(value)
        return _ACCOUNT if value else value

    def replace_id(self, value: str) -> str:
        """Return the name of an id in a field with ids."""
        return self._names.get(value) or self.replace_in(value)

    def replace_in(self, text: str) -> str:
        """Replace the ids in a text."""
        if self._pattern is None:
            ids = sorted(filter(_is_long, self._names), key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, ids)) or _NEVER)
        return self._pattern.sub(lambda found: self._names[found[0]], text)

    def replace_in_error(self, text: str, seed: IdSeed) -> str:
        """Replace ids and names of accounts in the text of an error."""
        text = self.replace_in(text)
        for name in sorted(self._accounts, key=len, reverse=True):
            text = text.replace(name, _ACCOUNT)
        return _UUID.sub(lambda found: self.assign("id", found[0], seed), text)

    def replace_all(self, value: Any) -> Any:
        """Replace the ids in all strings of JSON values."""
        if isinstance(value, str):
            return self.replace_in(value)
        if isinstance(value, list):
            return [self.replace_all(item) for item in value]
        if isinstance(value, dict):
            return {key: self.replace_all(item) for key, item in value.items()}
        return value


def _is_long(value: str) -> bool:
    return len(value) >= _MIN_LENGTH
