"""`backroom call`."""

import re
import sys
from math import inf
from pathlib import Path
from typing import Any

import click
import msgspec

from actions.action import Action, PagedAction
from actions.catalog import named
from actions.checking import made
from actions.client import Client
from actions.errors import BadAction
from ingress.commands.opening import opened, run_async
from ingress.commands.printing import as_json
from ingress.commands.waiting import progress
from workers.keys import KEEP_SECONDS
from workers.lightspeed import lightspeed

_json = msgspec.json.Encoder(decimal_format="number")
_SHOW_EVERY = 100
_VERSION = re.compile(r"\d{4}-\d{2}")


@click.command()
@click.argument("name")
@click.argument("parameters", nargs=-1, metavar="[KEY=VALUE]…")
@click.option("--retailer", metavar="PREFIX", help="Whose store.  [the only one]")
@click.option("--body", metavar="JSON|@FILE|-", help="Parameters as a JSON object.")
@click.option("--all", "every", is_flag=True, help="Every item over all pages, one a line.")
@click.option("--enqueue", is_flag=True, help="As a job; prints its id.")
@click.option(
    "--keep",
    type=click.IntRange(0, 365 * 86_400),
    default=KEEP_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How long a job is kept once it is over.",
)
@click.option("--no-wait", is_flag=True, help="Fail at once where the rate limit is reached.")
@click.option("--api-version", default="", metavar="YYYY-MM", help="Another dated version.")
@run_async
async def command(  # noqa: PLR0913 - one parameter for each option
    name: str,
    parameters: tuple[str, ...],
    retailer: str | None,
    body: str | None,
    keep: int,
    api_version: str,
    *,
    every: bool,
    enqueue: bool,
    no_wait: bool,
) -> None:
    """Run the action NAME at a retailer and print its result as JSON.

    Where the rate limit is reached it waits, and says on a terminal for how long.

    Exit codes: 3 no answer or an outage, 4 rate limit, 5 token or scope, 6 not found, 7 refused,
    8 unreadable answer, 9 nobody knows whether it was done.
    """
    kind = named(name)
    action = made(kind, _given(body) | dict(map(_pair, parameters)), strict=False)
    if every and not isinstance(action, PagedAction):
        raise BadAction(f"{name} is no list, so there is no --all.")
    if enqueue and (every or no_wait or api_version):
        raise BadAction("A job takes none of --all, --no-wait and --api-version.")
    if api_version and not _VERSION.fullmatch(api_version):
        raise BadAction(f"{api_version[:60]!r} is no version: write it like 2026-07.")
    async with opened(quiet=True) as ours:
        prefix = await ours.prefix(retailer)
        patience = 0 if no_wait else inf
        version = api_version or ours.settings.lightspeed_api_version
        settings = msgspec.structs.replace(ours.settings, lightspeed_api_version=version)
        async with lightspeed(settings, ours.database, ours.vault) as reach:
            if enqueue:
                as_json({"job_id": await reach.enqueue(action, prefix, keep=keep)})
            else:
                await _print(reach.client, action, prefix, every=every, patience=patience)


async def _print(
    client: Client, action: Action[Any], prefix: str, *, every: bool, patience: float
) -> None:
    async with progress(client.budget, action.operation.name, prefix) as note:
        if every and isinstance(action, PagedAction):
            count = 0
            async for item in client.items(action, prefix, patience=patience):
                click.echo(_json.encode(item))  # bytes: text would go where the progress line is
                count += 1
                if count % _SHOW_EVERY == 0:
                    note(f"{count:,} items")
            return
        result = await client.call(action, prefix, patience=patience)
    click.echo(msgspec.json.format(_json.encode(result), indent=2))


def _pair(text: str) -> tuple[str, Any]:
    """Read `KEY=VALUE`; a value that looks like JSON's list, object, text or null is that."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise BadAction(f"{text[:60]!r} is no parameter: write KEY=VALUE.")
    if value == "null" or value[:1] in {"[", "{", '"'}:
        return key, _decoded(value.encode(errors="surrogateescape"), f"the value of {key}")
    return key, value


def _given(body: str | None) -> dict[str, Any]:
    if body is None:
        return {}
    if body == "-":
        given, where = sys.stdin.buffer.read(), "standard input"
    elif body.startswith("@"):
        where = body[1:] or "."
        try:
            given = Path(where).read_bytes()
        except OSError as error:
            raise BadAction(f"{where} cannot be read: {error.strerror}.") from None
    else:
        given, where = body.encode(errors="surrogateescape"), "--body"
    found = _decoded(given, where)
    if not isinstance(found, dict):
        raise BadAction(f"{where} must hold a JSON object: the parameters by name.")
    return found


def _decoded(given: bytes, where: str) -> Any:
    try:
        return msgspec.json.decode(given)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAction(f"{where} is no JSON: {error}.") from None
