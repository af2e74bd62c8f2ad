"""`backroom doctor`."""

import contextlib
import os
import sys
from typing import Final

import click
from msgspec.structs import replace

from ingress.api.access import OURS
from ingress.commands.opening import run_async
from ingress.commands.printing import as_json, table
from workers import logs, settings
from workers.doctor import examination
from workers.doctor.examination import examine

CHECKS: Final = (*examination.CHECKS, *OURS)
"""Every check, in the order in which they are told."""


@click.command()
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def command(*, in_json: bool) -> None:
    """Say what is wrong and how to mend it: one line for each check.

    Exit code 1 when something is wrong; a warning leaves it at 0.
    """
    ours, refused = settings.examined(os.environ)
    logs.set_up(replace(ours, log_level="warning"), sys.stderr)
    with contextlib.redirect_stdout(sys.stderr):  # a plugin may print when it is imported
        findings = await examine(ours, refused, os.environ, OURS)
    if in_json:
        as_json(findings)
    else:
        table(("", "check", "found"), [(one.level, one.check, one) for one in findings])
    if any(one.level == "wrong" for one in findings):
        raise click.exceptions.Exit(1)
