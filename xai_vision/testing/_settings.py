"""What the fake can be told about itself: every limit and every uncertain number.

Numbers come from xAI's image-understanding document ("documented"), from what the official SDK
and its users were seen to meet ("observed"), or are second-hand ("unsure"). The unsure ones are
settings above all because they may be wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypedDict

from xai_vision.testing import _validation as given

if TYPE_CHECKING:
    from typing_extensions import Unpack


MIB = 1024 * 1024
FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIC")
"""Formats of images that are told apart, and that ``image_formats`` can let in."""


class SettingChanges(TypedDict, total=False):
    """Settings by name; each is explained in ``Settings``."""

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
    stored_images: Literal["keep", "refuse"]
    keep_stored_days: float
    keep_deferred_hours: float
    seed: int
    fixed_ids: bool
    unmatched: Literal["default", "error"]
    unused: Literal["error", "allow"]
    error_form: Literal["xai", "openai"]
    unknown_keys: Literal["refuse", "ignore"]
    keep_calls: int
    keep_image_bytes: int
    keep_log_bytes: int
    max_threads: int


@dataclass(frozen=True)
class Settings:
    """How the fake behaves. Every field can be given to ``FakeServer(...)`` by its name.

    Attributes:
        max_image_bytes: Largest image sent as a data URL, in bytes of the file itself, before
            base64. 20 MiB (documented).
        max_url_image_bytes: Largest image fetched from a URL, in bytes. 10 MiB (observed; an
            older document's number that survived here).
        image_formats: Formats that are taken, by Pillow's names. JPEG and PNG (documented);
            some deployments were seen to take WebP as well.
        max_pixels: An image of more pixels is refused before it is decoded. 100 million; the
            service's own number is unknown.
        tile_side: Side of a tile in pixels, for counting image tokens. 448 (unsure).
        tile_tokens: Tokens for a tile. 256 (unsure).
        max_tiles: Tiles beyond this many are not counted. 6 (unsure); with one more for the
            overview that gives the observed 1792 at most.
        viewed_tokens: Image tokens of an image the agent looked at while searching, where
            ``server.urls`` does not have it. 1280 (unsure: five tiles).
        max_tools: Tools in one request. 128 (documented).
        max_stop: Stop strings in one request. 4 (unsure: the wire contract says 8).
        max_n: Answers in one request. 128 (unsure).
        max_top_logprobs: Alternatives per token. 8 (unsure; xAI's REST reference).
        max_domains: Allowed or excluded domains of a search. 5 (observed).
        max_handles: Allowed or excluded X handles of a search. 10 (observed).
        stored_images: What happens when a request with images asks to be stored: "keep"
            stores it, as the document's own example does; "refuse" answers INVALID_ARGUMENT, as
            the same document warns it may.
        keep_stored_days: Days a stored response lives. 30 (observed).
        keep_deferred_hours: Hours a deferred result lives. 24 (observed).
        seed: Where everything random starts: fault rates, jitter, response ids where
            ``fixed_ids`` is set. 0.
        fixed_ids: Whether response ids are drawn from ``seed`` instead of being new each run.
            False.
        unmatched: What answers a request that no rule matches: "default" describes what
            arrived; "error" refuses it and says why no rule matched.
        unused: What ``verify()`` makes of a rule or fault that was never used: "error" reports
            it, with the nearest call and what it lacked; "allow" is fine with it, as
            ``optional()`` is for a single one.
        error_form: What errors look like over REST: "xai" is ``{"code": ..., "error": "..."}``
            (observed), with which a wrong key is status 400; "openai" is
            ``{"error": {"message": ...}}``, which openai's exceptions take apart, and 401.
        unknown_keys: What happens over REST to a key of the request that nobody documents:
            "refuse" answers 400 and names it, so that a misspelt one is found; "ignore" goes on
            without it, as the service may (unsure).
        keep_calls: Calls the log remembers; older ones are dropped, which ``calls.dropped``
            counts. 10,000.
        keep_image_bytes: Images up to this many bytes stay in the log with their bytes;
            of larger ones only hash, size and format are kept. 32 MiB, so all that are taken.
        keep_log_bytes: Bytes the log keeps in all: images, requests, answers, and whatever
            else is text. Beyond it the oldest images lose their bytes; and when text alone is
            more than half of it, the oldest calls are dropped. The newest call always stays.
            ``calls.dropped`` counts what is gone. 256 MiB.
        max_threads: Calls the server works on at the same moment, waiting ones included; more
            queue up. Threads are started on demand. 4096.

    Raises:
        TypeError: There is no setting of that name, or it takes no such value.
        ValueError: A setting cannot have that value.
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
    stored_images: Literal["keep", "refuse"] = "keep"
    keep_stored_days: float = 30
    keep_deferred_hours: float = 24
    seed: int = 0
    fixed_ids: bool = False
    unmatched: Literal["default", "error"] = "default"
    unused: Literal["error", "allow"] = "error"
    error_form: Literal["xai", "openai"] = "xai"
    unknown_keys: Literal["refuse", "ignore"] = "refuse"
    keep_calls: int = 10_000
    keep_image_bytes: int = 32 * MIB
    keep_log_bytes: int = 256 * MIB
    max_threads: int = 4096

    def __post_init__(self) -> None:
        for name, words in _CHOICES.items():
            given.enum(name, getattr(self, name), words)
        for name, least in _WHOLE.items():
            object.__setattr__(self, name, given.integer(name, getattr(self, name), least))
        given.number("keep_stored_days", self.keep_stored_days, max_=_DAYS)
        given.number("keep_deferred_hours", self.keep_deferred_hours, max_=_DAYS * 24)
        given.boolean("fixed_ids", self.fixed_ids)
        formats = given.strings("image_formats", self.image_formats)
        for one in formats:
            given.enum("image_formats", one, FORMATS)
        if not formats:
            raise ValueError("image_formats is empty: name one, such as 'JPEG'")
        object.__setattr__(self, "image_formats", formats)

    def replace(self, **changes: Unpack[SettingChanges]) -> Settings:
        """Return these settings with some changed.

        Raises:
            TypeError: There is no setting of that name.
        """
        return replace(self, **changes)


_CHOICES: Final = {
    "stored_images": ("keep", "refuse"),
    "unmatched": ("default", "error"),
    "unused": ("error", "allow"),
    "error_form": ("xai", "openai"),
    "unknown_keys": ("refuse", "ignore"),
}
# Whole numbers and the least each may be; None is any.
_WHOLE: Final[dict[str, int | None]] = {
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
    "seed": None,
    "keep_calls": 1,
    "keep_image_bytes": 0,
    "keep_log_bytes": 0,
    "max_threads": 1,
}
# timedelta takes some 2.7 million years; nobody keeps answers longer than this.
_DAYS: Final = 1_000_000
