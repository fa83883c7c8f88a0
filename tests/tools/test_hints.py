"""JSON schemas of annotations: compared with Pydantic's, and checked against values."""

from __future__ import annotations

import json
import sys
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypedDict, Union

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import NotRequired, Required, TypeAliasType
from typing_extensions import TypedDict as ExtendedTypedDict

from tests.ids import readable
from xai_vision.chat._request.json_schema import Writer
from xai_vision.chat._request.schema_sources import of_class, of_function
from xai_vision.errors import InvalidRequestError


def schema(annotation):
    writer = Writer("f")
    return writer.finish(writer.schema(annotation, "parameter 'x'"))


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


UserId = NewType("UserId", int)
Names = TypeAliasType("Names", list[str])

SAME_AS_PYDANTIC = [
    str,
    int,
    float,
    bool,
    None,
    Any,
    list,
    list[int],
    typing.List,  # noqa: UP006
    typing.List[str],  # noqa: UP006
    Sequence[bool],
    Iterable[str],
    set[str],
    frozenset[int],
    tuple[int, ...],
    tuple[int, str],
    dict[str, float],
    typing.Dict[str, list[int]],  # noqa: UP006
    Mapping[str, int],
    Literal["a", "b"],
    Literal[1, 2],
    Optional[str],  # noqa: UP045
    int | str,
    Union[int, list[str], None],  # noqa: UP007
    UserId,
    Annotated[int, pydantic.Field(ge=1, lt=5)],
    Annotated[str, pydantic.Field(min_length=1, max_length=9, pattern="^a")],
    Annotated[list[int], pydantic.Field(min_length=2)],
    Annotated[float, pydantic.Field(multiple_of=0.5, description="Half of them")],
    list[Annotated[int, pydantic.Field(gt=0)]],
]


@pytest.mark.parametrize("annotation", SAME_AS_PYDANTIC, ids=readable)
def test_as_pydantic_says_it(annotation):
    assert schema(annotation) == pydantic.TypeAdapter(annotation).json_schema()


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (object, {}),
        (dict, {"type": "object"}),
        (set, {"type": "array", "items": {}, "uniqueItems": True}),
        (Names, {"type": "array", "items": {"type": "string"}}),
        (Colour, {"type": "string", "enum": ["red", "blue"]}),
        (Level, {"type": "integer", "enum": [1, 2]}),
        (Literal[Colour.RED, None], {"type": ["string", "null"], "enum": ["red", None]}),
        (Literal["a", 1, True], {"type": ["string", "integer", "boolean"], "enum": ["a", 1, True]}),
        (Annotated[str, "Its name", "not this"], {"type": "string", "description": "Its name"}),
        (
            dict[Colour, int],
            {"type": "object", "additionalProperties": {"type": "integer"}},
        ),
    ],
    ids=readable,
)
def test_in_our_words(annotation, expected):
    assert schema(annotation) == expected


@dataclass
class Point:
    x: int
    y: Annotated[int, "Downwards"] = 0
    tags: list[str] = field(default_factory=list)
    seen: datetime | None = field(default=None, init=False)
    colour: Colour = Colour.RED


def closed(required, **properties):
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


POINT = closed(
    ["x"],
    x={"type": "integer"},
    y={"type": "integer", "description": "Downwards", "default": 0},
    tags={"type": "array", "items": {"type": "string"}, "default": []},
    colour={"type": "string", "enum": ["red", "blue"], "default": "red"},
)


class Base(TypedDict):
    name: str


class Film(Base, total=False):
    year: int


class Marked(ExtendedTypedDict, total=False):
    name: Required[str]
    year: NotRequired[Annotated[int, "Of release"]]


def test_dataclasses_and_typed_dicts():
    assert of_class("f", Point) == schema(Point) == POINT
    assert schema(list[Point])["items"] == POINT
    assert schema(Film) == closed(["name"], name={"type": "string"}, year={"type": "integer"})


def test_marked_fields():
    made = schema(Marked)
    assert made["properties"]["year"] == {"type": "integer", "description": "Of release"}
    # typing_extensions reads the marks of annotations that are texts, as here, where it can.
    assert made["required"] in (["name"], [])


class Node(pydantic.BaseModel):
    value: int
    next: Node | None = None


class Pair(pydantic.BaseModel):
    first: Node


def test_pydantic_models_inside_share_their_definitions():
    def walk(start: Node, pair: Pair, nodes: list[Node], spare: Node | None = None): ...

    writer = Writer("f")
    fields = typing.get_type_hints(walk, {**globals()})
    made = writer.finish(
        {name: writer.schema(fields[name], name) for name in ("start", "pair", "nodes", "spare")}
    )
    assert list(made["$defs"]) == ["Node"]
    assert made["start"] == {"$ref": "#/$defs/Node"}
    assert made["pair"]["properties"]["first"] == {"$ref": "#/$defs/Node"}
    assert made["nodes"] == {"type": "array", "items": {"$ref": "#/$defs/Node"}}


def walk(start: Node, far: float = float("inf"), by: object = Colour, level: Level = Level.LOW): ...


def test_a_function_with_a_model_and_odd_defaults():
    made = of_function("walk", walk)
    assert made["$defs"]["Node"]["properties"]["value"]["type"] == "integer"
    assert made["required"] == ["start"]
    # A default that JSON has no form for is not shown; the parameter may still be left out.
    assert made["properties"]["far"] == {"type": "number"}
    assert made["properties"]["by"] == {}
    assert made["properties"]["level"]["default"] == 1


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the type statement")
def test_the_type_statement():
    names: dict[str, Any] = {}
    exec("type Names = list[str]", names)
    assert schema(names["Names"]) == {"type": "array", "items": {"type": "string"}}


class Itself(TypedDict):
    inner: Itself | None


class Triple(NamedTuple):
    a: int


class Odd(pydantic.BaseModel):
    model_config = {"arbitrary_types_allowed": True}
    what: Exception


@dataclass
class Holder:
    inside: list[bytes]


T = typing.TypeVar("T")


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (bytes, r"f: parameter 'x': bytes has no form in JSON$"),
        (datetime, "parameter 'x': datetime has no form"),
        (complex | int, "parameter 'x': complex has no form"),
        (list[bytes], "parameter 'x': bytes has no form"),
        (dict[int, str], "the keys of a JSON object are texts"),
        (Triple, "parameter 'x': Triple has no form"),
        (typing.Callable[[int], str], "parameter 'x': .*Callable.* has no form"),
        (T, "parameter 'x': ~T has no form"),
        (Literal[b"a"], "a choice is a text, number"),
        (Itself, r"field 'x\.inner': Itself has no form in JSON \(it holds itself"),
        (Holder, r"field 'x\.inside': bytes has no form"),
        (3, "parameter 'x': 3 has no form"),
        (Odd, "f: Odd: "),
    ],
    ids=readable,
)
def test_what_has_no_form(annotation, words):
    with pytest.raises(InvalidRequestError, match=words):
        schema(annotation)


def test_two_models_of_one_name():
    def model(kind):
        inner = pydantic.create_model("Inner", value=(kind, ...))
        return pydantic.create_model("Outer", inner=(inner, ...))

    writer = Writer("f")
    writer.schema(model(int), "parameter 'a'")
    with pytest.raises(InvalidRequestError, match=r"'b'.*another model is called 'Inner'"):
        writer.schema(model(str), "parameter 'b'")


annotations = st.recursive(
    st.sampled_from([str, int, float, bool, None, Literal["a", "b"]]),
    lambda inner: st.one_of(
        inner.map(lambda one: list[one]),
        inner.map(lambda one: dict[str, one]),
        st.tuples(inner, inner).map(lambda two: tuple[two]),
        st.tuples(inner, inner).map(lambda two: Union[two]),  # noqa: UP007
    ),
    max_leaves=6,
)


def unordered(value):
    """Pydantic has an order of its own for the choices of a union, and names each once."""
    if isinstance(value, list):
        return [unordered(one) for one in value]
    if isinstance(value, dict):
        inner = {key: unordered(one) for key, one in value.items()}
        if "anyOf" in inner:
            inner["anyOf"] = sorted({json.dumps(one, sort_keys=True) for one in inner["anyOf"]})
        return inner
    return value


@given(annotations)
def test_nested_as_pydantic_says_it(annotation):
    theirs = pydantic.TypeAdapter(annotation).json_schema()
    assert unordered(schema(annotation)) == unordered(theirs)
