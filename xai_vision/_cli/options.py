"""Options that several commands share."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xai_vision._cli.exit_codes import Exit, Failure

if TYPE_CHECKING:
    from xai_vision.imaging import Detail

__all__ = [
    "DEFAULT_MODEL",
    "Looking",
    "Service",
    "json_option",
    "looking_options",
    "model_option",
    "read_schema",
    "schema_option",
    "service_options",
    "system_option",
]

DEFAULT_MODEL = "grok-4"

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Service:
    """Whom to ask, and how long to wait."""

    host: str
    fake: bool
    timeout: float | None
    root_certificate: Path | None
    plaintext: bool


@dataclass(frozen=True)
class Looking:
    """How pictures are made ready, and how closely the model looks."""

    detail: Detail
    max_side: int | None
    fit: bool
    strip_metadata: bool


_SERVICE = (
    click.option("--fake", is_flag=True, help="Ask an embedded fake server, not Grok; no key."),
    click.option(
        "--host",
        default="api.x.ai",
        show_default=True,
        envvar="XAI_VISION_HOST",
        show_envvar=True,
        metavar="HOST[:PORT]",
        help="Whom to ask; a server of `xai-vision serve`, for one.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="For each call. Default: 27 minutes.",
    ),
    click.option(
        "--root-certificate",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        envvar="XAI_VISION_ROOT_CERTIFICATE",
        help="PEM of the certificate to trust instead of the usual ones.",
    ),
    click.option(
        "--plaintext",
        is_flag=True,
        envvar="XAI_VISION_PLAINTEXT",
        help="No TLS: the key and the pictures can be read on the way.",
    ),
)
_LOOKING = (
    click.option(
        "--detail",
        type=click.Choice(["auto", "low", "high"]),
        default="auto",
        show_default=True,
        help="How closely to look: low costs the fewest tokens, high keeps fine details.",
    ),
    click.option(
        "--max-side",
        type=click.IntRange(min=1),
        metavar="PIXELS",
        help="Make larger pictures smaller before they are sent.",
    ),
    click.option("--fit", is_flag=True, help="Make pictures over 20 MiB fit, with some loss."),
    click.option(
        "--strip-metadata",
        is_flag=True,
        help="Take out place, camera and comments before a picture is sent.",
    ),
)

model_option = click.option(
    "-m",
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    envvar="XAI_VISION_MODEL",
    show_envvar=True,
    help="Which model.",
)
system_option = click.option("--system", metavar="TEXT", help="Instructions for the model.")
schema_option = click.option(
    "--json-schema",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Have the answer be JSON of this JSON schema.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def service_options(function: F) -> F:
    """Give a command the options of Service, and hand it one as ``service``."""
    return _grouped(function, _SERVICE, "service", Service)


def looking_options(function: F) -> F:
    """Give a command the options of Looking, and hand it one as ``looking``."""
    return _grouped(function, _LOOKING, "looking", Looking)


def _grouped(function: F, options: tuple[Any, ...], name: str, kind: Callable[..., Any]) -> F:
    fields = kind.__dataclass_fields__  # type: ignore[attr-defined]  # both are dataclasses

    @functools.wraps(function)
    def called(*args: Any, **given: Any) -> Any:
        chosen = {field: given.pop(field) for field in fields}
        return function(*args, **given, **{name: kind(**chosen)})

    for option in reversed(options):
        option(called)
    return called  # type: ignore[return-value]  # click looks at its options only


def read_schema(path: Path | None) -> dict[str, Any] | None:
    """Read a JSON schema.

    Raises:
        Failure: It is none.
    """
    if path is None:
        return None
    try:
        schema = json.loads(path.read_bytes())
    except ValueError as error:
        raise Failure(f"{path} holds no JSON: {error}", Exit.USAGE) from None
    if not isinstance(schema, dict):
        raise Failure(f"{path} holds no JSON schema: it is not an object", Exit.USAGE)
    return schema
