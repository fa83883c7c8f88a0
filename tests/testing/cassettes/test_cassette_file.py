"""The file of a cassette: what is written, and the errors of files that are not cassettes."""

from __future__ import annotations

import json

import pytest

from xai_vision.testing._cassettes.cassette_file import CassetteContent, Interaction


def content(**changes):
    interaction = Interaction(
        "xai_api.Chat/GetCompletion",
        {"model": "grok-4.5", "messages": [{"content": [{"text": "What is it?"}]}]},
        [{"seconds": 0.5, "message": {"id": "response_1"}}],
        0.5,
    )
    for name, value in changes.items():
        setattr(interaction, name, value)
    return CassetteContent([interaction])


def test_a_file_is_read_as_it_was_written(tmp_path):
    written = content(error={"code": "UNAVAILABLE", "details": "busy"}, cancelled=True)
    written.images = {"ab" * 32: {"format": "PNG"}}
    written.interactions[0].request["image"] = {"image": "ab" * 32}
    path = tmp_path / "new" / "folder" / "a.json"
    written.save(path)
    assert CassetteContent.load(path) == written
    assert [item.name for item in path.parent.iterdir()] == ["a.json"], "no partial file remains"


def test_the_keys_are_sorted_and_the_text_is_readable():
    text = content(request={"model": "grok", "b": "größer 木", "a": 1}).to_text()
    values = json.loads(text)
    assert text == json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert '"größer 木"' in text


def test_images_without_a_reference_are_left_out():
    used, other = "a" * 64, "b" * 64
    written = content(request={"x": [{"image": used}]}, responses=[])
    written.images = {used: {"format": "PNG"}, other: {"format": "JPEG"}}
    assert json.loads(written.to_text())["images"] == {used: {"format": "PNG"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[]", "no 'interactions'"),
        ('{"interactions": [], "version": 2}', "its version is 2"),
        ('{"interactions": {}, "version": 1}', "'interactions' has a wrong type: dict"),
        ('{"interactions": [1], "version": 1}', "interaction 1: it must be an object"),
        ('{"interactions": [{}], "version": 1}', "interaction 1: 'method' is missing"),
        (
            '{"interactions": [{"method": "x", "request": {}, "responses": []}], "version": 1}',
            "'method' must be one such as 'xai_api.Chat/GetCompletion': 'x'",
        ),
        (
            '{"interactions": [{"method": "xai_api.A/B", "responses": []}], "version": 1}',
            "'request' is missing",
        ),
        (
            '{"interactions": [{"method": "xai_api.A/B", "request": {}, "responses": [{}]}],'
            ' "version": 1}',
            r"interaction 1: responses\[0\]: 'message' is missing",
        ),
        ('{"interactions": [], "images": {"a": 1}, "version": 1}', "images: 'a' must be an object"),
    ],
)
def test_a_file_that_is_not_a_cassette(tmp_path, text, words):
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=words) as raised:
        CassetteContent.load(path)
    assert str(path) in str(raised.value)


def test_a_file_that_is_not_text(tmp_path):
    path = tmp_path / "binary.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"binary.json cannot be used: it is not UTF-8"):
        CassetteContent.load(path)


def test_the_summary_of_a_call():
    assert content().interactions[0].summary() == "GetCompletion grok-4.5 'What is it?': OK"
    failed = content(error={"code": "NOT_FOUND", "details": ""}, request={}, responses=[])
    assert failed.interactions[0].summary() == "GetCompletion: NOT_FOUND"
