"""The JSON schemas of annotations: compared with Pydantic's, and where they differ."""

from __future__ import annotations

import json
import sys
import typing
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypedDict, Union

import pydantic
import pydantic.dataclasses
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import NotRequired, Required, TypeAliasType
from typing_extensions import TypedDict as ExtendedTypedDict

from tests.ids import readable
from xai_vision.chat import tool
from xai_vision.errors import InvalidRequestError


def function_schema(function) -> dict[str, Any]:
    return json.loads(tool("f", parameters=function).function.parameters)


def schema(annotation) -> dict[str, Any]:
    """The schema of a parameter with this annotation, and its definitions."""

    def function(x): ...

    function.__annotations__ = {"x": annotation}
    document = function_schema(function)
    definitions = {"$defs": document["$defs"]} if "$defs" in document else {}
    return document["properties"]["x"] | definitions


class Color(Enum):
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
    Literal["a", 1, True],
    Literal[1, 2],
    Literal[Color.RED, None],
    Optional[str],  # noqa: UP045
    int | str,
    Union[int, list[str], None],  # noqa: UP007
    UserId,
    Decimal,
    date,
    datetime,
    uuid.UUID,
    Path,
    Annotated[int, pydantic.Field(ge=1, lt=5)],
    Annotated[str, pydantic.Field(min_length=1, max_length=9, pattern="^a")],
    Annotated[list[int], pydantic.Field(min_length=2)],
    Annotated[float, pydantic.Field(multiple_of=0.5, description="Half of them")],
    list[Annotated[int, pydantic.Field(gt=0)]],
]


@pytest.mark.parametrize("annotation", SAME_AS_PYDANTIC, ids=readable)
def test_same_as_pydantic(annotation):
    assert schema(annotation) == pydantic.TypeAdapter(annotation).json_schema()


def defined(name, definition):
    return {"$ref": f"#/$defs/{name}", "$defs": {name: definition}}


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (object, {}),
        (set, {"type": "array", "items": {}, "uniqueItems": True}),
        (Color, defined("Color", {"type": "string", "enum": ["red", "blue"]})),
        (Level, defined("Level", {"type": "integer", "enum": [1, 2]})),
        (Annotated[str, "Its name", "not this"], {"type": "string", "description": "Its name"}),
        (
            Annotated[str, "Its name", pydantic.Field(description="In full")],
            {"type": "string", "description": "In full"},
        ),
        (
            list[Annotated[str, "One name"] | None],
            {
                "type": "array",
                "items": {
                    "anyOf": [{"type": "string", "description": "One name"}, {"type": "null"}]
                },
            },
        ),
    ],
    ids=readable,
)
def test_differences_from_pydantic(annotation, expected):
    assert schema(annotation) == expected


def test_mappings():
    assert schema(dict)["type"] == "object"
    document = schema(dict[Color, int])
    assert document["type"] == "object"
    assert document["additionalProperties"] == {"type": "integer"}


def resolved(document):
    """The schema of a definition that the document may refer to."""
    name = document.get("$ref", "").removeprefix("#/$defs/")
    return document["$defs"][name] if name else document


def test_type_aliases():
    assert resolved(schema(Names)) == {"type": "array", "items": {"type": "string"}}


@dataclass
class Point:
    x: int
    y: Annotated[int, "Downwards"] = 0
    tags: list[str] = field(default_factory=list)
    seen: datetime | None = field(default=None, init=False)
    level: float = float("inf")


def closed(required, **properties):
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


POINT = closed(
    ["x"],
    x={"type": "integer"},
    y={"type": "integer", "description": "Downwards", "default": 0},
    # Pydantic does not call a factory for the schema.
    tags={"type": "array", "items": {"type": "string"}},
    # JSON has no infinity.
    level={"type": "number"},
)


class Base(TypedDict):
    name: str


class Film(Base, total=False):
    year: int


class Series(TypedDict):
    films: list[Film]


class Marked(ExtendedTypedDict, total=False):
    name: Required[str]
    year: NotRequired[Annotated[int, "Of release"]]


class MarkedByTyping(TypedDict, total=False):
    name: Required[str]
    year: Annotated[int, "Of release"]


def test_dataclasses_and_typed_dicts():
    assert function_schema(Point) == resolved(schema(Point)) == POINT
    assert schema(list[Point])["$defs"]["Point"] == POINT
    film = closed(["name"], name={"type": "string"}, year={"type": "integer"})
    assert function_schema(Film) == resolved(schema(Film)) == film
    assert function_schema(Series)["$defs"]["Film"] == film


@pytest.mark.parametrize("cls", [Marked, MarkedByTyping])
def test_qualified_fields(cls):
    document = function_schema(cls)
    assert document["properties"]["year"] == {"type": "integer", "description": "Of release"}
    assert document["required"] == ["name"]


class Node(pydantic.BaseModel):
    value: int
    next: Node | None = None


class Pair(pydantic.BaseModel):
    first: Node


def test_pydantic_models_share_their_definitions():
    def walk(start: Node, pair: Pair, nodes: list[Node], spare: Node | None = None): ...

    document = function_schema(walk)
    assert sorted(document["$defs"]) == ["Node", "Pair"]
    properties = document["properties"]
    assert properties["start"] == {"$ref": "#/$defs/Node"}
    assert document["$defs"]["Pair"]["properties"]["first"] == {"$ref": "#/$defs/Node"}
    assert properties["nodes"] == {"type": "array", "items": {"$ref": "#/$defs/Node"}}
    assert properties["spare"]["default"] is None


def test_defaults():
    def walk(
        start: Node,
        far: float = float("inf"),
        by: object = Color,
        level: Level = Level.LOW,
        until: date = date(2026, 1, 2),
    ): ...

    document = function_schema(walk)
    assert document["$defs"]["Node"]["properties"]["value"]["type"] == "integer"
    assert document["required"] == ["start"]
    # A default that is not JSON is left out; the parameter is optional all the same.
    assert document["properties"]["far"] == {"type": "number"}
    assert document["properties"]["by"] == {}
    assert document["properties"]["level"]["default"] == 1
    assert document["properties"]["until"]["default"] == "2026-01-02"


CITY = {"type": "string", "description": "Name only"}
COUNT = {"type": "integer", "minimum": 1, "default": 3}


def field_as_default(
    city: str = pydantic.Field(description="Name only"),
    count: int = pydantic.Field(3, ge=1),
): ...


def annotated_field(
    city: Annotated[str, pydantic.Field(description="Name only")],
    count: Annotated[int, pydantic.Field(ge=1, default=3)],
): ...


def both_fields(
    city: Annotated[str, pydantic.Field(max_length=9)] = pydantic.Field(description="Name only"),
    count: Annotated[int, pydantic.Field(ge=1, default=5)] = 3,
): ...


def field_with_factory(names: list[str] = pydantic.Field(default_factory=list)): ...  # noqa: B008


@pydantic.dataclasses.dataclass
class Place:
    city: str = pydantic.Field(description="Name only")
    count: int = pydantic.Field(3, ge=1)


@pytest.mark.parametrize("source", [field_as_default, annotated_field, Place])
def test_pydantic_fields(source):
    assert function_schema(source) == closed(["city"], city=CITY, count=COUNT)


def test_pydantic_field_as_default_and_in_the_annotation():
    expected = closed(["city"], city=CITY | {"maxLength": 9}, count=COUNT)
    assert function_schema(both_fields) == expected


def test_pydantic_dataclass_as_parameter():
    assert resolved(schema(Place)) == closed(["city"], city=CITY, count=COUNT)


def test_default_factory_of_a_field():
    assert function_schema(field_with_factory)["required"] == []


def test_parameter_names_that_models_do_not_allow():
    def find(_x: int, json: str, model_config: int, copy: bool = True): ...

    document = function_schema(find)
    assert list(document["properties"]) == ["_x", "json", "model_config", "copy"]
    assert document["required"] == ["_x", "json", "model_config"]


def test_titles_of_the_caller_are_kept():
    def find(city: Annotated[str, pydantic.Field(title="The city")]): ...

    assert function_schema(find)["properties"]["city"]["title"] == "The city"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the type statement")
def test_type_statement():
    names: dict[str, Any] = {}
    exec("type Names = list[str]", names)
    assert resolved(schema(names["Names"])) == {"type": "array", "items": {"type": "string"}}


class Tree(ExtendedTypedDict):
    inner: Tree | None


def test_recursive_typed_dict():
    document = schema(Tree)
    assert document["$ref"] == "#/$defs/Tree"
    assert {"$ref": "#/$defs/Tree"} in document["$defs"]["Tree"]["properties"]["inner"]["anyOf"]


class Triple(NamedTuple):
    a: int


def test_named_tuples_are_arrays():
    assert resolved(schema(Triple))["type"] == "array"


class Arbitrary(pydantic.BaseModel):
    model_config = {"arbitrary_types_allowed": True}
    what: Exception


@dataclass
class Holder:
    inside: list[bytes]


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (bytes, "tool 'f': parameter 'x': bytes has no JSON schema: .*bytes$"),
        (complex | int, "parameter 'x': complex | int has no JSON schema: .*complex"),
        (list[bytes], r"parameter 'x': list\[bytes\] has no JSON schema"),
        (dict[str, bytes] | int, "parameter 'x': .* has no JSON schema: .*bytes"),
        (dict[int, str], "has no JSON schema: .*a mapping with keys other than strings"),
        (typing.Callable[[int], str], "parameter 'x': .*Callable.* has no JSON schema"),
        (Literal[b"a"], r"parameter 'x': .*Literal\[b'a'\] has no JSON schema: .*bytes"),
        (Holder, "parameter 'x': Holder has no JSON schema: .*bytes"),
        (3, "parameter 'x': 3 has no JSON schema"),
        (Exception, "parameter 'x': Exception has no JSON schema"),
        (Arbitrary, "parameter 'x': Arbitrary has no JSON schema"),
    ],
    ids=readable,
)
def test_types_without_a_schema(annotation, message):
    with pytest.raises(InvalidRequestError, match=message):
        schema(annotation)


class Blob(pydantic.BaseModel):
    data: bytes
    pages: dict[int, str]
    kind: Literal[b"a", "b"]
    phase: complex | None


def test_models_decide_for_themselves():
    definition = schema(Blob)["$defs"]["Blob"]
    expected = Blob.model_json_schema()
    assert definition["properties"].keys() == expected["properties"].keys()
    for name, property_ in definition["properties"].items():
        assert property_ | {"title": name.title()} == expected["properties"][name]


@pytest.mark.parametrize("cls", [Holder, Arbitrary])
def test_classes_without_a_schema(cls):
    words = f"tool 'f': parameters: {cls.__name__} has no JSON schema"
    with pytest.raises(InvalidRequestError, match=words):
        function_schema(cls)


def test_the_parameter_without_a_schema_is_named():
    def find(a: int, b: str, c: bytes = b""): ...

    with pytest.raises(InvalidRequestError, match="parameter 'c': bytes has no JSON schema"):
        function_schema(find)


def test_two_models_of_one_name():
    def model(kind):
        inner = pydantic.create_model("Inner", value=(kind, ...), __module__=f"of_{kind.__name__}")
        return pydantic.create_model("Outer", inner=(inner, ...), __module__=inner.__module__)

    def find(a, b): ...

    find.__annotations__ = {"a": model(int), "b": model(str)}
    definitions = function_schema(find)["$defs"].values()
    kinds = {d["properties"]["value"]["type"] for d in definitions if "value" in d["properties"]}
    assert kinds == {"integer", "string"}


annotations = st.recursive(
    st.sampled_from([str, int, float, bool, None, Literal["a", "b"]]),
    lambda inner: st.one_of(
        inner.map(lambda item: list[item]),
        inner.map(lambda item: dict[str, item]),
        st.tuples(inner, inner).map(lambda items: tuple[items]),
        st.tuples(inner, inner).map(lambda items: Union[items]),  # noqa: UP007
    ),
    max_leaves=6,
)


@given(annotations)
def test_nested_types_are_the_same_as_pydantic(annotation):
    assert schema(annotation) == pydantic.TypeAdapter(annotation).json_schema()
