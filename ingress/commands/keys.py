"""`backroom keys`: those that seal what is kept, and those that programs come in with."""

from datetime import UTC, datetime, timedelta

import click

from actions.catalog import CATALOG
from actions.resealing import reseal
from actions.vault import new_key
from ingress.api.keys import A_MINUTE, ApiKey, ApiKeys, BadKey
from ingress.commands.opening import opened, run_async
from ingress.commands.printing import as_json, clock, table


@click.group()
def command() -> None:
    """Make keys for BACKROOM_KEYS, and API keys for programs and agents."""


@command.command()
def new() -> None:
    """Print a fresh key for BACKROOM_KEYS.

    Put it in front of the old ones, with a comma: the first seals, every one opens.
    """
    click.echo(new_key())


@command.command()
@run_async
async def rotate() -> None:
    """Seal tokens and webhook keys with the first key of BACKROOM_KEYS; nothing need stop.

    Give every process the new key in front of the old ones before.
    """
    async with opened() as ours:
        count = await reseal(ours.database, ours.vault)
    click.echo(f"Sealed anew: tokens and webhook keys of {count} retailers.")


@command.command()
@click.argument("name")
@click.option(
    "--retailer", "retailers", multiple=True, metavar="PREFIX", help="Whose store.  [all]"
)
@click.option("--actions", multiple=True, metavar="PATTERN", help="Such as 'List*'.  [all]")
@click.option("--read-only", is_flag=True, help="No action that writes.")
@click.option("--allow-writes", is_flag=True, help="Agents may write without a preview before.")
@click.option("--expires", metavar="DAYS", type=click.IntRange(1, 3650), help="Not after that.")
@click.option(
    "--a-minute",
    type=click.IntRange(1, 1_000_000),
    default=A_MINUTE,
    show_default=True,
    help="Calls that it may make in a minute.",
)
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def create(  # noqa: PLR0913 - one parameter for each option
    name: str,
    retailers: tuple[str, ...],
    actions: tuple[str, ...],
    expires: int | None,
    a_minute: int,
    *,
    read_only: bool,
    allow_writes: bool,
    in_json: bool,
) -> None:
    """Make an API key called NAME and print it: it is shown this once.

    It is for the API and for agents, and works at once in every process.
    """
    now = datetime.now(UTC)
    key = ApiKey(
        name=name,
        hint="",
        created_at=now,
        retailers=retailers,
        actions=actions,
        read_only=read_only,
        allow_writes=allow_writes,
        expires_at=now + timedelta(days=expires) if expires else None,
        a_minute=a_minute,
    )
    if not any(key.may(kind) for kind in CATALOG.values()):
        raise BadKey("This key could run no action: see `backroom actions` for their names.")
    async with opened(quiet=True) as ours:
        made = (await ApiKeys(ours.database).create(key)).reveal()
    if in_json:
        as_json({"name": name, "key": made})
    else:
        click.echo(made)


@command.command("list")
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def list_(*, in_json: bool) -> None:
    """List the API keys: what each may do, and when it was used last."""
    async with opened(quiet=True) as ours:
        found = await ApiKeys(ours.database).all()
    if in_json:
        as_json(found)
    elif not found:
        click.echo("There is no API key: make one with `backroom keys create NAME`.")
    else:
        columns = ("name", "begins", "retailers", "actions", "may", "last used", "expires")
        table(columns, (_row(one.key, one.used_at) for one in found))


@command.command()
@click.argument("name")
@run_async
async def revoke(name: str) -> None:
    """Take the API key called NAME away: at once, in every process."""
    async with opened(quiet=True) as ours:
        await ApiKeys(ours.database).revoke(name)
    click.echo(f"{name} is revoked.")


def _row(key: ApiKey, used_at: datetime | None) -> tuple[str, ...]:
    may = "read" if key.read_only else "write" if key.allow_writes else "write, agents preview"
    return (
        key.name,
        f"{key.hint}…",
        " ".join(key.retailers) or "all",
        " ".join(key.actions) or "all",
        may,
        clock(used_at) if used_at else "never",
        clock(key.expires_at) if key.expires_at else "never",
    )
