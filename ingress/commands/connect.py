"""`backroom connect`."""

import sys
from typing import Final

import click

from actions.connections import Connection, domain_prefix
from actions.grants import Grants, Pair
from actions.secret import Secret
from ingress.commands.opening import Opened, opened, run_async
from ingress.commands.printing import as_json, table
from ingress.urls import webhook_urls
from workers.hooks.mending import Hooks
from workers.hooks.report import Report
from workers.hooks.wanted import want_all
from workers.lightspeed import lightspeed

_SECONDS: Final = 5.0
"""For the webhooks: somebody waits, and a worker does it otherwise."""


@click.command()
@click.argument("prefix", required=False)
@click.option(
    "--personal-token",
    metavar="TOKEN",
    envvar="LIGHTSPEED_PERSONAL_TOKEN",
    help="A token from the store's setup pages; `-` reads it from stdin.",
)
@click.option(
    "--unsigned",
    is_flag=True,
    help="Its webhooks were added by hand at the store: the vendor signs none of them.",
)
@click.option("--no-webhooks", is_flag=True, help="Register none at Lightspeed.")
@click.option("--all-events", is_flag=True, help="Register every type, whatever plugins want.")
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def command(
    prefix: str | None,
    personal_token: str | None,
    *,
    unsigned: bool,
    no_webhooks: bool,
    all_events: bool,
    in_json: bool,
) -> None:
    """Link a retailer and print its webhook URLs; without PREFIX, print the OAuth link.

    Its webhooks are registered at Lightspeed; where that fails it is linked all the same, and
    workers try again.

    PREFIX is kowhai for kowhai.retail.lightspeed.app. A retailer that is linked already gets
    the new token and keeps its URLs. Whoever opens the OAuth link in a browser links a store.
    """
    if prefix is None:
        source = click.get_current_context().get_parameter_source("personal_token")
        is_given = source is click.core.ParameterSource.COMMANDLINE
        if is_given or unsigned or no_webhooks:
            raise click.UsageError("Give PREFIX too: whose token is it?")
        await _print_link(all_events=all_events, in_json=in_json)
        return
    retailer = domain_prefix(prefix)
    if personal_token is None:
        raise click.UsageError("Give --personal-token, or no PREFIX for the OAuth link.")
    token = Secret(_given(personal_token))
    async with opened() as ours:
        await Grants(ours.database, ours.vault).keep(retailer, Pair(access=token))
        kept = await ours.connections.link(retailer, unsigned=unsigned)
        urls = webhook_urls(kept, ours.settings.base_url)
        if all_events:
            await want_all(ours.database, [retailer], every=True)
        report = None if no_webhooks else await _registered(ours, kept)
    there = report.present + report.created if report else []
    if in_json:
        key = kept.webhook_key.reveal()
        as_json(
            {"retailer": retailer, "webhook_key": key, "webhook_urls": urls, "registered": there}
        )
        return
    signing = "unsigned" if kept.unsigned else "signed"
    click.echo(f"{retailer} is linked; its deliveries must be {signing}. Webhook URLs:\n")
    rows = [(name, url, "registered" if name in there else "") for name, url in urls.items()]
    table(("event type", "url", ""), rows)


async def _registered(ours: Opened, connection: Connection) -> Report:
    """Register a retailer's webhooks, or say why not: it is linked in any case."""
    async with lightspeed(ours.settings, ours.database, ours.vault) as reach:
        hooks = Hooks(ours.settings, ours.database, reach.client)
        report = await hooks.mend(connection, _SECONDS)
    for said in report.problems:
        click.echo(f"backroom: Webhooks were not registered. {said}", err=True)
    return report


async def _print_link(*, all_events: bool, in_json: bool) -> None:
    async with opened() as ours:
        async with lightspeed(ours.settings, ours.database, ours.vault) as reach:
            application = reach.consent().application
        url = f"{ours.settings.base_url}/connect{'?events=all' if all_events else ''}"
    if in_json:
        as_json({"url": url, "redirect_uri": application.redirect_uri})
        return
    click.echo(f"Open {url} in a browser to link a store; `backroom web` must run there.")
    click.echo(f"The developer portal must know the redirect URI {application.redirect_uri}")


def _given(personal_token: str) -> str:
    from_stdin = personal_token == "-"  # noqa: S105 - the usual sign for stdin
    text = sys.stdin.readline() if from_stdin else personal_token
    if not text.strip():
        raise click.UsageError("The personal token is empty.")
    return text.strip()
