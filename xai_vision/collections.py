"""Types of collections."""

from __future__ import annotations

from xai_vision.services._collections.documents import (
    DEFAULT_INDEXING_POLL_INTERVAL,
    DEFAULT_INDEXING_TIMEOUT,
)
from xai_vision.services._collections.values import (
    BytesConfiguration,
    CharsConfiguration,
    ChunkConfiguration,
    CollectionSortBy,
    DocumentRetrievalMode,
    DocumentSortBy,
    FieldDefinition,
    FieldDefinitionAdd,
    FieldDefinitionDelete,
    FieldDefinitionUpdate,
    HNSWMetric,
    Order,
    TokensConfiguration,
)
from xai_vision.services.collections import CollectionsService as BaseClient

__all__ = [
    "DEFAULT_INDEXING_POLL_INTERVAL",
    "DEFAULT_INDEXING_TIMEOUT",
    "BaseClient",
    "BytesConfiguration",
    "CharsConfiguration",
    "ChunkConfiguration",
    "CollectionSortBy",
    "DocumentRetrievalMode",
    "DocumentSortBy",
    "FieldDefinition",
    "FieldDefinitionAdd",
    "FieldDefinitionDelete",
    "FieldDefinitionUpdate",
    "HNSWMetric",
    "Order",
    "TokensConfiguration",
]
