"""Which recorded call answers a request, and what a miss says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tests.testing.cassettes.images import encode, scene
from tests.testing.grpc_calls import chat_message, image_part, request
from xai_vision.proto import chat_pb2, collections_pb2, files_pb2
from xai_vision.testing._cassettes.cassette_file import Interaction
from xai_vision.testing._cassettes.encoding import Encoder
from xai_vision.testing._cassettes.identifiers import IdNames
from xai_vision.testing._cassettes.image_table import ImageTable
from xai_vision.testing._cassettes.matching import Matcher
from xai_vision.testing._cassettes.request_form import request_form

CHAT = "xai_api.Chat/GetCompletion"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


class Tape:
    def __init__(self):
        self.images = ImageTable()
        self.encoder = Encoder(self.images, IdNames())
        self.matcher = Matcher(self.images)
        self.recorded = []

    def form(self, message, method=CHAT):
        values = json.loads(json.dumps(self.encoder.request([message])))
        return request_form(method, values), values

    def record(self, *messages, method=CHAT):
        for message in messages:
            form, values = self.form(message, method)
            self.recorded.append((form, Interaction(method, values)))
        return [interaction for _, interaction in self.recorded]

    def choose(self, message, method=CHAT):
        interaction = self.matcher.choose(self.form(message, method)[0], self.recorded)
        if interaction is not None:
            interaction.uses += 1
        return interaction

    def explain(self, message, method=CHAT):
        return self.matcher.explain(self.form(message, method)[0], self.recorded)


@given(st.lists(TEXTS, min_size=1, max_size=4), TEXTS)
def test_a_request_matches_itself_only(texts, other):
    tape = Tape()
    (interaction,) = tape.record(request(*texts))
    assert tape.choose(request(*texts)) is interaction
    assert (tape.choose(request(*texts[:-1], other)) is None) == (other != texts[-1])


@pytest.mark.parametrize(
    "message",
    [
        request("Hi", model="grok-3"),
        request("Hello"),
        request("Hi", "Hi"),
        request(chat_pb2.Content(text="Hi"), image_part("https://e.x/a.png")),
        request(messages=[chat_message("Hi", role=chat_pb2.ROLE_SYSTEM)]),
        request(messages=[chat_message("Hi"), chat_message("Hi")]),
        request("Hi", previous_response_id="response_1"),
        request("Hi", tools=[chat_pb2.Tool(code_execution=chat_pb2.CodeExecution())]),
        request("Hi", n=2),
        request(
            "Hi", response_format=chat_pb2.ResponseFormat(format_type="FORMAT_TYPE_JSON_OBJECT")
        ),
        request("Hi", tool_choice=chat_pb2.ToolChoice(mode="TOOL_MODE_NONE")),
    ],
    ids=lambda message: str(message)[:40].replace("\n", " "),
)
def test_what_decides(message):
    tape = Tape()
    tape.record(request("Hi"))
    assert tape.choose(message) is None
    assert "The nearest call is number 1 of 1:" in tape.explain(message)


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0.5},
        {"n": 1},
        {"tool_choice": chat_pb2.ToolChoice(mode="TOOL_MODE_AUTO")},
        {"user": "someone"},
        {"store_messages": True},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_what_does_not_decide(fields):
    tape = Tape()
    (interaction,) = tape.record(request("Hi"))
    assert tape.choose(request("Hi", **fields)) is interaction


def test_of_two_matching_calls_the_one_with_the_same_settings_is_chosen():
    tape = Tape()
    cold, warm = tape.record(request("Hi", temperature=0.0), request("Hi", temperature=1.0))
    assert [tape.choose(request("Hi", temperature=1.0)) for _ in range(2)] == [warm, warm]
    assert tape.choose(request("Hi", temperature=0.0)) is cold


def test_the_same_request_gets_the_recorded_answers_in_order_and_then_the_last():
    tape = Tape()
    first, _, second = tape.record(request("Hi"), request("Other"), request("Hi"))
    assert [tape.choose(request("Hi")) for _ in range(4)] == [first, second, second, second]


@pytest.mark.parametrize("key", ["image", "lines", "text", "sha256"])
def test_the_fields_of_a_document_are_compared_whatever_their_names(key):
    forms = [
        request_form(
            "collections.Collections/AddDocumentToCollection",
            Encoder(ImageTable(), IdNames()).request(
                [collections_pb2.AddDocumentToCollectionRequest(fields={key: "a", "page": page})]
            ),
        )
        for page in "12"
    ]
    assert forms[0].images == {}
    assert forms[0].values == {f"fields.{key}": "a", "fields.page": "1"}
    assert forms[0].values != forms[1].values


def function(parameters):
    return chat_pb2.Tool(function=chat_pb2.Function(name="f", parameters=parameters))


def test_the_spaces_and_the_order_of_a_schema_do_not_count():
    tape = Tape()
    (interaction,) = tape.record(
        request("Hi", tools=[function('{"type": "object", "a": [1, {}]}')])
    )
    assert (
        tape.choose(request("Hi", tools=[function('{"a":[1,{}],"type":"object"}')])) is interaction
    )
    assert tape.choose(request("Hi", tools=[function('{"a":[1],"type":"object"}')])) is None
    assert tape.choose(request("Hi", tools=[function("not JSON")])) is None


def test_what_clients_send_back_in_different_ways_does_not_count():
    def conversation(**fields):
        answer = chat_message(*fields.pop("texts", ()), role=chat_pb2.ROLE_ASSISTANT)
        call = answer.tool_calls.add(id="call-1", **fields)
        call.function.name, call.function.arguments = "f", fields.pop("arguments", '{"a": 1}')
        return request(messages=[chat_message("Hi"), answer])

    tape = Tape()
    (interaction,) = tape.record(conversation())
    other = conversation(texts=[""], type="TOOL_CALL_TYPE_CLIENT_SIDE_TOOL")
    other.messages[1].reasoning_content = "Hm"
    other.messages[1].tool_calls[0].function.arguments = '{"a":1}'
    assert tape.choose(other) is interaction


def test_the_detail_auto_is_the_default():
    tape = Tape()
    image = encode(scene())
    (interaction,) = tape.record(request(image_part(image, "auto")))
    without = request(image_part(image))
    without.messages[0].content[0].image_url.ClearField("detail")
    assert tape.choose(without) is interaction
    assert tape.choose(request(image_part(image, "high"))) is None


ENCODINGS = {
    "PNG": {},
    "JPEG": {"quality": 60},
    "JPEG progressive": {"quality": 80, "progressive": True},
    "JPEG 4:4:4": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 70},
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_another_encoding_of_an_image_is_the_same_image(name):
    tape = Tape()
    (interaction,) = tape.record(request("Read", image_part(encode(scene()))))
    data = encode(scene(), name.partition(" ")[0], **ENCODINGS[name])
    assert tape.choose(request("Read", image_part(data))) is interaction


def test_an_identical_image_comes_before_a_similar_one():
    tape = Tape()
    images = [encode(scene(), quality=quality) for quality in (60, 95)]
    calls = tape.record(*(request("Read", image_part(image)) for image in images))
    assert [tape.choose(request("Read", image_part(image))) for image in reversed(images)] == [
        calls[1],
        calls[0],
    ]


def test_pages_that_differ_in_a_digit_are_answered_in_their_order():
    def page(digit, quality):
        image = Image.new("RGB", (800, 1000), "white")
        draw = ImageDraw.Draw(image)
        for line in range(40, 960, 24):
            draw.text((40, line), f"Item {line} of the invoice: 12.3{digit} EUR " * 2, fill="black")
        return request("Read", image_part(encode(image, quality=quality)))

    tape = Tape()
    calls = tape.record(*(page(digit, 90) for digit in range(4)))
    assert [tape.choose(page(digit, 60)) for digit in range(4)] == calls


def test_another_image_does_not_match():
    tape = Tape()
    tape.record(request("Read", image_part(encode(scene()))))
    turned = request("Read", image_part(encode(scene().rotate(180))))
    assert tape.choose(turned) is None
    text = tape.explain(turned)
    assert "messages[0].content[1].image_url.image_url: recorded JPEG 96x96 " in text
    assert "at most 10)" in text


@pytest.mark.parametrize(
    ("size", "same"),
    [((200, 300), True), ((300, 200), True), ((100, 152), True), ((200, 200), False)],
)
def test_an_image_of_other_proportions_does_not_match(size, same):
    table = ImageTable()
    one, other = (
        table.add(encode(Image.new("RGB", sides, "teal"), "PNG")) for sides in ((200, 300), size)
    )
    distance = table.distance(one, other)
    assert (distance == 0.0) if same else (distance is None)


def test_images_that_cannot_be_decoded_match_by_their_bytes():
    tape = Tape()
    (interaction,) = tape.record(request(image_part(b"\xff\xd8\xff broken")))
    assert tape.choose(request(image_part(b"\xff\xd8\xff broken"))) is interaction
    assert tape.choose(request(image_part(b"\xff\xd8\xff other"))) is None


def test_a_miss_names_the_nearest_call_and_the_difference():
    tape = Tape()
    tape.record(
        request("Describe the weather in this image"),
        request("Read the total of the invoice"),
        request("Read the total of the invoices", model="grok-3"),
    )
    assert tape.explain(request("Read the total of the invoice!")) == (
        "The nearest call is number 2 of 3:\n"
        "  messages[0].content[0].text: recorded 'Read the total of the invoice', "
        "requested 'Read the total of the invoice!'"
    )


def test_a_difference_in_a_long_text_is_shown_where_it_begins():
    tape = Tape()
    tape.record(request("x" * 500 + "one" + "y" * 500))
    text = tape.explain(request("x" * 500 + "two" + "y" * 500))
    assert "recorded '…xxxxxxxxxxxxxxxxxxxxoneyyy" in text
    assert "requested '…xxxxxxxxxxxxxxxxxxxxtwoyyy" in text
    assert len(text) < 400


def test_a_miss_without_a_call_of_the_method():
    tape = Tape()
    tape.record(request("Hi"))
    method = "xai_api.Files/RetrieveFile"
    assert tape.explain(files_pb2.RetrieveFileRequest(file_id="a"), method) == (
        "It has no call of RetrieveFile."
    )


def test_many_differences_are_counted():
    tape = Tape()
    tape.record(request(*"abcdefghi"))
    assert "\n  and 3 more differences" in tape.explain(request(*"ABCDEFGHI"))
