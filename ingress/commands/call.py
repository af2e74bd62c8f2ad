"""`backroom call`."""

import re
import sys
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from actions.action import PagedAction
from actions.catalog import named
from actions.checking import made
from actions.errors import BadAction
from ingress.commands.opening import opened, run_async
from ingress.commands.printing import as_json
from workers.keys import KEEP_SECONDS
from workers.lightspeed import Lightspeed, lightspeed

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
) -> None:
    """Run the action NAME at a retailer and print its result as JSON.

    Exit codes: 3 no answer or an outage, 4 rate limit, 5 token or scope, 6 not found, 7 refused,
    8 unreadable answer, 9 nobody knows whether it was done.
    """
    kind = named(name)
    action = made(kind, _given(body) | dict(map(_pair, parameters)), strict=False)
    if every and not isinstance(action, PagedAction):
        raise BadAction(f"{name} is no list, so there is no --all.")
    if enqueue and (every or api_version):
        raise BadAction("A job takes neither --all nor --api-version.")
    if api_version and not _VERSION.fullmatch(api_version):
        raise BadAction(f"{api_version[:60]!r} is no version: write it like 2026-07.")
    async with opened(quiet=True) as ours:
        prefix = await ours.prefix(retailer)
        version = api_version or ours.settings.lightspeed_api_version
        settings = msgspec.structs.replace(ours.settings, lightspeed_api_version=version)
        async with lightspeed(settings, ours.database, ours.vault) as reach:
            if enqueue:
                as_json({"job_id": await reach.enqueue(action, prefix, keep=keep)})
            elif every and isinstance(action, PagedAction):
                await _print_all(reach, action, prefix)
            else:
                result = await reach.call(action, prefix)
                click.echo(msgspec.json.format(_json.encode(result), indent=2))


async def _print_all(reach: Lightspeed, action: PagedAction[Any], prefix: str) -> None:
    count = 0
    with Console(stderr=True).status("…") as status:  # away from a terminal it shows nothing
        async for item in reach.client.items(action, prefix):
            click.echo(_json.encode(item))
            count += 1
            if count % _SHOW_EVERY == 0:
                status.update(f"{count:,} items")


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
