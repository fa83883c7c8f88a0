"""The older form of live search: SearchParameters and its sources."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from datetime import date, datetime, timezone

import pytest
from google.protobuf import timestamp_pb2 as default_timestamp_pb2

from xai_vision.chat._request.settings import make_settings
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2
from xai_vision.search import (
    SearchParameters,
    news_source,
    rss_source,
    web_source,
    x_source,
)


def test_defaults():
    assert SearchParameters()._to_proto() == chat_pb2.SearchParameters(
        mode=chat_pb2.AUTO_SEARCH_MODE, return_citations=True
    )


def test_all_parameters():
    search = SearchParameters(
        [web_source("US", ["a.com"], safe_search=False), x_source(["NASA"], None, 1, 2)],
        "on",
        date(2025, 1, 1),
        default_timestamp_pb2.Timestamp(seconds=1_800_000_000),
        False,
        5,
    )
    proto = make_settings("grok-4", {"search_parameters": search}).search_parameters
    assert [source.WhichOneof("source") for source in proto.sources] == ["web", "x"]
    assert proto.mode == chat_pb2.ON_SEARCH_MODE
    assert proto.from_date.ToDatetime(timezone.utc) == datetime(2025, 1, 1, tzinfo=timezone.utc)
    assert proto.to_date.seconds == 1_800_000_000
    assert proto.HasField("max_search_results")
    assert not proto.return_citations


def test_search_parameters_can_be_copied_and_pickled():
    search = SearchParameters([news_source("DE")], mode="off")
    assert search == copy.deepcopy(search) == pickle.loads(pickle.dumps(search))
    assert dataclasses.replace(search, mode="on").mode == "on"


def test_search_parameters_are_checked_on_use():
    search = SearchParameters()
    search.mode = "sometimes"
    with pytest.raises(InvalidRequestError, match=r"search_parameters: mode .*'sometimes'"):
        make_settings("grok-4", {"search_parameters": search})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: SearchParameters(mode="maybe"),
            "mode must be one of 'auto', 'on', 'off', not 'maybe'",
        ),
        (
            lambda: SearchParameters(from_date=date(2025, 2, 1), to_date=date(2025, 1, 1)),
            "search_parameters: from_date .* is after to_date",
        ),
        (lambda: SearchParameters(to_date="soon"), "to_date must be in ISO 8601 form"),
        (lambda: SearchParameters(return_citations=None), "return_citations must be True or False"),
        (
            lambda: SearchParameters(max_search_results=0),
            "max_search_results must be an integer from 1",
        ),
        (lambda: SearchParameters(web_source()), r"sources must be a list, such as \[web_source"),
        (lambda: SearchParameters("web"), "sources must be a list"),
        (lambda: SearchParameters(["web"]), r"sources must contain what web_source\(\)"),
        (lambda: web_source(excluded_websites=["a"], allowed_websites=["b"]), "web_source: pass"),
        (
            lambda: web_source(excluded_websites=["a"] * 6),
            "excluded_websites has 6 .* accepts at most 5",
        ),
        (
            lambda: web_source(allowed_websites="a.com"),
            r"allowed_websites must be a list of strings, .*'a\.com'",
        ),
        (lambda: web_source(safe_search=None), "web_source: safe_search must be True or False"),
        (lambda: web_source(country=1), "web_source: country must be a string"),
        (
            lambda: news_source(excluded_websites=["a"] * 6),
            "excluded_websites has 6 .* accepts at most 5",
        ),
        (lambda: news_source(safe_search="yes"), "news_source: safe_search must be True or False"),
        (lambda: x_source(["a"], ["b"]), "x_source: pass included_x_handles or excluded_x_handles"),
        (
            lambda: x_source(["a"] * 21),
            "included_x_handles has 21 entries; the service accepts at most 20",
        ),
        (lambda: x_source(post_view_count=-1), "post_view_count must be an integer from 0"),
        (lambda: x_source(post_favorite_count="9"), "post_favorite_count must be an integer"),
        (lambda: rss_source([]), "rss_source: links is empty"),
        (
            lambda: rss_source("https://a.b/feed"),
            r"links must be a list of strings, .* Pass \['https://a\.b/feed'\]",
        ),
    ],
)
def test_invalid_arguments(make, message):
    with pytest.raises(InvalidRequestError, match=message):
        make()
