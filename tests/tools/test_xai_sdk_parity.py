"""The same calls of xai_sdk and xai_vision make the same messages."""

from __future__ import annotations

import inspect
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

import xai_vision.chat
import xai_vision.search
import xai_vision.tools
from xai_vision.chat._request.settings import make_settings
from xai_vision.chat._request.tools import coerce_tool
from xai_vision.proto import chat_pb2, documents_pb2

pytestmark = pytest.mark.peer

xai_sdk = pytest.importorskip("xai_sdk")
for name in ("chat", "proto", "search", "tools"):
    pytest.importorskip(f"xai_sdk.{name}")

tool = xai_sdk.chat.tool

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
texts = st.text(st.characters(exclude_categories=["Cs"]))
flags = st.booleans()
counts = st.integers(1, 2**31 - 1)
moments = st.datetimes(
    datetime(1, 1, 3),
    datetime(9999, 12, 29),
    timezones=st.none() | st.integers(-23, 23).map(lambda h: timezone(timedelta(hours=h))),
)


def utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=moment.tzinfo or timezone.utc)


periods = st.lists(st.none() | moments, min_size=2, max_size=2).map(
    lambda ends: ends if None in ends else sorted(ends, key=utc)
)


def some(strategy):
    return st.none() | strategy


def either(limit):
    """Two lists, one of which has entries."""
    lists = st.none() | st.lists(words, max_size=limit)
    return st.tuples(lists, lists).filter(lambda two: not (two[0] and two[1]))


def same(ours, theirs) -> None:
    assert ours.SerializeToString(deterministic=True) == theirs.SerializeToString(
        deterministic=True
    )


FUNCTIONS = [
    (getattr(ours, name), getattr(theirs, name))
    for ours, theirs, names in [
        (xai_vision.tools, xai_sdk.tools, xai_vision.tools.__all__),
        (xai_vision.search, xai_sdk.search, xai_vision.search.__all__),
        (xai_vision.chat, xai_sdk.chat, ["required_tool"]),
    ]
    for name in names
]


@pytest.mark.parametrize(("ours", "theirs"), FUNCTIONS, ids=lambda function: function.__name__)
def test_equal_signatures(ours, theirs):
    def shape(function):
        parameters = inspect.signature(function).parameters.values()
        return [(item.name, item.kind, item.default) for item in parameters]

    assert shape(ours) == shape(theirs)


def test_tool_has_the_parameters_of_xai_sdk():
    ours, theirs = (
        inspect.signature(function).parameters for function in (xai_vision.chat.tool, tool)
    )
    assert list(ours)[: len(theirs)] == list(theirs)


@given(either(5), flags, flags, some(words), some(texts), some(texts), some(texts))
def test_web_search(domains, understanding, search, country, city, region, zone):
    options = {
        "enable_image_understanding": understanding,
        "enable_image_search": search,
        "user_location_country": country,
        "user_location_city": city,
        "user_location_region": region,
        "user_location_timezone": zone,
    }
    same(
        xai_vision.tools.web_search(*domains, **options),
        xai_sdk.tools.web_search(*domains, **options),
    )


@given(periods, either(10), flags, flags)
def test_x_search(period, handles, images, videos):
    options = {"enable_image_understanding": images, "enable_video_understanding": videos}
    same(
        xai_vision.tools.x_search(*period, *handles, **options),
        xai_sdk.tools.x_search(*period, *handles, **options),
    )


@given(st.sampled_from([None, "auto", "generate", "edit"]))
def test_image_generation_and_code_execution(action):
    same(xai_vision.tools.image_generation(action), xai_sdk.tools.image_generation(action))
    same(xai_vision.tools.code_execution(), xai_sdk.tools.code_execution())


@given(
    st.lists(words, min_size=1),
    some(counts),
    some(texts),
    st.sampled_from([None, "hybrid", "semantic", "keyword"]),
)
def test_collections_search(ids, limit, instructions, mode):
    options = {"instructions": instructions, "retrieval_mode": mode}
    same(
        xai_vision.tools.collections_search(ids, limit, **options),
        xai_sdk.tools.collections_search(ids, limit, **options),
    )


@given(some(counts))
def test_retrieval_settings_of_xai_sdk(multiplier):
    theirs = xai_sdk.proto.documents_pb2.HybridRetrieval(search_multiplier=multiplier)
    ours = documents_pb2.HybridRetrieval(search_multiplier=multiplier)
    built = xai_sdk.tools.collections_search(["a"], retrieval_mode=theirs)
    same(xai_vision.tools.collections_search(["a"], retrieval_mode=theirs), built)
    same(xai_vision.tools.collections_search(["a"], retrieval_mode=ours), built)


@given(
    st.lists(words, max_size=3).map("/".join),
    st.tuples(
        some(texts),
        some(texts),
        some(st.lists(words)),
        some(texts),
        some(st.dictionaries(words, texts)),
    ),
)
def test_mcp(path, options):
    url = f"https://example.com/{path}"
    same(xai_vision.tools.mcp(url, *options), xai_sdk.tools.mcp(url, *options))


def test_get_tool_call_type():
    for number in chat_pb2.ToolCallType.values():
        theirs = xai_sdk.proto.chat_pb2.ToolCall(type=number)
        expected = xai_sdk.tools.get_tool_call_type(theirs)
        assert xai_vision.tools.get_tool_call_type(chat_pb2.ToolCall(type=number)) == expected
        assert xai_vision.tools.get_tool_call_type(theirs) == expected


def a_source():
    """A function that makes a source with the module of either package."""
    return st.one_of(
        st.builds(
            lambda country, lists, safe: (
                lambda module: module.web_source(country, *lists, safe_search=safe)
            ),
            some(texts),
            either(5),
            flags,
        ),
        st.builds(
            lambda country, sites, safe: (
                lambda module: module.news_source(country, sites, safe_search=safe)
            ),
            some(texts),
            some(st.lists(words, max_size=5)),
            flags,
        ),
        st.builds(
            lambda handles, likes, views: lambda module: module.x_source(*handles, likes, views),
            either(10),
            some(st.integers(0, 2**31 - 1)),
            some(st.integers(0, 2**31 - 1)),
        ),
        st.builds(
            lambda links: lambda module: module.rss_source(links), st.lists(words, min_size=1)
        ),
    )


@given(
    some(st.lists(a_source(), max_size=3)),
    st.sampled_from(["auto", "on", "off"]),
    periods,
    flags,
    some(counts),
)
def test_search_parameters(sources, mode, period, citations, limit):
    def build(module):
        created = None if sources is None else [make(module) for make in sources]
        return module.SearchParameters(created, mode, *period, citations, limit)

    theirs = build(xai_sdk.search)
    same(build(xai_vision.search)._to_proto(), theirs._to_proto())
    # xai_sdk's parameters and sources are accepted unchanged.
    settings = make_settings("grok-4", {"search_parameters": theirs})
    same(settings.search_parameters, theirs._to_proto())
    ours = xai_vision.search.SearchParameters(theirs.sources, mode, *period, citations, limit)
    same(ours._to_proto(), theirs._to_proto())


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(words, texts, st.dictionaries(texts, json_values, max_size=4))
def test_tool(name, description, schema):
    same(xai_vision.chat.tool(name, description, schema), tool(name, description, schema))
    theirs = tool(name=name, description=description, parameters=schema)
    same(coerce_tool("tools[0]", theirs), theirs)


@given(words)
def test_required_tool(name):
    same(xai_vision.chat.required_tool(name), xai_sdk.chat.required_tool(name))
