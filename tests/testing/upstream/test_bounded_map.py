from __future__ import annotations

from xai_vision.testing._upstream.bounded_map import MAX_ENTRIES, BoundedMap


def test_the_oldest_entries_are_dropped():
    entries: BoundedMap[int, str] = BoundedMap()
    for number in range(MAX_ENTRIES + 2):
        entries.put(number, str(number))
    assert [entries.get(number) for number in (0, 1)] == [None, None]
    assert entries.get(2) == "2"
    assert entries.get(MAX_ENTRIES + 1) == str(MAX_ENTRIES + 1)


def test_an_entry_is_removed_once():
    entries: BoundedMap[str, str] = BoundedMap()
    entries.put("a", "1")
    assert entries.pop("a") == "1"
    assert entries.pop("a") is None
    assert entries.get("a") is None
