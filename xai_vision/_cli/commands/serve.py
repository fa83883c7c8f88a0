"""``xai-vision serve``: the fake as a server of its own."""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import click

from xai_vision._cli.exit_codes import Exit, epilog
from xai_vision._cli.terminal import clean, complain, note

__all__ = ["command"]


@click.command(
    "serve",
    epilog=epilog(
        "xai-vision serve --grpc-port 50051 --rules rules.yaml",
        "XAI_API_KEY=... XAI_VISION_HOST=localhost:50051 xai-vision ask Hello photo.jpg",
    ),
    context_settings={"show_default": True},
)
@click.option(
    "--grpc-port",
    type=click.IntRange(0, 65535),
    default=0,
    show_envvar=True,
    help="Where gRPC is served; 0 is any free port.",
)
@click.option(
    "--http-port",
    type=click.IntRange(0, 65535),
    show_envvar=True,
    help='Serve REST as well, there (extra "http"); 0 is any free port.',
)
@click.option(
    "--rules",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    show_envvar=True,
    help="What to answer, a YAML file; see `xai-vision rules check`.",
)
@click.option("--seed", type=int, default=0, show_envvar=True, help="Where chance starts.")
@click.option("--tls", is_flag=True, show_envvar=True, help='Serve TLS (extra "tls").')
@click.option(
    "--certificate",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    show_envvar=True,
    help="Where to write the certificate that clients have to trust. Needs --tls.",
)
@click.option(
    "--key",
    metavar="KEY",
    show_envvar=True,
    help="The API key clients use. Default: a new one, told when the server is ready.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    show_envvar=True,
    help="Say what is said in JSON, a line each.",
)
def command(
    *,
    grpc_port: int,
    http_port: int | None,
    rules: Path | None,
    seed: int,
    tls: bool,
    certificate: Path | None,
    key: str | None,
    as_json: bool,
) -> int:
    """Serve a fake of the service on this machine until SIGINT or SIGTERM.

    No model is behind it: it describes what arrives, or answers by rules. It ends with code 1 if
    a rule's `times` was not met, or exceeded.
    """
    if certificate is not None and not tls:
        raise click.UsageError("--certificate is for --tls.")
    if grpc_port and grpc_port == http_port:
        raise click.UsageError("--grpc-port and --http-port cannot be the same.")
    if key is not None and not (key.isascii() and key.isprintable() and key.split() == [key]):
        raise click.UsageError("--key: printable ASCII characters without spaces.")
    from xai_vision._cli.commands.rules import load
    from xai_vision._cli.fake_server import start

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    told = load(rules) if rules is not None else None
    # Whoever tries things out by hand uses some rules and not others.
    settings = {"unused": "allow", **(told.settings if told else {}), "seed": seed}
    with start(settings, grpc_port=grpc_port, http_port=http_port, tls=tls, key=key) as running:
        if told is not None:
            told.apply(running.server)
        if certificate is not None:
            certificate.write_bytes(running.server.root_certificate)
        _say_ready(running.ready(), certificate, as_json=as_json)
        # Woken up now and then, for platforms where waiting is not interrupted by signals.
        while not stop.wait(0.5):
            pass
        calls = len(running.server.calls)
        try:
            running.server.verify()
        except AssertionError as error:
            complain(str(error))
            return Exit.FAILED
    if as_json:
        click.echo(json.dumps({"stopped": True, "calls": calls}))
    else:
        note(f"stopped after {calls} call{'s' if calls != 1 else ''}")
    return Exit.OK


def _say_ready(ready: dict[str, Any], certificate: Path | None, *, as_json: bool) -> None:
    ready = {**ready, "certificate": str(certificate) if certificate else None}
    if as_json:
        click.echo(json.dumps(ready))
    else:
        click.echo("A fake of xAI's service, with no model behind it, is ready:")
        shown = {"gRPC": ready["grpc"], "REST": ready["http"], "key": ready["api_key"]}
        for name, value in {**shown, "certificate": ready["certificate"]}.items():
            if value:
                click.echo(clean(f"  {name:<12}{value}"))
    sys.stdout.flush()
