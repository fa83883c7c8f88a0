"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xai_vision._cli.exit_codes import CliError, Exit
from xai_vision._cli.parsing.numbers import Integer, Number, seconds
from xai_vision._cli.parsing.verbosity import verbose_option
from xai_vision.bulk._run.json_depth import load_json

if TYPE_CHECKING:
    from xai_vision.imaging import Detail
    from xai_vision.imaging._options import ModeOption, OrientationOption


DEFAULT_MODEL = "grok-4"


@dataclass(frozen=True)
class Sampling:
    """How the response is generated; None leaves it to the service."""

    temperature: float | None
    max_tokens: int | None
    seed: int | None
    reasoning_effort: str | None

    def settings(self) -> dict[str, Any]:
        """Return the arguments of ``chat.create()``."""
        return {name: value for name, value in asdict(self).items() if value is not None}


F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Service:
    """The server to use, and the timeout."""

    host: str
    fake: bool
    timeout: float | None
    root_certificate: Path | None
    plaintext: bool


@dataclass(frozen=True)
class ImageOptions:
    """How images are prepared, and their detail."""

    detail: Detail
    max_side: int | None
    fit: bool
    strip_metadata: bool
    upright: bool = False
    orientation: OrientationOption = "apply"
    mode: ModeOption | None = None


_SERVICE = (
    click.option(
        "--fake", is_flag=True, help="Use an embedded fake server instead of Grok; needs no key."
    ),
    click.option(
        "--host",
        default="api.x.ai",
        show_default=True,
        # The second one is the library's.
        envvar=["XAI_VISION_HOST", "XAI_API_HOST"],
        show_envvar=True,
        metavar="HOST[:PORT]",
        help="Server to use, for example one started by `xai-vision serve`.",
    ),
    click.option(
        "--timeout",
        type=seconds(),
        metavar="SECONDS",
        help="Timeout of each call. Default: 27 minutes.",
    ),
    click.option(
        "--root-certificate",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        envvar="XAI_VISION_ROOT_CERTIFICATE",
        help="CA bundle (PEM) to use instead of the default.",
    ),
    click.option(
        "--plaintext",
        is_flag=True,
        envvar="XAI_VISION_PLAINTEXT",
        help="Disable TLS (insecure: key and images travel in clear text).",
    ),
    verbose_option,
)
_SAMPLING = (
    click.option(
        "--temperature",
        type=Number(0, 2),
        help="Randomness of the response, from 0 to 2. Default: the model's.",
    ),
    click.option(
        "--max-tokens",
        type=Integer(1, 2**31 - 1),
        metavar="NUMBER",
        help="Stop the response after this many tokens.",
    ),
    click.option(
        "--seed",
        type=Integer(-(2**31), 2**31 - 1),
        metavar="NUMBER",
        help="Random seed: the same request then has similar responses.",
    ),
    click.option(
        "--reasoning-effort",
        type=click.Choice(["none", "low", "medium", "high", "xhigh"], case_sensitive=False),
        help="How much a reasoning model thinks. Default: the model's.",
    ),
)
_IMAGE_OPTIONS = (
    click.option(
        "--detail",
        type=click.Choice(["auto", "low", "high"], case_sensitive=False),
        default="auto",
        show_default=True,
        help="Image detail level: low costs the fewest tokens, high keeps fine details.",
    ),
    click.option(
        "--max-side",
        type=Integer(min=1),
        metavar="PIXELS",
        help="Resize larger images before they are sent.",
    ),
    click.option("--fit", is_flag=True, help="Re-encode images over 20 MiB, with some loss."),
    click.option(
        "--strip-metadata",
        is_flag=True,
        help="Strip metadata (GPS, camera, comments) from images.",
    ),
    click.option(
        "--upright",
        is_flag=True,
        help="Apply the orientation in the metadata to the pixels.",
    ),
    click.option(
        "--ignore-orientation",
        "orientation",
        is_flag=True,
        callback=lambda _, __, ignored: "ignore" if ignored else "apply",
        help="Remove the orientation in the metadata; show the pixels as they are stored.",
    ),
    click.option(
        "--rgb",
        "mode",
        is_flag=True,
        callback=lambda _, __, rgb: "RGB" if rgb else None,
        help="Send 8-bit RGB: no CMYK, palette, grayscale or transparency.",
    ),
)

model_option = click.option(
    "-m",
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    envvar="XAI_VISION_MODEL",
    show_envvar=True,
    help="Model to use.",
)
system_option = click.option("--system", metavar="TEXT", help="Instructions for the model.")
listed_option = click.option(
    "--from",
    "listed",
    type=click.File(encoding="utf-8", errors="surrogateescape"),
    metavar="FILE",
    help="A file with the names of more images, one per line; - is standard input.",
)


def _read_schema(_: click.Context, __: click.Parameter, path: Path | None) -> dict[str, Any] | None:
    """Read a JSON schema.

    Raises:
        CliError: The file is not a JSON schema.
    """
    if path is None:
        return None
    try:
        schema = load_json(path.read_bytes())
    except ValueError as error:
        raise CliError(f"{path} is not valid JSON: {error}", Exit.USAGE) from None
    if not isinstance(schema, dict):
        raise CliError(f"{path} is not a JSON schema: it must be an object", Exit.USAGE)
    return schema


schema_option = click.option(
    "--schema",
    "--json-schema",
    "json_schema",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=_read_schema,
    metavar="FILE",
    help="Request JSON that matches this JSON schema.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def service_options(function: F) -> F:
    """Add the options of Service to a command, which gets it as ``service``."""
    return _grouped(function, _SERVICE, "service", Service)


def sampling_options(function: F) -> F:
    """Add the options of Sampling to a command, which gets it as ``sampling``."""
    return _grouped(function, _SAMPLING, "sampling", Sampling)


def image_options(function: F) -> F:
    """Add the options of ImageOptions to a command, which gets it as ``image_options``."""
    return _grouped(function, _IMAGE_OPTIONS, "image_options", ImageOptions)


def _grouped(function: F, options: tuple[Any, ...], name: str, kind: Callable[..., Any]) -> F:
    fields = kind.__dataclass_fields__  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]  # both are dataclasses

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        selected = {field: kwargs.pop(field) for field in fields}
        return function(*args, **kwargs, **{name: kind(**selected)})

    for option in reversed(options):
        option(called)
    return called  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # click reads only its options
