"""``xai-vision completion``: the script that completes the command in a shell."""

from __future__ import annotations

import click

from xai_vision._cli.exit_codes import epilog


@click.command(
    "completion",
    short_help="Print the completion script of a shell.",
    epilog=epilog(
        'eval "$(xai-vision completion bash)"      in ~/.bashrc',
        'eval "$(xai-vision completion zsh)"       in ~/.zshrc',
        "xai-vision completion fish > ~/.config/fish/completions/xai-vision.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes commands, options and files in SHELL."""
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    from xai_vision._cli.app import NAME
    from xai_vision._cli.app import command as whole

    classes = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    variable = f"_{NAME.replace('-', '_').upper()}_COMPLETE"
    completion = classes[shell](whole, {}, NAME, variable)
    click.echo(completion.source_template % completion.source_vars())
