"""``xai-vision conformance``: where the fake server differs from the real service."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from xai_vision.__about__ import __version__
from xai_vision._cli.exit_codes import CliError, Exit, epilog
from xai_vision._cli.options import Service, json_option, model_option, service_options
from xai_vision._cli.terminal import clean, console, print_json, print_note

if TYPE_CHECKING:
    from xai_vision._cli.conformance.checks import Check
    from xai_vision._cli.conformance.comparison import Result
    from xai_vision._cli.conformance.session import Session

_KEY_STATUSES: Final = ("UNAUTHENTICATED", "PERMISSION_DENIED")
# A model may count images higher than the fake server, and think before it answers.
_PROMPT_FACTOR: Final = 3
_THOUGHT_TOKENS: Final = 1_000
_LOCAL: Final = ("localhost", "127.0.0.1", "[::1]")


@click.command(
    "conformance",
    short_help="Check the fake server, or compare it with Grok.",
    epilog=epilog(
        "xai-vision conformance",
        "XAI_API_KEY=... xai-vision conformance --live --output differences.json",
        "xai-vision conformance --live --only tokens-low --only tokens-high",
    ),
)
@click.option("--live", is_flag=True, help="Call the real service too, and show the differences.")
@click.option("--yes", is_flag=True, help="Do not ask before calls that cost money.")
@click.option("--only", multiple=True, metavar="NAME", help="Run this check; see --list.")
@click.option("--list", "list_only", is_flag=True, help="List the checks, and make no calls.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write the results to FILE as JSON, without keys and ids, to send to us.",
)
@model_option
@json_option
@service_options
def command(
    *,
    live: bool,
    yes: bool,
    only: tuple[str, ...],
    list_only: bool,
    output: Path | None,
    model: str,
    as_json: bool,
    service: Service,
) -> int:
    """Compare the fake server with the service.

    Run a fixed script of calls, and show where the fake server differs from the service.

    Without --live, only the fake server is called, which needs no key: the exit code is 1 if a
    check does not have its expected status. With --live, the script also runs with the key in
    XAI_API_KEY, after a question that names the cost; the exit code is 1 if something differs.
    """
    from xai_vision._cli.conformance.comparison import Result, compare, run_checks, unexpected

    checks = _select(only)
    if list_only:
        for check in checks:
            click.echo(f"{check.name:<18}{check.question}")
        return Exit.OK
    if live and service.fake:
        raise click.UsageError("--live and --fake exclude each other.")
    if output is not None and not output.parent.is_dir():
        # An error after the calls would lose results that cost money.
        raise click.UsageError(f"--output: there is no folder {str(output.parent)!r}. Create it.")
    with _fake_session(model) as session:
        fake = run_checks(checks, session, lambda _: None)
        estimate = session
    if not live:
        results = [Result(check, facts) for check, facts in zip(checks, fake, strict=True)]
        failed = unexpected(results)
    else:
        with _live_session(model, service) as session:
            _confirm(session, estimate, yes=yes)
            facts = run_checks(checks, session, lambda name: print_note(f"  {name} ..."))
        results = compare(checks, fake, facts)
        failed = [result for result in results if result.differences]
    report = _report(results, model, service.host if live else None)
    if output is not None:
        output.write_text(f"{json.dumps(report, indent=2, ensure_ascii=False)}\n", "utf-8")
        print_note(f"The results are in {output}.")
    if as_json:
        print_json(report)
    else:
        _show(results, live=live)
    return Exit.FAILED if failed else Exit.OK


def _select(only: Sequence[str]) -> list[Check]:
    from xai_vision._cli.conformance.checks import CHECKS
    from xai_vision._validation import did_you_mean

    names = [check.name for check in CHECKS]
    for name in only:
        if name not in names:
            hint = did_you_mean(name, names) or "; see --list"
            raise click.UsageError(f"--only: there is no check {name!r}{hint}.")
    return [check for check in CHECKS if not only or check.name in only]


@contextmanager
def _fake_session(model: str) -> Iterator[Session]:
    from xai_vision._cli.conformance.session import open_session
    from xai_vision.testing import FakeServer

    with FakeServer(unused="allow") as server:
        if model not in server.models:
            server.models.add(model)  # The service may have newer ones.
        with open_session(server.target, server.api_key, model, tls=False) as session:
            yield session


@contextmanager
def _live_session(model: str, service: Service) -> Iterator[Session]:
    from xai_vision._cli.conformance.session import open_session

    key = os.environ.get("XAI_API_KEY", "").strip()
    if not key:
        raise CliError("no API key: set the environment variable XAI_API_KEY", Exit.KEY)
    host, _, port = service.host.rpartition(":") if ":" in service.host else (service.host, "", "")
    tls = not service.plaintext and host not in _LOCAL
    file = service.root_certificate
    certificate = None if file is None else file.read_bytes()
    target = f"{host}:{port or 443}"
    with open_session(target, key, model, tls=tls, root_certificate=certificate) as session:
        yield session


def _confirm(session: Session, estimate: Session, *, yes: bool) -> None:
    """Say what the script costs, and ask whether to go on.

    Raises:
        CliError: The service cannot be called, does not have the model, or nobody can be asked.
    """
    from xai_vision._cli.prices import TICKS_PER_USD
    from xai_vision.proto import models_pb2
    from xai_vision.proto.models_pb2_grpc import Models

    request = models_pb2.GetModelRequest(name=session.model)
    outcome = session.invoke(Models.GetLanguageModel, request)
    if outcome.message is None:
        code = Exit.KEY if outcome.status in _KEY_STATUSES else Exit.SERVICE
        code = Exit.REFUSED if outcome.status == "NOT_FOUND" else code
        raise CliError(f"{outcome.status}: {clean(outcome.details)}", code)
    model = outcome.message
    prompt = max(model.prompt_text_token_price, model.prompt_image_token_price)
    answer = model.completion_text_token_price
    low = estimate.prompt_tokens * prompt + estimate.completion_tokens * answer
    high = (
        estimate.prompt_tokens * prompt * _PROMPT_FACTOR + estimate.calls * _THOUGHT_TOKENS * answer
    )
    print_note(
        f"The script makes about {estimate.calls} calls with {model.name}. They cost from "
        f"${low / TICKS_PER_USD:.2f} to ${high / TICKS_PER_USD:.2f}, and send some 60 MB.",
        dim=False,
    )
    if yes:
        return
    if not sys.stdin.isatty():
        raise CliError("the calls cost money: pass --yes to make them", Exit.USAGE)
    if not click.confirm("Make these calls?", err=True):
        raise CliError("no calls were made", Exit.FAILED)


def _report(results: Sequence[Result], model: str, host: str | None) -> dict[str, Any]:
    return {
        "version": __version__,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "model": model,
        "host": host,
        "checks": [result.to_json() for result in results],
    }


def _show(results: Sequence[Result], *, live: bool) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("check", "fact", "fake", "live") if live else ("check", "expected", "fake"):
        table.add_column(head, overflow="fold")
    for result in results:
        if not live:
            table.add_row(result.check.name, result.check.expected, result.fake["status"])
        for name in result.differences:
            theirs = (result.live or {}).get(name)
            table.add_row(result.check.name, name, _cell(result.fake.get(name)), _cell(theirs))
    same = sum(not result.differences for result in results)
    if not live or same < len(results):
        console().print(table)
    if live:
        click.echo(f"{same} of {len(results)} checks have no differences.")


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return clean(", ".join(map(str, value)) or "none")
    return "" if value is None else clean(str(value))
