"""The words and dicts that ``client.chat.create`` accepts."""

from __future__ import annotations

from xai_vision.chat._messages.content import Content, ImageDetail
from xai_vision.chat._request.parameters import (
    AgentCount,
    Guideline,
    GuidelineBehavior,
    GuidelineCategory,
    IncludeOption,
    ReasoningEffort,
    ResponseFormat,
    ToolMode,
)
from xai_vision.chat._request.settings import (
    AgentCountMap,
    GuidelineBehaviorMap,
    GuidelineCategoryMap,
    IncludeOptionMap,
)

__all__ = [
    "AgentCount",
    "AgentCountMap",
    "Content",
    "Guideline",
    "GuidelineBehavior",
    "GuidelineBehaviorMap",
    "GuidelineCategory",
    "GuidelineCategoryMap",
    "ImageDetail",
    "IncludeOption",
    "IncludeOptionMap",
    "ReasoningEffort",
    "ResponseFormat",
    "ToolMode",
]
