"""`backroom connect`."""

import sys

import click

from actions.connections import domain_prefix
from actions.grants import Grants, Pair
from actions.secret import Secret
from ingress.commands.opening import opened, run_async
from ingress.commands.printing import as_json, table
from ingress.urls import webhook_urls
from workers.lightspeed import lightspeed


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
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def command(
    prefix: str | None, personal_token: str | None, *, unsigned: bool, in_json: bool
) -> None:
    """Link a retailer and print its webhook URLs; without PREFIX, print the OAuth link.

    PREFIX is kowhai for kowhai.retail.lightspeed.app. A retailer that is linked already gets
    the new token and keeps its URLs. Whoever opens the OAuth link in a browser links a store.
    """
    if prefix is None:
        source = click.get_current_context().get_parameter_source("personal_token")
        if unsigned or source is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError("Give PREFIX too: whose token is it?")
        await _print_link(in_json=in_json)
        return
    retailer = domain_prefix(prefix)
    if personal_token is None:
        raise click.UsageError("Give --personal-token, or no PREFIX for the OAuth link.")
    token = Secret(_given(personal_token))
    async with opened() as ours:
        await Grants(ours.database, ours.vault).keep(retailer, Pair(access=token))
        kept = await ours.connections.link(retailer, unsigned=unsigned)
        urls = webhook_urls(kept, ours.settings.base_url)
    if in_json:
        as_json(
            {
                "retailer": kept.retailer,
                "webhook_key": kept.webhook_key.reveal(),
                "webhook_urls": urls,
            }
        )
        return
    signing = "unsigned" if kept.unsigned else "signed"
    click.echo(f"{kept.retailer} is linked; its deliveries must be {signing}. Webhook URLs:\n")
    table(("event type", "url"), urls.items())


async def _print_link(*, in_json: bool) -> None:
    async with opened() as ours:
        async with lightspeed(ours.settings, ours.database, ours.vault) as reach:
            application = reach.consent().application
        url = f"{ours.settings.base_url}/connect"
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
