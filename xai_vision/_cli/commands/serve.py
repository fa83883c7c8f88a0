"""``xai-vision serve``: a standalone fake server."""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import click

from xai_vision._cli.exit_codes import Exit, epilog
from xai_vision._cli.terminal import clean, print_error, print_note


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
    help="Port of the gRPC server; 0 chooses a free port.",
)
@click.option(
    "--http-port",
    type=click.IntRange(0, 65535),
    show_envvar=True,
    help='Also serve the REST API on this port (extra "http"); 0 chooses a free port.',
)
@click.option(
    "--rules",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    show_envvar=True,
    help="YAML file with rules and faults; see `xai-vision rules check`.",
)
@click.option("--seed", type=int, default=0, show_envvar=True, help="Random seed.")
@click.option("--tls", is_flag=True, show_envvar=True, help='Serve TLS (extra "tls").')
@click.option(
    "--certificate",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    show_envvar=True,
    help="Write the certificate that clients have to trust to FILE. Needs --tls.",
)
@click.option(
    "--key",
    metavar="KEY",
    show_envvar=True,
    help="The API key of clients. Default: a generated key, printed when the server is ready.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    show_envvar=True,
    help="Print machine-readable JSON lines.",
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
    """Run a fake server on this machine until SIGINT or SIGTERM.

    It has no model: it replies with rules, or describes the request. The exit code is 1 if a rule
    was not used as often as its `times` says.
    """
    if certificate is not None and not tls:
        raise click.UsageError("--certificate needs --tls.")
    if grpc_port and grpc_port == http_port:
        raise click.UsageError("--grpc-port and --http-port must differ.")
    if key is not None and not (key.isascii() and key.isprintable() and key.split() == [key]):
        raise click.UsageError("--key must consist of printable ASCII characters without spaces.")
    from xai_vision._cli.commands.rules import load_rules
    from xai_vision._cli.fake_server import start

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    rule_file = load_rules(rules) if rules is not None else None
    # A person who experiments does not use every rule.
    settings = {"unused": "allow", **(rule_file.settings if rule_file else {}), "seed": seed}
    with start(settings, grpc_port=grpc_port, http_port=http_port, tls=tls, key=key) as running:
        if rule_file is not None:
            rule_file.apply(running.server)
        if certificate is not None:
            certificate.write_bytes(running.server.root_certificate)
        _print_ready(running.ready(), certificate, as_json=as_json)
        # Wake up regularly: on some platforms signals do not interrupt a wait.
        while not stop.wait(0.5):
            pass
        calls = len(running.server.calls)
        try:
            running.server.verify()
        except AssertionError as error:
            print_error(str(error))
            return Exit.FAILED
    if as_json:
        click.echo(json.dumps({"stopped": True, "calls": calls}))
    else:
        print_note(f"stopped after {calls} call{'s' if calls != 1 else ''}")
    return Exit.OK


def _print_ready(ready: dict[str, Any], certificate: Path | None, *, as_json: bool) -> None:
    ready = {**ready, "certificate": str(certificate) if certificate else None}
    if as_json:
        click.echo(json.dumps(ready))
    else:
        click.echo("The fake server is ready (it has no model):")
        shown = {"gRPC": ready["grpc"], "REST": ready["http"], "key": ready["api_key"]}
        for name, value in {**shown, "certificate": ready["certificate"]}.items():
            if value:
                click.echo(clean(f"  {name:<12}{value}"))
    sys.stdout.flush()
