"""Names in place of the service's ids."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from xai_vision.testing._cassettes.identifiers import IdNames, IdSeed

UUIDS = st.uuids(version=4).map(str)


def test_a_name_tells_the_kind_and_is_the_same_in_each_use():
    names = IdNames()
    name = names.assign("file", "file_5f6c7d8e-1", IdSeed("seed"))
    assert name.startswith("file_")
    assert names.assign("file", "file_5f6c7d8e-1", IdSeed("other seed")) == name
    assert names.replace_id("file_5f6c7d8e-1") == name


@given(st.lists(UUIDS, min_size=1, max_size=5, unique=True), st.data())
def test_names_do_not_depend_on_the_ids(ids, data):
    others = data.draw(st.lists(UUIDS, min_size=len(ids), max_size=len(ids), unique=True))
    first, second = IdNames(), IdNames()
    one = [first.assign("response", value, IdSeed("seed")) for value in ids]
    other = [second.assign("response", value, IdSeed("seed")) for value in others]
    assert one == other
    assert len(set(one)) == len(ids)


@given(UUIDS, st.text(), st.text())
def test_a_long_id_is_replaced_wherever_it_is(value, before, after):
    names = IdNames()
    name = names.assign("response", value, IdSeed("seed"))
    assert names.replace_all({"a": [f"{before}{value}{after}"]}) == {
        "a": [f"{before}{name}{after}"]
    }


def test_two_encrypted_parts_that_a_client_joined_are_replaced():
    names = IdNames()
    one = names.assign("encrypted", "gAAAAB-part-1", IdSeed("seed"))
    other = names.assign("encrypted", "gAAAAB-part-2", IdSeed("seed"))
    assert names.replace_id("gAAAAB-part-1gAAAAB-part-2") == one + other


def test_a_short_id_is_only_replaced_in_its_field():
    names = IdNames()
    name = names.assign("call", "call_1", IdSeed("seed"))
    assert names.replace_id("call_1") == name
    assert names.replace_in("see call_1") == "see call_1"


def test_an_id_of_the_caller_stays():
    names = IdNames()
    names.note_request("invoice-0001")
    assert names.assign("item", "invoice-0001", IdSeed("seed")) == "invoice-0001"


def test_an_error_contains_no_id_and_no_account():
    names = IdNames()
    assert names.hide_account("The Smith Company") == "***"
    assert names.hide_account("") == ""
    team, response = str(uuid.uuid4()), str(uuid.uuid4())
    name = names.assign("response", response, IdSeed("seed"))
    text = names.replace_in_error(f"The Smith Company ({team}) has no {response}", IdSeed("seed"))
    assert team not in text
    assert text.startswith("*** (id_")
    assert text.endswith(f" has no {name}")
