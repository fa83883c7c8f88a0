"""Convert the words and dicts of ``client.collections`` to messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypedDict, TypeVar

from google.protobuf.message import Message

from xai_vision import _validation as checks
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import collections_pb2, documents_pb2, shared_pb2, types_pb2
from xai_vision.proto._convert import adopt

if TYPE_CHECKING:
    from typing_extensions import NotRequired

Order: TypeAlias = Literal["asc", "desc"]
CollectionSortBy: TypeAlias = Literal["name", "age"]
DocumentSortBy: TypeAlias = Literal["name", "size", "age"]
HNSWMetric: TypeAlias = Literal["cosine", "euclidean", "inner_product"]
DocumentRetrievalMode: TypeAlias = Literal["hybrid", "semantic", "keyword"]


class FieldDefinition(TypedDict):
    """A metadata field of the documents in a collection.

    ``required``: every document must have it. ``inject_into_chunk``: the value is added to each
    chunk. ``unique``: no two documents may have the same value.
    """

    key: str
    required: bool
    inject_into_chunk: bool
    unique: bool
    description: NotRequired[str]


class FieldDefinitionAdd(TypedDict):
    """A field to add: ``{"field_definition": {...}, "operation": "add"}``."""

    field_definition: FieldDefinition
    operation: Literal["add"]


class FieldDefinitionDelete(TypedDict):
    """A field to delete: ``{"key": "...", "operation": "delete"}``."""

    key: str
    operation: Literal["delete"]


FieldDefinitionUpdate: TypeAlias = FieldDefinitionAdd | FieldDefinitionDelete


class CharsConfiguration(TypedDict):
    """Chunks measured in characters."""

    max_chunk_size_chars: int
    chunk_overlap_chars: int


class TokensConfiguration(TypedDict):
    """Chunks measured in tokens of an encoding."""

    max_chunk_size_tokens: int
    chunk_overlap_tokens: int
    encoding_name: str


class BytesConfiguration(TypedDict):
    """Chunks measured in bytes."""

    max_chunk_size_bytes: int
    chunk_overlap_bytes: int


class ChunkConfiguration(TypedDict, total=False):
    """How documents are split into chunks. Exactly one of the three units must be set."""

    chars_configuration: CharsConfiguration
    tokens_configuration: TokensConfiguration
    bytes_configuration: BytesConfiguration
    strip_whitespace: bool
    inject_name_into_chunks: bool


ORDERS: Final = {
    "asc": shared_pb2.ORDERING_ASCENDING,
    "desc": shared_pb2.ORDERING_DESCENDING,
}
COLLECTION_SORT_KEYS: Final = {
    "name": collections_pb2.COLLECTIONS_SORT_BY_NAME,
    "age": collections_pb2.COLLECTIONS_SORT_BY_AGE,
}
DOCUMENT_SORT_KEYS: Final = {
    "name": collections_pb2.DOCUMENTS_SORT_BY_NAME,
    "size": collections_pb2.DOCUMENTS_SORT_BY_SIZE,
    "age": collections_pb2.DOCUMENTS_SORT_BY_AGE,
}
METRICS: Final = {
    "cosine": types_pb2.HNSW_METRIC_COSINE,
    "euclidean": types_pb2.HNSW_METRIC_EUCLIDEAN,
    "inner_product": types_pb2.HNSW_METRIC_INNER_PRODUCT,
}
_MODES: Final = {
    "hybrid": documents_pb2.HybridRetrieval,
    "semantic": documents_pb2.SemanticRetrieval,
    "keyword": documents_pb2.KeywordRetrieval,
}
_UNITS: Final = {
    "chars_configuration": ("max_chunk_size_chars", "chunk_overlap_chars"),
    "tokens_configuration": (
        "max_chunk_size_tokens",
        "chunk_overlap_tokens",
        "encoding_name",
    ),
    "bytes_configuration": ("max_chunk_size_bytes", "chunk_overlap_bytes"),
}
_FLAGS: Final = ("strip_whitespace", "inject_name_into_chunks")
_FIELD_FLAGS: Final = ("required", "inject_into_chunk", "unique")

M = TypeVar("M", bound=Message)


def enum_value(name: str, value: Any, words: Mapping[str, int]) -> Any:
    """Return the number of a word; a value of the enum is returned unchanged.

    Raises:
        InvalidRequestError: The word or the number is unknown.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value not in words.values():
            raise InvalidRequestError(f"{name} must be a value of its enum, not {value}")
        return value
    return words[checks.enum(name, value, words)]


def chunk_configuration(value: Any) -> types_pb2.ChunkConfiguration:
    """Return a chunk configuration as a message; a message is returned unchanged.

    Raises:
        InvalidRequestError: There is not exactly one unit, or a key or value is not valid.
    """
    name = "chunk_configuration"
    if not isinstance(value, Mapping):
        return _adopted(name, value, types_pb2.ChunkConfiguration)
    checks.check_names(name, value, (*_UNITS, *_FLAGS))
    units = [unit for unit in _UNITS if value.get(unit) is not None]
    if len(units) != 1:
        raise InvalidRequestError(
            f"{name} must have exactly one of {', '.join(_UNITS)}, not {len(units)}"
        )
    [unit] = units
    options = checks.mapping(f"{name}[{unit!r}]", value[unit])
    checks.check_names(f"{name}[{unit!r}]", options, _UNITS[unit])
    message = types_pb2.ChunkConfiguration()
    target = getattr(message, unit)
    for key in _UNITS[unit]:
        where = f"{name}[{unit!r}][{key!r}]"
        if key not in options:
            raise InvalidRequestError(f"{where} is missing")
        if key == "encoding_name":
            target.encoding_name = checks.string(where, options[key], empty=False)
        else:
            minimum = 1 if key.startswith("max") else 0
            setattr(target, key, checks.integer(where, options[key], minimum))
    size, overlap = (int(options[key]) for key in _UNITS[unit][:2])
    if overlap >= size:
        raise InvalidRequestError(
            f"{name}[{unit!r}]: the overlap {overlap} must be smaller than the chunk size {size}"
        )
    for key in _FLAGS:
        if value.get(key) is not None:
            setattr(message, key, checks.boolean(f"{name}[{key!r}]", value[key]))
    return message


def field_definitions(value: Any) -> list[collections_pb2.FieldDefinition]:
    """Return field definitions as messages.

    Raises:
        InvalidRequestError: A key is missing or unknown, a value is not valid, or two fields have
            the same key.
    """
    definitions = [
        _field(f"field_definitions[{index}]", item)
        for index, item in enumerate(_list("field_definitions", value))
    ]
    _check_unique([definition.key for definition in definitions])
    return definitions


def field_updates(value: Any) -> list[collections_pb2.FieldDefinitionUpdate]:
    """Return changes of field definitions as messages.

    Raises:
        InvalidRequestError: As for ``field_definitions``, or an operation is unknown.
    """
    updates = [
        _field_update(f"field_definitions[{index}]", item)
        for index, item in enumerate(_list("field_definitions", value))
    ]
    _check_unique([update.field_definition.key for update in updates])
    return updates


def retrieval_mode(value: Any) -> dict[str, Any]:
    """Return the field of a SearchRequest for a retrieval mode, as keyword arguments.

    Args:
        value: A word, or one of the three messages.

    Raises:
        InvalidRequestError: The value is neither.
    """
    if isinstance(value, str):
        word = checks.enum("retrieval_mode", value, _MODES)
        return {f"{word}_retrieval": _MODES[word]()}
    for word, kind in _MODES.items():
        try:
            return {f"{word}_retrieval": adopt(value, kind)}
        except TypeError:
            continue
    raise InvalidRequestError(
        "retrieval_mode must be 'hybrid', 'semantic', 'keyword' or one of their messages, not "
        f"{checks.short_repr(value)}"
    )


def document_fields(value: Any) -> dict[str, str]:
    """Return the metadata fields of a document.

    Raises:
        InvalidRequestError: The value is not a dict of strings.
    """
    if value is None:
        return {}
    return {
        checks.string("a key of fields", key, empty=False): checks.string(f"fields[{key!r}]", item)
        for key, item in checks.mapping("fields", value).items()
    }


def _field(name: str, value: Any) -> collections_pb2.FieldDefinition:
    if not isinstance(value, Mapping):
        return _adopted(name, value, collections_pb2.FieldDefinition)
    checks.check_names(name, value, ("key", *_FIELD_FLAGS, "description"))
    for key in ("key", *_FIELD_FLAGS):
        if key not in value:
            raise InvalidRequestError(f"{name}[{key!r}] is missing")
    definition = collections_pb2.FieldDefinition(
        key=checks.string(f"{name}['key']", value["key"], empty=False)
    )
    for flag in _FIELD_FLAGS:
        setattr(definition, flag, checks.boolean(f"{name}[{flag!r}]", value[flag]))
    if value.get("description") is not None:
        definition.description = checks.string(f"{name}['description']", value["description"])
    return definition


def _field_update(name: str, value: Any) -> collections_pb2.FieldDefinitionUpdate:
    if not isinstance(value, Mapping):
        return _adopted(name, value, collections_pb2.FieldDefinitionUpdate)
    operation = checks.enum(f"{name}['operation']", value.get("operation"), ("add", "delete"))
    if operation == "add":
        checks.check_names(name, value, ("operation", "field_definition"))
        definition = _field(f"{name}['field_definition']", value.get("field_definition"))
        return collections_pb2.FieldDefinitionUpdate(
            field_definition=definition, operation=collections_pb2.FIELD_DEFINITION_ADD
        )
    checks.check_names(name, value, ("operation", "key"))
    key = checks.string(f"{name}['key']", value.get("key"), empty=False)
    return collections_pb2.FieldDefinitionUpdate(
        field_definition=collections_pb2.FieldDefinition(key=key),
        operation=collections_pb2.FIELD_DEFINITION_DELETE,
    )


def _check_unique(keys: Sequence[str]) -> None:
    for index, key in enumerate(keys):
        if key in keys[:index]:
            raise InvalidRequestError(
                f"field_definitions[{keys.index(key)}] and [{index}] have the same key {key!r}"
            )


def _list(name: str, value: Any) -> Sequence[Any]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Sequence):
        raise InvalidRequestError(f"{name} must be a list, not {checks.short_repr(value)}")
    return value


def _adopted(name: str, value: Any, kind: type[M]) -> M:
    try:
        return adopt(value, kind)
    except TypeError:
        raise InvalidRequestError(
            f"{name} must be a dict or a {kind.DESCRIPTOR.name} message, not "
            f"{checks.short_repr(value)}"
        ) from None
