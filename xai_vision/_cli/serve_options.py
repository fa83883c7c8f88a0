"""The options of `xai-vision serve`: from the command line, the environment and the rule file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from xai_vision._cli.exit_codes import CliError, Exit
from xai_vision._cli.terminal import print_note

if TYPE_CHECKING:
    from xai_vision.testing._rule_files.document import Value
    from xai_vision.testing._rule_files.rule_file import RuleFile


@dataclass(frozen=True)
class ServeOptions:
    """The options that a rule file can set too, and those that belong to them.

    Attributes:
        host: The address to listen on.
        grpc_port: The gRPC port.
        http_port: The HTTP port; None without one.
        key: The API key of clients; None generates one.
        admin_token: The token of the admin API; None generates one.
        health: Whether to serve the health service.
        reflection: Whether to serve reflection.
        tls: Whether to serve TLS.
        certificate: The file to write the certificate to.
        log: The file for calls; "-" is stdout.
        inspect: Whether to serve the inspector.
    """

    host: str
    grpc_port: int
    http_port: int | None
    key: str | None
    admin_token: str | None
    health: bool
    reflection: bool
    tls: bool
    certificate: Path | None
    log: str | None
    inspect: bool

    def check(self) -> None:
        """Check what concerns several options.

        Raises:
            click.UsageError: Options contradict each other, or one is missing.
        """
        # Imported on use: it loads the fake server.
        from xai_vision.testing._transport.address import is_loopback

        if self.certificate is not None and not self.tls:
            raise click.UsageError("--certificate needs --tls.")
        if self.grpc_port and self.grpc_port == self.http_port:
            raise click.UsageError("--port and --http-port must differ.")
        for name, secret in (("--key", self.key), ("--admin-token", self.admin_token)):
            if secret is not None and not (secret.isascii() and secret.split() == [secret]):
                raise click.UsageError(
                    f"{name} must consist of printable ASCII characters without spaces."
                )
        if self.key is not None and self.key == self.admin_token:
            raise click.UsageError("--key and --admin-token must differ.")
        if self.inspect and not is_loopback(self.host):
            raise click.UsageError(
                f"--inspect needs a host that other machines cannot reach, because the page shows "
                f"prompts and images, but --host is {self.host}."
            )
        if self.key is None and not is_loopback(self.host):
            raise click.UsageError(
                f"--host {self.host} lets other machines call the server, so it needs a key of "
                "your own: --key, XAI_VISION_SERVE_KEY, or 'serve: {key: ...}' in the rules."
            )


def merge(ctx: click.Context, from_file: Mapping[str, Any]) -> ServeOptions:
    """Return the options: of the command line, else of the environment, else of the rule file."""
    values = {}
    for field in fields(ServeOptions):
        is_default = ctx.get_parameter_source(field.name) == ParameterSource.DEFAULT
        use_file = is_default and field.name in from_file
        values[field.name] = from_file[field.name] if use_file else ctx.params[field.name]
    return ServeOptions(**values)


def load_rules(file: Path, serve: click.Command) -> tuple[RuleFile, dict[str, Any]]:
    """Read a rule file, and print its hints.

    Args:
        file: The file.
        serve: The command whose options the file can set.

    Returns:
        The content, and the options of `serve` in it.

    Raises:
        CliError: The file has errors; the message has a line for each.
    """
    from xai_vision.testing._rule_files.rule_file import check

    rule_file, errors = check(file)
    options = _read_file_options(rule_file.serve, serve)
    for line, text in rule_file.hints:
        print_note(f"{file}:{line}: hint: {text}")
    if errors:
        listed = "\n".join(f"{file}:{line}: {what}" for line, what in sorted(errors))
        count = f"{len(errors)} error{'s' if len(errors) != 1 else ''}"
        raise CliError(f"{count} in the rules\n{listed}", Exit.USAGE)
    return rule_file, options


def _read_file_options(section: Mapping[str, Value], command: click.Command) -> dict[str, Any]:
    """Return the options in a rule file, by the names of the command's parameters.

    Errors are reported to the document of the values.
    """
    parameters = {parameter.name: parameter for parameter in command.params}
    options = {}
    for key, value in section.items():
        name = "grpc_port" if key == "port" else key
        if value.raw is not None:
            options[name] = value.attempt(partial(_convert, parameters[name]))
    return options


def _convert(parameter: click.Parameter, value: Value) -> Any:
    raw, folder = value.raw, value.document.folder
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return raw if isinstance(raw, bool) else value.fail("must be true or false")
    if isinstance(parameter.type, click.IntRange):
        if isinstance(raw, (bool, float)):
            value.fail(f"must be an integer, not {raw!r}")
    elif not isinstance(raw, str):
        value.fail_unquoted()
    elif parameter.name in ("certificate", "log") and raw != "-" and folder is not None:
        raw = str(folder / raw)
    # click's classes declare narrower types than they accept.
    kind: Any = parameter.type
    try:
        return kind.convert(raw, parameter, None)
    except click.BadParameter as error:
        return value.fail(error.message)
