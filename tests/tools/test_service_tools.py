"""The tools that the service runs: their messages, and the validation of arguments."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from enum import Enum

import pytest
from google.protobuf import timestamp_pb2 as default_timestamp_pb2

from xai_vision import tools
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2, documents_pb2, timestamp_pb2
from xai_vision.tools import (
    code_execution,
    collections_search,
    get_tool_call_type,
    image_generation,
    mcp,
    web_search,
    x_search,
)


def test_public_names():
    assert sorted(tools.__all__) == tools.__all__
    assert all(getattr(tools, name).__module__ == tools.__name__ for name in tools.__all__)


def test_booleans_are_sent_explicitly():
    search = web_search().web_search
    assert search.HasField("enable_image_understanding")
    assert not search.enable_image_understanding
    assert not search.HasField("user_location")
    assert web_search(enable_image_understanding=True).web_search.enable_image_understanding
    # None leaves the decision to the service.
    unset = web_search(enable_image_search=None).web_search
    assert not unset.HasField("enable_image_search")


def test_partial_location():
    location = web_search(user_location_city="Köln").web_search.user_location
    assert location == chat_pb2.WebSearchUserLocation(city="Köln")


@pytest.mark.parametrize("values", [["a.com", "b.com"], ("a.com", "b.com"), {"b.com", "a.com"}])
def test_kinds_of_lists(values):
    assert list(web_search(allowed_domains=values).web_search.allowed_domains) == ["a.com", "b.com"]


NOON = datetime(2025, 10, 1, 12, 0, 0, 5000, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NOON, NOON),
        (NOON.replace(tzinfo=None), NOON),
        (NOON.astimezone(timezone(timedelta(hours=-7))), NOON),
        (date(2025, 10, 1), NOON.replace(hour=0, microsecond=0)),
        ("2025-10-01", NOON.replace(hour=0, microsecond=0)),
        ("2025-10-01T12:00:00.005Z", NOON),
        ("2025-10-01T14:00:00.005+02:00", NOON),
        (timestamp_pb2.Timestamp(seconds=int(NOON.timestamp()), nanos=5_000_000), NOON),
        (default_timestamp_pb2.Timestamp(seconds=int(NOON.timestamp()), nanos=5_000_000), NOON),
    ],
)
def test_kinds_of_dates(value, expected):
    search = x_search(from_date=value, to_date=value).x_search
    assert search.from_date.ToDatetime(timezone.utc) == expected
    assert search.to_date == search.from_date


@pytest.mark.parametrize("action", ["auto", "generate", "edit"])
def test_image_generation(action):
    assert image_generation(action).image_generation.action == action
    assert not image_generation().image_generation.HasField("action")


class Word(str, Enum):
    EDIT = "edit"
    HYBRID = "hybrid"


def test_members_of_a_str_enum():
    assert image_generation(Word.EDIT) == image_generation("edit")
    assert collections_search(["a"], retrieval_mode=Word.HYBRID) == collections_search(
        ["a"], retrieval_mode="hybrid"
    )


def test_code_execution():
    assert code_execution().WhichOneof("tool") == "code_execution"


def test_retrieval_settings_as_messages():
    theirs = documents_pb2.HybridRetrieval(search_multiplier=3)
    created = collections_search(["a"], retrieval_mode=theirs).collections_search
    assert created.hybrid_retrieval.search_multiplier == 3
    word = collections_search(["a"], retrieval_mode="keyword").collections_search
    assert word.WhichOneof("retrieval_mode") == "keyword_retrieval"


def test_mcp():
    created = mcp("https://mcp.example.com", "ex", "does", ["a"], "Bearer x", {"k": "v"}).mcp
    assert (created.server_label, created.authorization) == ("ex", "Bearer x")
    assert dict(created.extra_headers) == {"k": "v"}
    assert mcp("HTTP://host/mcp").mcp.server_url == "HTTP://host/mcp"
    assert not mcp("https://a.b").mcp.HasField("authorization")


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL, "client_side_tool"),
        (chat_pb2.TOOL_CALL_TYPE_WEB_SEARCH_TOOL, "web_search_tool"),
        (chat_pb2.TOOL_CALL_TYPE_INVALID, "invalid"),
        (77, "unknown"),
    ],
)
def test_get_tool_call_type(number, name):
    assert get_tool_call_type(chat_pb2.ToolCall(type=number)) == name


DOMAINS = [f"{letter}.com" for letter in "abcdef"]
HANDLES = [f"a{number}" for number in range(21)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: web_search(["a.com"], ["b.com"]),
            "web_search: pass excluded_domains or allowed_domains, not both",
        ),
        (
            lambda: web_search(DOMAINS),
            "excluded_domains has 6 entries; the service accepts at most 5",
        ),
        (
            lambda: web_search(allowed_domains=DOMAINS),
            "allowed_domains has 6 entries; the service accepts at most 5",
        ),
        (
            lambda: web_search(allowed_domains="a.com"),
            r"allowed_domains must be a list of strings, .* Pass \['a\.com'\]",
        ),
        (lambda: web_search(b"a.com"), "excluded_domains must be a list of strings"),
        (lambda: web_search(allowed_domains=3), "allowed_domains must be a list of strings, not 3"),
        (lambda: web_search(allowed_domains={"a": 1}), "allowed_domains must be a list of strings"),
        (
            lambda: web_search(["a.com", None]),
            r"excluded_domains\[1\] must be a string, not NoneType",
        ),
        (lambda: web_search(["a.com", " "]), r"excluded_domains\[1\] is empty"),
        (lambda: web_search(["\ud800"]), r"excluded_domains\[0\] contains a lone surrogate"),
        (
            lambda: web_search(enable_image_understanding="yes"),
            "enable_image_understanding must be True or False, not 'yes'",
        ),
        (
            lambda: web_search(user_location_city=7),
            "web_search: user_location_city must be a string, not int",
        ),
        (
            lambda: x_search(allowed_x_handles=["a"], excluded_x_handles=["b"]),
            "x_search: pass allowed_x_handles or excluded_x_handles, not both",
        ),
        (
            lambda: x_search(allowed_x_handles=HANDLES),
            "allowed_x_handles has 21 entries; the service accepts at most 20",
        ),
        (lambda: x_search(excluded_x_handles=HANDLES), "excluded_x_handles has 21 entries"),
        (
            lambda: x_search(excluded_x_handles="NASA"),
            r"excluded_x_handles must be a list of strings, .*'NASA'",
        ),
        (
            lambda: x_search(date(2025, 2, 1), date(2025, 1, 31)),
            r"x_search: from_date \(2025-02-01T00:00:00Z\) is after to_date \(2025-01-31",
        ),
        (
            lambda: x_search(NOON, NOON - timedelta(microseconds=1)),
            "is after to_date",
        ),
        (lambda: x_search(from_date=3), "x_search: from_date must be a datetime or date, not 3"),
        (lambda: x_search(to_date="today"), "to_date must be in ISO 8601 form .*'today'"),
        (
            lambda: x_search(to_date=chat_pb2.Message()),
            "x_search: to_date must be a datetime or date",
        ),
        (
            lambda: x_search(datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))),
            "from_date is not a valid timestamp",
        ),
        (
            lambda: x_search(timestamp_pb2.Timestamp(seconds=2**60)),
            "x_search: from_date is not a valid timestamp",
        ),
        (lambda: x_search(enable_video_understanding=1), "enable_video_understanding must be True"),
        (
            lambda: image_generation("draw"),
            "action must be one of 'auto', 'generate', 'edit', not 'draw'",
        ),
        (lambda: image_generation(["edit"]), "action must be one of"),
        (lambda: collections_search([]), "collection_ids is empty. Pass at least one"),
        (lambda: collections_search(None), "collection_ids is empty"),
        (
            lambda: collections_search("c1"),
            r"collection_ids must be a list of strings, .* Pass \['c1'\]",
        ),
        (
            lambda: collections_search(["a"], 0),
            "limit must be an integer from 1 to 2147483647, not 0",
        ),
        (lambda: collections_search(["a"], 2**31), "limit must be an integer from 1"),
        (lambda: collections_search(["a"], True), "limit must be an integer, not True"),
        (lambda: collections_search(["a"], 1.5), "limit must be an integer, not 1.5"),
        (
            lambda: collections_search(["a"], retrieval_mode="magic"),
            "retrieval_mode must be one of 'hybrid', 'semantic', 'keyword', not 'magic'",
        ),
        (
            lambda: collections_search(["a"], retrieval_mode=documents_pb2.HybridRetrieval),
            "retrieval_mode must be one of",
        ),
        (lambda: mcp(""), "mcp: server_url is empty"),
        (
            lambda: mcp("mcp.example.com"),
            r"server_url must be an http\(s\) URL, not 'mcp\.example\.com'",
        ),
        (lambda: mcp("ftp://example.com"), "server_url must be an http"),
        (lambda: mcp("https:///"), "server_url must be an http"),
        (lambda: mcp(None), "mcp: server_url must be a string, not NoneType"),
        (
            lambda: mcp("https://a.b", allowed_tool_names="x"),
            "allowed_tool_names must be a list of strings",
        ),
        (lambda: mcp("https://a.b", extra_headers=[("k", "v")]), "extra_headers must be a dict"),
        (
            lambda: mcp("https://a.b", extra_headers={"k": 1}),
            r"extra_headers\['k'\] must be a string",
        ),
        (lambda: mcp("https://a.b", extra_headers={"": "v"}), "a key of extra_headers is empty"),
    ],
)
def test_invalid_arguments(make, message):
    with pytest.raises(InvalidRequestError, match=message):
        make()


def test_errors_do_not_contain_secrets():
    with pytest.raises(InvalidRequestError) as caught:
        mcp("https://a.b", authorization=b"Bearer hush")
    assert "hush" not in str(caught.value)
