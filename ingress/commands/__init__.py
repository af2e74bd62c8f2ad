"""The command line: one command, one module, imported only when it is called."""

import importlib
import sys
from typing import Final

import click

from actions.errors import BackroomError

COMMANDS: Final = {
    "demo": "Show webhooks reaching a plugin, on a real Redis, in one terminal.",
    "simulator": "Serve Lightspeed X-Series on localhost, to try and test against.",
    "web": "Serve the ingress: verify, store and acknowledge webhooks.",
    "worker": "Run the worker: dispatch events to the plugins' subscribers.",
    "connect": "Link a retailer, register its webhooks and print their URLs.",
    "disconnect": "Delete our webhooks at a retailer, and forget it.",
    "webhooks": "Compare a retailer's webhooks with what is wanted, and mend them.",
    "retailers": "List the retailers that are linked.",
    "actions": "List the 57 actions, or show one with its parameters.",
    "call": "Run one action now and print its result, or enqueue it.",
    "jobs": "List jobs: what waits, what runs, what is over.",
    "job": "Show one job, follow it to its end, or cancel it.",
    "budget": "Show what each retailer's rate limit leaves, and what waits for it.",
    "stock": "Adjust stock from a CSV file, or list the adjustments made.",
    "trigger": "Post a signed sample delivery to the running ingress.",
    "events": "List the inbox, or show one event whole.",
    "failed": "List what subscribers gave up, grouped by cause.",
    "replay": "Run subscribers again from the inbox.",
    "plugins": "List the plugins that are loaded and what they want.",
    "doctor": "Say what is wrong and how to mend it.",
    "mcp": "Serve an agent on stdin and stdout, over MCP: a tool for each action.",
    "keys": "Make a key for BACKROOM_KEYS, or API keys for programs and agents.",
}
"""Every command and what it does."""

_INTERRUPTED = 130


class _Commands(click.Group):
    """Commands by name, so that `--help` imports none of them."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"ingress.commands.{name}").command
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Commands)
@click.version_option(package_name="backroom", message="backroom %(version)s")
def cli() -> None:
    """Run your own connector for Lightspeed Retail X-Series.

    Exit codes: 0 done, 1 it could not be done, 2 a wrong setting or call, 130 interrupted.
    """


def main() -> None:
    """Run the command line; whatever a user can cause ends in one sentence."""
    try:
        code = cli.main(prog_name="backroom", standalone_mode=False)
    except BackroomError as error:
        click.echo(f"backroom: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(_INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)
