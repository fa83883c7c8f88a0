"""Fields of structured output that get the text and the codes of images."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.testing.default_reply.test_schema_example import schemas
from xai_vision.testing._eyes.image_text import Code, ImageText
from xai_vision.testing._service.default_reply.image_contents import contents_of
from xai_vision.testing._service.default_reply.schema_example import example

QR = Code("QR Code", "https://example.com")
EAN = Code("EAN-13", "4006381333931")
TEXTS = [ImageText(("Invoice 4711", "Total 12.50"), (EAN, QR)), None, ImageText(("Page 2",), ())]
STRING = {"type": "string"}
WHOLE = "Invoice 4711\nTotal 12.50\nPage 2"


def fill(schema, texts=TEXTS):
    """Return the example of a schema with contents, after a check that it is valid."""
    value = example(schema, contents_of(texts))
    jsonschema.Draft202012Validator(schema).validate(value)
    assert example(schema, contents_of(texts)) == value
    return value


def array(items, **more):
    return {"type": "array", "items": items, **more}


def obj(**properties):
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("name", "schema", "value"),
    [
        ("text", STRING, WHOLE),
        ("full_text", STRING, WHOLE),
        ("extractedText", STRING, WHOLE),
        ("Transcription", {"type": ["string", "null"]}, WHOLE),
        ("text", {"type": "string", "maxLength": 7}, "Invoice"),
        ("text", {"type": "string", "pattern": r"Total \d"}, WHOLE),
        ("text", {"type": "string", "pattern": "^x$"}, "x"),
        ("text", {"type": "string", "enum": ["a", "b"]}, "a"),
        ("text", {"type": "string", "format": "date"}, "2025-07-09"),
        ("text", {"type": "string", "minLength": 40}, "text" + 36 * "."),
        ("text", {"type": "integer"}, 1),
        ("text", array(STRING), WHOLE.split("\n")),
        ("lines", array(STRING), WHOLE.split("\n")),
        ("lines", array(STRING, maxItems=2), ["Invoice 4711", "Total 12.50"]),
        ("lines", array(STRING, minItems=4), [*WHOLE.split("\n"), "lines"]),
        ("lines", STRING, WHOLE),
        ("codes", array(STRING), [EAN.text, QR.text]),
        ("barcodes", STRING, f"{EAN.text}\n{QR.text}"),
        ("qr_codes", array(STRING), [QR.text]),
        ("code", STRING, EAN.text),
        ("qrCode", STRING, QR.text),
        ("barcode", {"type": "string", "pattern": r"^\d{13}$"}, EAN.text),
        (
            "codes",
            array(obj(format=STRING, value=STRING, page={"type": "integer"})),
            [
                {"format": "EAN-13", "value": EAN.text, "page": 1},
                {"format": "QR Code", "value": QR.text, "page": 1},
            ],
        ),
        (
            "pages",
            array(obj(text=STRING, codes=array(STRING))),
            [
                {"text": "Invoice 4711\nTotal 12.50", "codes": [EAN.text, QR.text]},
                {"text": "", "codes": []},
                {"text": "Page 2", "codes": []},
            ],
        ),
        ("result", obj(text=STRING), {"text": WHOLE}),
        ("title", STRING, "title"),
    ],
)
def test_fields(name, schema, value):
    assert fill(obj(**{name: schema})) == {name: value}


def test_unique_items():
    texts = [ImageText(("a", "b", "a"), ())]
    assert fill(obj(lines=array(STRING, uniqueItems=True)), texts) == {"lines": ["a", "b"]}
    schema = array(STRING, uniqueItems=True, minItems=4)
    assert len(fill(obj(lines=schema), texts)["lines"]) == 4


def test_images_without_text():
    texts = [ImageText((), ())]
    schema = obj(text=STRING, code=STRING, lines=array(STRING), codes=array(STRING))
    assert fill(schema, texts) == {"text": "", "code": "", "lines": [], "codes": []}
    assert fill(obj(codes=array(STRING, minItems=1)), texts) == {"codes": ["codes"]}


def test_the_text_of_many_images_is_cut():
    line = "0123456789" * 1000
    texts = [ImageText((line,) * 10, ()) for _ in range(20)]
    schema = obj(text=STRING, lines=array(STRING), pages=array(obj(text=STRING)))
    value = fill(schema, texts)
    assert len(value["text"]) == 100_000
    assert value["text"].startswith(line)
    assert sum(map(len, value["lines"])) <= 100_000
    assert [len(page["text"]) for page in value["pages"]] == [5000] * 20


NAMES = st.sampled_from(("text", "lines", "codes", "code", "pages", "images", "qrcodes", "value"))
IMAGE_TEXTS = st.builds(
    ImageText,
    st.lists(st.text(), max_size=4).map(tuple),
    st.lists(st.builds(Code, st.sampled_from(("QR Code", "EAN-13")), st.text()), max_size=3).map(
        tuple
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES, schemas, max_size=4), st.lists(st.none() | IMAGE_TEXTS, min_size=1))
def test_examples_with_contents_are_valid(properties, texts):
    fill({"type": "object", "properties": properties, "required": [*properties]}, texts)
