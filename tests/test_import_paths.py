"""Each path from which public programs import xai_sdk exists here, with the same names."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

SERVICES = (
    "auth",
    "batch",
    "chat",
    "collections",
    "files",
    "image",
    "models",
    "tokenizer",
    "video",
)
PATHS = {
    "": ("AsyncClient", "Client", "__version__", "aio", "sync", "chat"),
    "__about__": ("__version__",),
    **{f"{package}.{name}": ("Client",) for package in ("sync", "aio") for name in SERVICES},
    "sync.client": ("Client",),
    "aio.client": ("Client",),
    "sync.chat": ("Chat", "Client"),
    "aio.chat": ("Chat", "Client"),
    "sync.image": ("Client", "ImageResponse"),
    "aio.image": ("Client", "ImageResponse"),
    "batch": ("BatchResult", "ListBatchResultsResponse"),
    "client": ("BaseClient", "USER_AGENT"),
    "collections": (
        "BaseClient",
        "ChunkConfiguration",
        "DEFAULT_INDEXING_TIMEOUT",
        "FieldDefinition",
        "Order",
    ),
    "cost": ("USD_PER_TICK", "cost_usd_from_usage"),
    "files": (
        "BaseClient",
        "BatchUploadCallback",
        "Order",
        "ProgressBarLike",
        "ProgressCallback",
        "PublicUrlInput",
        "PublicUrlOptions",
        "SortBy",
        "StorageOptions",
    ),
    "image": (
        "BaseImageResponse",
        "ImageAspectRatio",
        "ImageFormat",
        "ImageQuality",
        "ImageResolution",
        "StorageOptions",
    ),
    "meta": ("ProtoDecorator",),
    "poll_timer": ("PollTimer",),
    "search": ("SearchParameters", "news_source", "rss_source", "web_source", "x_source"),
    "service_tier": ("ServiceTierMap", "service_tier_from_proto", "service_tier_to_proto"),
    "telemetry": ("Telemetry", "get_tracer", "should_disable_sensitive_attributes"),
    "tools": ("code_execution", "collections_search", "mcp", "web_search", "x_search"),
    "types": (
        "Content",
        "Guideline",
        "ImageAspectRatio",
        "ImageResolution",
        "ResponseFormat",
        "UrlKeyframe",
        "VideoAspectRatio",
        "VoiceAudioRef",
    ),
    "types.chat": (
        "AgentCount",
        "AgentCountMap",
        "Content",
        "GuidelineBehaviorMap",
        "GuidelineCategoryMap",
        "ImageDetail",
        "IncludeOption",
        "IncludeOptionMap",
        "ReasoningEffort",
        "ToolMode",
    ),
    "types.common": ("ServiceTier",),
    "types.image": ("ImageFormat", "ImageQuality"),
    "types.model": ("AllModels", "ChatModel", "ImageGenerationModel", "VideoGenerationModel"),
    "types.video": (
        "FileIdKeyframe",
        "Keyframe",
        "ReferenceAudio",
        "VideoAspectRatioMap",
        "VideoResolution",
        "VideoResolutionMap",
    ),
    "video": (
        "DEFAULT_VIDEO_POLL_INTERVAL",
        "DEFAULT_VIDEO_TIMEOUT",
        "VideoGenerationError",
        "VideoResponse",
    ),
}
NAMES = [(path, name) for path, names in PATHS.items() for name in names]


@pytest.mark.parametrize(("path", "name"), NAMES)
def test_the_name_can_be_imported(path, name):
    module = import_module(f"xai_vision.{path}".rstrip("."))
    assert getattr(module, name) is not None


@pytest.mark.peer
@pytest.mark.parametrize(("path", "name"), NAMES)
def test_xai_sdk_has_the_name_at_the_same_path(path, name):
    module = import_module(f"xai_sdk.{path}".rstrip("."))
    assert getattr(module, name) is not None


def test_packages_are_attributes_without_an_import_of_their_own():
    code = (
        "import xai_vision\n"
        "assert 'xai_vision.aio' not in __import__('sys').modules\n"
        "assert xai_vision.aio.client.Client is xai_vision.AsyncClient\n"
        "assert xai_vision.sync.client.Client is xai_vision.Client\n"
        "assert xai_vision.types.ChatModel is xai_vision.types.model.ChatModel\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_clients_services_are_those_of_the_paths(server):
    from xai_vision import AsyncClient, Client

    for package, kind in (("sync", Client), ("aio", AsyncClient)):
        client = kind(server.api_key, api_host=server.target)
        for name in SERVICES:
            service = import_module(f"xai_vision.{package}.{name}").Client
            assert type(getattr(client, name.replace("tokenizer", "tokenize"))) is service


@pytest.mark.peer
@pytest.mark.parametrize("path", ["types.chat", "types.common", "types.image", "types.video"])
def test_words_are_those_of_xai_sdk(path):
    ours, theirs = import_module(f"xai_vision.{path}"), import_module(f"xai_sdk.{path}")
    compared = 0
    for name, value in vars(ours).items():
        words = getattr(getattr(theirs, name, None), "__args__", ())
        if words and all(isinstance(word, (str, int)) for word in words):
            assert set(words) <= set(value.__args__), name
            compared += 1
    assert compared
