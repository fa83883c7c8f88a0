"""``xai-vision serve``: a standalone fake server."""

from __future__ import annotations

import signal
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Any

import click

from xai_vision._cli.exit_codes import Exit, epilog
from xai_vision._cli.parsing.numbers import Integer
from xai_vision._cli.serve_options import load_rules, merge
from xai_vision._cli.terminal import echo, json_text, print_error, print_note
from xai_vision._record_modes import RECORD_MODES

_PORT = Integer(0, 65535)


def _split_names(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[str]:
    return [name for value in values for name in value.replace(",", " ").split()]


@click.command(
    "serve",
    short_help="Run a fake server for tests.",
    epilog=epilog(
        "xai-vision serve --port 50051 --rules rules.yaml",
        "XAI_API_KEY=... XAI_VISION_HOST=localhost:50051 xai-vision ask Hello photo.jpg",
        "xai-vision serve --host 0.0.0.0 --key our-key --http-port 8080 --health --log -",
    ),
    context_settings={"show_default": True},
)
@click.option(
    "--host",
    metavar="HOST",
    default="127.0.0.1",
    show_envvar=True,
    help="Address to listen on; 0.0.0.0 lets other machines call the server and needs --key.",
)
@click.option(
    "--port",
    "--grpc-port",
    "grpc_port",
    type=_PORT,
    default=0,
    envvar=["XAI_VISION_SERVE_PORT", "XAI_VISION_SERVE_GRPC_PORT"],
    show_envvar=True,
    help="Port of the gRPC server; 0 chooses a free port.",
)
@click.option(
    "--http-port",
    type=_PORT,
    show_envvar=True,
    help='Also serve the REST API and the admin API on this port (extra "http"); 0 chooses one.',
)
@click.option(
    "--rules",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    show_envvar=True,
    help="YAML file with rules and faults; see `xai-vision rules check`.",
)
@click.option(
    "--models",
    multiple=True,
    metavar="NAME",
    callback=_split_names,
    show_default=False,
    show_envvar=True,
    help="Models to add to those that are built in; several with commas.",
)
@click.option(
    "--upstream",
    metavar="HOST",
    show_envvar=True,
    help="Pass the calls that no rule answers to this service: a host such as api.x.ai, with the "
    "key in XAI_API_KEY, or a local server such as openai:http://localhost:11434/v1.",
)
@click.option(
    "--model",
    metavar="NAME",
    show_envvar=True,
    help="The model of an openai: upstream for all requests. Default: that of each request.",
)
@click.option(
    "--cassette",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    show_envvar=True,
    help="Answer the calls that no rule answers from a file of recorded calls.",
)
@click.option(
    "--record",
    type=click.Choice(RECORD_MODES),
    show_envvar=True,
    help="Pass on calls to --upstream and record them in --cassette. Default: none.",
)
@click.option("--seed", type=Integer(), show_envvar=True, help="Random seed. Default: 0.")
@click.option(
    "--eyes",
    is_flag=True,
    show_envvar=True,
    help='Read the text and codes of images for default replies (extra "eyes").',
)
@click.option("--tls", is_flag=True, show_envvar=True, help='Serve TLS (extra "tls").')
@click.option(
    "--certificate",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    show_envvar=True,
    help="Write the certificate that clients have to trust to FILE. Needs --tls.",
)
@click.option(
    "--health", is_flag=True, show_envvar=True, help='Serve grpc.health.v1 (extra "health").'
)
@click.option(
    "--reflection",
    is_flag=True,
    show_envvar=True,
    help='Serve reflection, which grpcurl needs (extra "reflection").',
)
@click.option(
    "--key",
    metavar="KEY",
    show_envvar=True,
    help="The API key of clients. Default: a generated key, printed when the server is ready.",
)
@click.option(
    "--admin-token",
    metavar="TOKEN",
    show_envvar=True,
    help="The token of the admin API. Default: a generated token, printed when the server is "
    "ready. Opens the HTTP port.",
)
@click.option(
    "--log",
    type=click.Path(dir_okay=False, writable=True, allow_dash=True),
    metavar="FILE",
    show_envvar=True,
    help="Append a line of JSON to FILE for each call when it ends; - is stdout.",
)
@click.option(
    "--inspect",
    is_flag=True,
    show_envvar=True,
    help='Serve a page that shows the calls live (extra "http"). Opens the HTTP port.',
)
@click.option(
    "--open",
    "open_page",
    is_flag=True,
    envvar=["XAI_VISION_SERVE_OPEN", "XAI_VISION_SERVE_OPEN_PAGE"],
    show_envvar=True,
    help="Open the page in the browser. Needs --inspect.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    envvar=["XAI_VISION_SERVE_JSON", "XAI_VISION_SERVE_AS_JSON"],
    show_envvar=True,
    help="Print machine-readable JSON lines.",
)
@click.pass_context
def command(ctx: click.Context, /, **_: Any) -> int:
    """Run a fake server until SIGINT or SIGTERM.

    It has no model: it replies with rules, or describes the request. --upstream lets a real service
    or a local model answer instead. The exit code is 1 if a rule
    was not used as often as its `times` says, also a rule of a tenant. The section `serve` of the
    rule file can set options too; the command line and environment variables come first.
    """
    from xai_vision._cli.fake_server import start
    from xai_vision.testing._transport.address import is_loopback

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    rules, as_json = ctx.params["rules"], ctx.params["as_json"]
    rule_file, from_file = load_rules(rules, ctx.command) if rules is not None else (None, {})
    options = merge(ctx, from_file)
    options.check()
    if ctx.params["open_page"] and not options.inspect:
        raise click.UsageError("--open needs --inspect.")
    # A person who experiments does not use every rule.
    settings = {"unused": "allow", **(rule_file.settings if rule_file else {})}
    settings["models"] = [*settings.get("models", ()), *ctx.params["models"]]
    for name in ("seed", "upstream", "model", "cassette", "record"):
        if ctx.params[name] is not None:
            settings[name] = ctx.params[name]
    if ctx.params["eyes"]:
        settings["eyes"] = True
    _check_settings(settings)
    if not is_loopback(options.host):
        encrypted = "" if options.tls else ", and its traffic is not encrypted (see --tls)"
        print_note(
            f"warning: other machines can reach this server on {options.host}{encrypted}", dim=False
        )
    with start(settings, options) as running:
        if rule_file is not None:
            rule_file.apply(running.server)
        if options.certificate is not None:
            options.certificate.write_bytes(running.server.root_certificate)
        _print_ready(running.ready(), options.certificate, as_json=as_json)
        if ctx.params["open_page"]:
            webbrowser.open(running.server.inspect_url)
        # Wake up regularly: on some platforms signals do not interrupt a wait.
        while not stop.wait(0.5):
            pass
        calls = len(running.server.calls)
        if problems := running.problems():
            print_error("\n".join(problems))
            return Exit.FAILED
    if as_json:
        echo(json_text({"stopped": True, "calls": calls}))
    else:
        print_note(f"stopped after {calls} call{'s' if calls != 1 else ''}")
    return Exit.OK


def _check_settings(settings: dict[str, Any]) -> None:
    from xai_vision.testing import Settings

    try:
        Settings().replace(**settings)
    except (TypeError, ValueError) as error:
        raise click.UsageError(f"{error}.") from None


def _print_ready(ready: dict[str, Any], certificate: Path | None, *, as_json: bool) -> None:
    ready = {**ready, "certificate": str(certificate) if certificate else None}
    if as_json:
        echo(json_text(ready))
    else:
        sources = [ready[name] for name in ("cassette", "upstream") if ready[name]]
        source = f"answers come from {' and '.join(sources)}" if sources else "it has no model"
        echo(f"The fake server is ready ({source}):")
        labels = {
            "gRPC": "grpc",
            "REST": "http",
            "key": "api_key",
            "admin": "admin",
            "admin token": "admin_token",
            "inspector": "inspector",
            "certificate": "certificate",
        }
        for label, name in labels.items():
            if ready[name]:
                echo(f"  {label:<13}{ready[name]}")
    sys.stdout.flush()
