"""The settings of the fake server: all limits, and all numbers that may be wrong.

"Documented" numbers are from xAI's image-understanding document, "observed" numbers are from the
behavior of the service that the official SDK and its users report, and "unsure" numbers are from
other sources.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

from xai_vision._record_modes import RECORD_MODES, RecordMode
from xai_vision.testing import _validation as check
from xai_vision.testing._calls.redaction import register_key
from xai_vision.testing._cassettes.cassette import Cassette, read_cassette
from xai_vision.testing._service.models import Model, read_models
from xai_vision.testing._upstream.address import parse_address

if TYPE_CHECKING:
    from typing_extensions import Unpack


MIB = 1024 * 1024
FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIC")
"""The image formats that the server detects, and that ``image_formats`` can contain."""


class SettingChanges(TypedDict, total=False):
    """Settings by name; see ``Settings``."""

    max_image_bytes: int
    max_url_image_bytes: int
    image_formats: tuple[str, ...]
    max_pixels: int
    tile_side: int
    tile_tokens: int
    max_tiles: int
    viewed_tokens: int
    max_tools: int
    max_stop: int
    max_n: int
    max_top_logprobs: int
    max_domains: int
    max_handles: int
    max_batch_call_bytes: int
    max_batch_calls: int
    batch_interval: float
    max_generated_images: int
    max_source_images: int
    stored_images: Literal["keep", "refuse"]
    keep_stored_days: float
    keep_deferred_hours: float
    max_file_bytes: int
    max_file_chunk_bytes: int
    max_file_name: int
    forbidden_in_file_names: str
    min_file_expiry: int
    max_file_expiry: int
    seed: int
    fixed_ids: bool
    eyes: bool
    unmatched: Literal["default", "error"]
    unused: Literal["error", "allow"]
    error_form: Literal["xai", "openai"]
    unknown_keys: Literal["refuse", "ignore"]
    keep_calls: int
    keep_image_bytes: int
    keep_log_bytes: int
    max_threads: int
    models: Iterable[Model | str | Mapping[str, Any]]
    upstream: str | None
    upstream_key: str | None
    model: str | None
    cassette: str | os.PathLike[str] | Cassette | None
    record: RecordMode


@dataclass(frozen=True)
class Settings:
    """The limits and the behavior of the fake server.

    ``FakeServer(...)`` and ``server.tenant(...)`` accept each field as a keyword argument.

    Attributes:
        max_image_bytes: The maximum size of an image in a data URL, in bytes of the file before
            base64. 20 MiB (documented).
        max_url_image_bytes: The maximum size of an image fetched from a URL, in bytes. 10 MiB
            (observed; the limit of an older document).
        image_formats: The accepted formats, by Pillow's names. JPEG and PNG (documented); some
            deployments also accept WebP (observed).
        max_pixels: The maximum number of pixels; an image with more is refused before it is
            decoded. 100 million; the service's number is unknown.
        tile_side: The side of a tile in pixels, for the number of image tokens. 448 (unsure).
        tile_tokens: The tokens of a tile. 256 (unsure).
        max_tiles: The maximum number of tiles to count. 6 (unsure); with one tile for the
            overview, the maximum is 1792 tokens (observed).
        viewed_tokens: The tokens of an image that the model viewed during a search, if
            ``server.urls`` does not have it. 1280 (unsure: five tiles).
        max_tools: The maximum number of tools in a request. 128 (documented).
        max_stop: The maximum number of stop strings in a request. 4 (unsure: the API's proto
            says 8).
        max_n: The maximum number of responses to a request. 128 (unsure).
        max_top_logprobs: The maximum number of alternatives per token. 8 (unsure; xAI's REST
            reference).
        max_domains: The maximum number of allowed or excluded domains of a search. 5 (observed).
        max_handles: The maximum number of allowed or excluded X handles of a search. 10
            (observed).
        max_batch_call_bytes: The maximum size of a call that adds requests to a batch, in bytes.
            25,000,000 (documented: 25 MB).
        max_batch_calls: The maximum number of such calls in 30 seconds. 100 (documented).
        batch_interval: The minimum number of seconds between the creation of two batches. 0
            (documented: 1; 0 so that tests do not wait).
        max_generated_images: The maximum number of generated images of a request. 10 (documented).
        max_source_images: The maximum number of images to edit in a request. 5 (unsure: the
            documents of August 2026; 3 before).
        stored_images: The response to a request with images that asks to be stored. "keep" stores
            it, as in the document's example; "refuse" is INVALID_ARGUMENT, of which the same
            document warns.
        keep_stored_days: The days until a stored response expires. 30 (observed).
        keep_deferred_hours: The hours until a deferred response expires. 24 (observed).
        max_file_bytes: The maximum size of an uploaded file in bytes. 512 MiB (documented for
            gRPC; the REST documents say 48 and 50 MB).
        max_file_chunk_bytes: The maximum size of a chunk of an upload in bytes. 5 MiB
            (documented).
        max_file_name: The maximum number of characters of a file's name. 255 (documented).
        forbidden_in_file_names: The characters that a file's name cannot contain, besides control
            characters and line ends: ``"``, ``;`` and the backslash (documented).
        min_file_expiry: The minimum number of seconds until a file or a public URL expires. 3600
            (documented).
        max_file_expiry: Likewise, the maximum. 30 days (documented).
        seed: The seed of everything random: fault rates, jitter, and response ids with
            ``fixed_ids``. 0.
        fixed_ids: Whether ``seed`` determines the response ids, ``x-request-id`` and the paths of
            generated URLs, so that they are the same in each run. False.
        eyes: Whether default replies contain the text and the codes that are in the images, read by
            rapidocr and zxing-cpp. Needs the extra "eyes". False.
        unmatched: The response to a request that no rule matches. "default" describes the
            request; "error" is an error that says why no rule matched.
        unused: The result of ``verify()`` for an unused rule or fault. "error" reports it, with
            the nearest call and its mismatches; "allow" accepts it, as ``optional()`` does for a
            single rule.
        error_form: The JSON of errors over REST. "xai" is ``{"code": ..., "error": "..."}``
            (observed), and a wrong key has the status 400; "openai" is
            ``{"error": {"message": ...}}``, which openai's exceptions parse, and 401.
        unknown_keys: The response over REST to an undocumented key in a request, in nested
            objects and tools too. "refuse" is status 400 with the name of the key, which reveals
            misspelt keys; "ignore" drops the key, as the service may do (unsure).
        keep_calls: The maximum number of calls in the log. Older calls are dropped;
            ``calls.dropped`` counts them. 10,000.
        keep_image_bytes: The maximum size of an image whose bytes the log stores. Of larger
            images, it stores the hash, the size and the format. 32 MiB, which is above both
            limits of the service.
        keep_log_bytes: The maximum size of the log in bytes, with all images, requests and
            responses. Above it, the oldest images lose their bytes. If the text alone takes more
            than half of it, the oldest calls are dropped, but never the newest call. 256 MiB.
        max_threads: The maximum number of calls in progress, waiting calls included. Further
            calls are queued. Threads are started on demand. 4096.
        models: The models to add to those that are built in: names, ``Model`` objects, or
            mappings of a model's fields. ``server.models.add`` does the same later. ().
        upstream: The service that answers the calls that no rule answers: the host of a gRPC
            service, such as "api.x.ai" or "localhost:50051", or "openai:" and the base URL of a
            server with OpenAI's API, such as "openai:http://localhost:11434/v1". A gRPC service is
            called with TLS unless it runs on this machine; "grpc://" and "grpcs://" before the
            host say which. None, the default: the fake server answers all calls.
        upstream_key: The key for the upstream in calls with a key of the fake server. None, the
            default: the environment variable XAI_API_KEY, or XAI_MANAGEMENT_KEY for collections;
            with "openai:" OPENAI_API_KEY, if it is set. A client's own key is passed on.
        model: The model of an "openai:" upstream for all requests. None, the default: the model
            that the request names.
        cassette: The file with recorded calls, as a path or a ``Cassette``. They answer the calls
            that no rule answers. None, the default: no cassette.
        record: Which calls are passed on to ``upstream`` and recorded. "none", the default: none,
            and a call that the cassette does not have is an error. "once": all, if the file does
            not exist when the server is created; otherwise none. "new_episodes": those that the
            cassette does not have. "all": all; they replace recorded calls of the same request.
            "rewrite": all, and the file has no other calls afterwards.

    Raises:
        TypeError: A setting does not exist, or has a wrong type.
        ValueError: A setting has a wrong value.
    """

    max_image_bytes: int = 20 * MIB
    max_url_image_bytes: int = 10 * MIB
    image_formats: tuple[str, ...] = ("JPEG", "PNG")
    max_pixels: int = 100_000_000
    tile_side: int = 448
    tile_tokens: int = 256
    max_tiles: int = 6
    viewed_tokens: int = 1280
    max_tools: int = 128
    max_stop: int = 4
    max_n: int = 128
    max_top_logprobs: int = 8
    max_domains: int = 5
    max_handles: int = 10
    max_batch_call_bytes: int = 25_000_000
    max_batch_calls: int = 100
    batch_interval: float = 0
    max_generated_images: int = 10
    max_source_images: int = 5
    stored_images: Literal["keep", "refuse"] = "keep"
    keep_stored_days: float = 30
    keep_deferred_hours: float = 24
    max_file_bytes: int = 512 * MIB
    max_file_chunk_bytes: int = 5 * MIB
    max_file_name: int = 255
    forbidden_in_file_names: str = '";\\'
    min_file_expiry: int = 3600
    max_file_expiry: int = 30 * 24 * 3600
    seed: int = 0
    fixed_ids: bool = False
    eyes: bool = False
    unmatched: Literal["default", "error"] = "default"
    unused: Literal["error", "allow"] = "error"
    error_form: Literal["xai", "openai"] = "xai"
    unknown_keys: Literal["refuse", "ignore"] = "refuse"
    keep_calls: int = 10_000
    keep_image_bytes: int = 32 * MIB
    keep_log_bytes: int = 256 * MIB
    max_threads: int = 4096
    models: Iterable[Model | str | Mapping[str, Any]] = ()
    upstream: str | None = None
    upstream_key: str | None = field(default=None, repr=False)
    model: str | None = None
    cassette: str | os.PathLike[str] | Cassette | None = None
    record: RecordMode = "none"

    def __post_init__(self) -> None:
        for name, words in _CHOICES.items():
            check.enum(name, getattr(self, name), words)
        for name, minimum in _MINIMUMS.items():
            object.__setattr__(self, name, check.integer(name, getattr(self, name), minimum))
        check.number("keep_stored_days", self.keep_stored_days, max_=_MAX_DAYS)
        check.number("keep_deferred_hours", self.keep_deferred_hours, max_=_MAX_DAYS * 24)
        check.number("batch_interval", self.batch_interval)
        check.boolean("fixed_ids", self.fixed_ids)
        check.boolean("eyes", self.eyes)
        check.string("forbidden_in_file_names", self.forbidden_in_file_names)
        formats = check.strings("image_formats", self.image_formats)
        for name in formats:
            check.enum("image_formats", name, FORMATS)
        if not formats:
            raise ValueError("image_formats is empty. Pass at least one format, such as 'JPEG'")
        object.__setattr__(self, "image_formats", formats)
        object.__setattr__(self, "models", read_models(self.models))
        self._check_upstream()

    def _check_upstream(self) -> None:
        if self.upstream_key is not None:
            register_key(self.upstream_key, "upstream_key")
        address = None if self.upstream is None else parse_address(self.upstream)
        if address is None and self.upstream_key is not None:
            raise ValueError("upstream_key is the key of an upstream. Pass upstream too")
        if self.model is not None:
            check.string("model", self.model)
            if address is None or not address.is_openai:
                raise ValueError(
                    "model selects the model of an upstream='openai:...'. Pass models=[...] to add "
                    "models to the fake server"
                )
        self._check_cassette()
        if address is not None and self.unmatched == "error":
            raise ValueError(
                "unmatched='error' and upstream exclude each other, because the upstream answers "
                "the calls that no rule matches. Pass only one of them"
            )

    def _check_cassette(self) -> None:
        check.enum("record", self.record, RECORD_MODES)
        if self.cassette is None:
            if self.record != "none":
                raise ValueError(f"record={self.record!r} needs a file: pass cassette=Path(...)")
            return
        object.__setattr__(self, "cassette", read_cassette(self.cassette))
        if self.record != "none" and self.upstream is None:
            raise ValueError(
                f"record={self.record!r} needs a service to record: pass upstream='api.x.ai'"
            )
        if self.unmatched == "error":
            raise ValueError(
                "unmatched='error' and cassette exclude each other, because the cassette answers "
                "the calls that no rule matches. Pass only one of them"
            )

    def replace(self, **changes: Unpack[SettingChanges]) -> Settings:
        """Return a copy with some settings changed.

        Raises:
            TypeError: A setting does not exist, or has a wrong type.
            ValueError: A setting has a wrong value.
        """
        values: dict[str, Any] = dict(changes)
        return replace(self, **values)


_CHOICES: Final = {
    "stored_images": ("keep", "refuse"),
    "unmatched": ("default", "error"),
    "unused": ("error", "allow"),
    "error_form": ("xai", "openai"),
    "unknown_keys": ("refuse", "ignore"),
}
# The minimums of the integers; None means no minimum.
_MINIMUMS: Final[dict[str, int | None]] = {
    "max_image_bytes": 1,
    "max_url_image_bytes": 1,
    "max_pixels": 1,
    "tile_side": 1,
    "tile_tokens": 0,
    "max_tiles": 0,
    "viewed_tokens": 0,
    "max_tools": 0,
    "max_stop": 0,
    "max_n": 1,
    "max_top_logprobs": 0,
    "max_domains": 0,
    "max_handles": 0,
    "max_file_bytes": 0,
    "max_file_chunk_bytes": 1,
    "max_file_name": 1,
    "min_file_expiry": 0,
    "max_file_expiry": 0,
    "max_batch_call_bytes": 1,
    "max_batch_calls": 1,
    "max_generated_images": 1,
    "max_source_images": 0,
    "seed": None,
    "keep_calls": 1,
    "keep_image_bytes": 0,
    "keep_log_bytes": 0,
    "max_threads": 1,
}
# Below the maximum of a timedelta, which is some 2.7 million years.
_MAX_DAYS: Final = 1_000_000
