"""`backroom simulator`."""

import json
from typing import Any

import click
import uvloop

from actions.simulator.faults import NAMES
from actions.simulator.options import Options
from actions.simulator.simulator import Simulator
from actions.simulator.switches import described
from workers.signals import stop_asked

_WRONG = 2
_DEFAULTS = Options()


@click.command(epilog=f"Faults: {', '.join(sorted(NAMES))}.")
@click.option("--host", default=_DEFAULTS.host, show_default=True, help="The address to listen on.")
@click.option("--port", default=8089, show_default=True, help="Of the stores; 0 takes a free one.")
@click.option("--control-port", default=8090, show_default=True, help="Of the control door.")
@click.option("--retailer", "retailers", multiple=True, metavar="PREFIX", help="A store's name.")
@click.option("--registers", default=_DEFAULTS.registers, show_default=True, help="Of each store.")
@click.option("--products", default=_DEFAULTS.products, show_default=True, help="Of each store.")
@click.option("--seed", default=_DEFAULTS.seed, show_default=True, help="Same seed, same stores.")
@click.option("--speed", default=0.0, show_default=True, help="Sales a minute of each store.")
@click.option("--time-scale", default=1.0, show_default=True, help="How fast time passes.")
@click.option("--fault", "faults", multiple=True, metavar="NAME[:SHARE[:PATH]]", help="See below.")
@click.option("--switch", "switches", multiple=True, metavar="NAME=VALUE", help="See --describe.")
@click.option("--client-id", default="", help="Of the application; else made from the seed.")
@click.option("--client-secret", default="", help="It signs webhooks; else made from the seed.")
@click.option("--personal-token", default="", help="Of each store; else made from the seed.")
@click.option(
    "--webhook", "webhooks", multiple=True, metavar="TYPE=URL", help="To be sent, signed."
)
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Else any on this machine.")
@click.option("--describe", is_flag=True, help="List the switches, and leave.")
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
def command(*, switches: tuple[str, ...], describe: bool, in_json: bool, **given: Any) -> None:
    """Serve Lightspeed X-Series on localhost until SIGTERM: stores to try and test against."""
    if describe:
        _describe(in_json=in_json)
        return
    given["retailers"] = given["retailers"] or _DEFAULTS.retailers
    try:
        simulator = Simulator(Options(**given, switches=dict(map(_switch, switches))))
    except ValueError as error:
        raise _refused(str(error), _WRONG) from None
    try:
        uvloop.run(_serve(simulator, in_json=in_json))
    except OSError as error:
        reason = f"Cannot listen on {given['host']} ({error.strerror}): choose other ports."
        raise _refused(reason, 1) from None


def _describe(*, in_json: bool) -> None:
    if in_json:
        names = ("name", "default", "question")
        rows = [dict(zip(names, one, strict=True)) for one in described()]
        click.echo(json.dumps(rows))
        return
    for name, default, question in described():
        click.echo(f"{name}={json.dumps(default)}\n    {question}")


def _switch(text: str) -> tuple[str, Any]:
    """Read `NAME=VALUE`; what is no JSON is a word."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is no switch: write NAME=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _refused(sentence: str, code: int) -> click.exceptions.Exit:
    click.echo(f"backroom: {sentence}", err=True)
    return click.exceptions.Exit(code)


async def _serve(simulator: Simulator, *, in_json: bool) -> None:
    stop = stop_asked()
    async with simulator:
        click.echo(json.dumps(_facts(simulator)) if in_json else _told(_facts(simulator)))
        await stop.wait()


def _facts(simulator: Simulator) -> dict[str, Any]:
    return {
        "origin": simulator.origin,
        "control_url": simulator.control_url,
        "client_id": simulator.options.client_id,
        "client_secret": simulator.options.client_secret,
        "stores": [
            {
                "prefix": prefix,
                "url": simulator.url(prefix),
                "host_url": simulator.host_url(prefix),
                "personal_token": simulator.personal_token(prefix),
            }
            for prefix in simulator.options.retailers
        ],
    }


def _told(facts: dict[str, Any]) -> str:
    lines = [
        f"Lightspeed X-Series is simulated at {facts['origin']}; Ctrl-C ends it.",
        f"client id      {facts['client_id']}",
        f"client secret  {facts['client_secret']}",
        f"consent page   {facts['origin']}/connect",
        f"control door   {facts['control_url']}",
    ]
    for store in facts["stores"]:
        lines += [
            "",
            f"store          {store['prefix']}",
            f"address        {store['url']} or {store['host_url']}",
            f"personal token {store['personal_token']}",
        ]
    return "\n".join(lines)
