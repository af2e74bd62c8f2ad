"""`backroom plugins`."""

import click

from ingress.commands.printing import as_json, table
from workers import settings
from workers.discovery import Loaded, discover


@click.command()
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
def command(*, in_json: bool) -> None:
    """List the plugins that are loaded, where they came from, and what they want."""
    ours = settings.read()
    loaded = list(discover(ours.plugins, ours.plugins_off).loaded.values())
    if in_json:
        as_json(
            [
                {
                    "plugin": one.plugin.name,
                    "origin": one.origin,
                    "subscribers": _subscribers(one),
                }
                for one in loaded
            ]
        )
    elif not loaded:
        click.echo("No plugin is loaded: name modules in PLUGINS, such as PLUGINS=my_shop.ledger.")
    else:
        rows = [
            (one.plugin.name, name, event_type, one.origin)
            for one in loaded
            for name, event_type in _subscribers(one).items() or [("-", "-")]
        ]
        table(("plugin", "subscriber", "event type", "origin"), rows)


def _subscribers(one: Loaded) -> dict[str, str]:
    return {subscriber.name: subscriber.event_type.name for subscriber in one.plugin.subscribers}
