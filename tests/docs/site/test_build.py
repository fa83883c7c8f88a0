"""The built site: titles, reference, and what is on each page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import xai_vision
from tests.docs.site.conftest import ROOT
from tests.docs.site.html_pages import article, ids, text, title
from xai_vision import chat, errors, testing

pytestmark = pytest.mark.slow

# What people search for -> the page with that title.
TITLES = {
    "quickstart": "Quick start",
    "images": "Images",
    "streams": "Streaming",
    "structured": "Structured output",
    "errors": "Errors",
    "retries": "Retries and retry policy",
    "logging": "Logging and debugging",
    "testing": "Testing",
    "files": "Files",
    "batches": "Batch",
    "cost": "Cost and rate limits",
    "security": "Security",
    "cli": "Command line",
    "moving": "Migration from xai_sdk",
    "openai": "Migration from OpenAI",
    "troubleshooting": "Troubleshooting",
    "architecture": "Architecture",
    "glossary": "Glossary",
    "changelog": "Changelog",
    "comparison": "Comparison",
}
# Names that programs import but do not need a description of their own.
NOT_IN_REFERENCE = {
    # aliases, under the names of xai_sdk
    *("BaseChat", "BaseClient", "Conversation", "ImageGenerationOutput", "SearchParameters"),
    # types of arguments, which signatures show
    *("ChatModel", "Content", "Guideline", "ImageContent", "ImageDetail", "IncludeOption"),
    *("Message", "ReasoningEffort", "ResponseFormat", "ServiceTier", "ToolMode"),
    *("AgentCountMap", "GuidelineBehaviorMap", "GuidelineCategoryMap", "IncludeOptionMap"),
    *("CompletionOutputChunk", "ProtoDecorator", "ServiceError", "__version__"),
    # modules of protos
    *("chat_pb2", "image_pb2", "sample_pb2", "usage_pb2"),
}


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("index.html"))


def reference(site: Path) -> list[Path]:
    found = sorted((site / "api").glob("*/index.html"))
    assert len(found) >= 14
    return found


def test_titles_are_the_words_that_people_search_for(site):
    found = {name: title(site / name / "index.html") for name in TITLES}
    assert found == TITLES


def test_guide_and_reference_can_be_told_apart(site):
    titles = {page: title(page) for page in pages(site)}
    assert len(set(titles.values())) == len(titles)
    for page, shown in titles.items():
        assert shown.startswith("API: ") == ("api" in page.relative_to(site).parts), shown


def test_reference_shows_public_names_only(site):
    for page in reference(site):
        shown = text(article(page))
        private = re.findall(r"(?<!\w)_[A-Za-z]\w*|\._[a-z]\w+", shown)
        assert private == [], page
        assert "Bases:" not in shown, page


def test_reference_has_the_public_names(site):
    documented = {name for page in reference(site) for name in ids(article(page))}
    # The errors of xai_vision are those of xai_vision.errors.
    public = {
        name: module for module in (xai_vision, chat, testing, errors) for name in module.__all__
    }
    missing = {
        name for name, module in public.items() if f"{module.__name__}.{name}" not in documented
    }
    assert missing == NOT_IN_REFERENCE


def test_both_chats_have_their_calls(site):
    documented = ids(article(site / "api" / "chat" / "index.html"))
    for name in ("sample", "stream", "ask", "parse", "defer", "append", "fork", "estimate"):
        assert {f"xai_vision.chat.Chat.{name}", f"xai_vision.chat.AsyncChat.{name}"} <= documented


def test_nobody_is_shown_a_constructor_that_only_the_package_calls(site):
    shown = text(article(site / "api" / "chat" / "index.html"))
    assert "Transport" not in shown


def test_examples_of_docstrings_are_code(site):
    examples = 0
    for page in reference(site):
        html = article(page)
        examples += html.count("Examples:")
        assert "<blockquote>" not in html, page
        assert re.search(r"<p>\s*::", html) is None, page
        assert "::\n" not in text(html), page
    assert examples >= 10


def test_long_signatures_are_folded(site):
    signatures = 0
    for page in reference(site):
        html = article(page)
        for code in re.findall(r"doc-signature.*?<code>(.*?)</code>", html, re.DOTALL):
            signatures += 1
            # A single type can be longer than the limit.
            assert max(map(len, text(code).splitlines()), default=0) <= 130, (page, text(code))
    assert signatures >= 300


def test_nothing_is_loaded_from_other_hosts(site):
    for page in pages(site):
        for tag in re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", page.read_text("utf-8")):
            loaded = re.search(r'(?:src|href)="(https?:)?//', tag)
            assert not loaded or 'rel="canonical"' in tag or 'rel="edit"' in tag, (page, tag)


def test_each_page_has_what_readers_look_for(site):
    ordered = [page for page in pages(site) if page.parent != site]
    for page in ordered:
        html = page.read_text("utf-8")
        assert f"xai_vision {xai_vision.__version__}" in text(html), page
        assert 'href="https://github.com/xai-vision/xai_vision"' in html, page
        assert "md-footer__link--prev" in html, page
        assert 'data-md-color-scheme="slate"' in html, page
    last = [page for page in ordered if "md-footer__link--next" not in page.read_text("utf-8")]
    assert [page.parent.name for page in last] == ["changelog"]


def test_a_broken_link_fails_the_build(tmp_path, monkeypatch):
    pytest.importorskip("zensical")
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import build_site

    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Home\n\n[a page](missing.md)\n")
    (tmp_path / "mkdocs.yml").write_text("site_name: x\nsite_dir: build/site\nstrict: true\n")
    monkeypatch.setattr(build_site, "ROOT", tmp_path)
    monkeypatch.setattr(build_site, "SOURCES", ("mkdocs.yml", "docs"))
    with pytest.raises(RuntimeError, match="page does not exist"):
        build_site.build(tmp_path / "site")
    (tmp_path / "docs" / "index.md").write_text("# Home\n")
    build_site.build(tmp_path / "site")
    assert "Home" in (tmp_path / "site" / "index.html").read_text()
