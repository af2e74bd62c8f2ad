"""`backroom demo`."""

import asyncio
import json
import sys
import time
from pathlib import Path

import click
from rich.console import Console

from actions.connections import Connections
from actions.database import Database
from actions.errors import BackroomError
from actions.secret import Secret
from actions.vault import Vault, new_key
from ingress.commands.opening import run_async
from ingress.demo.processes import Child
from ingress.demo.show import Show, new_secret
from ingress.demo.stock import StockScene
from ingress.demo.verdict import Verdict, compare, compare_stock
from workers.embedded import EmbeddedRedis, server_binary

_SECONDS = 30
_RETAILER = "kowhai"
_ADJUSTED = "torea"


class DemoFailed(BackroomError):
    """The ledgers do not agree, or the demo took too long."""


@click.command()
@run_async
async def command() -> None:
    """Show webhooks reaching a plugin: Redis, web and worker in one terminal.

    Signed deliveries of all seven types and one that nobody recognises are followed from their
    acknowledgement to the subscriber; then a repeat and a forgery; then 1000 adjustments of stock
    at a simulated store while its till sells, and the events that come of them. Exit code 0 only
    if what was acknowledged, the inbox, the plugin's journal and the store's books agree.
    """
    began = time.perf_counter()
    console = Console()
    try:
        async with asyncio.timeout(_SECONDS):
            verdict, sent = await _play(console)
    except TimeoutError:
        raise DemoFailed(f"The demo did not end within {_SECONDS} s.") from None
    _tell(console, verdict, sent, time.perf_counter() - began)


async def _play(console: Console) -> tuple[Verdict, int]:
    key, secret = new_key(), new_secret()
    with EmbeddedRedis() as redis:
        journal = redis.folder / "journal.jsonl"
        environ = _environ(redis.url, key, secret, journal)
        server = Path(server_binary()).name
        console.print(
            f"\n[bold]Backroom[/bold]: {server}, web, and a worker with workers.journal\n"
        )
        async with Database(redis.url) as database:
            connections = Connections(database, Vault([Secret(key)]))
            connection = await connections.link(_RETAILER, unsigned=False)
            other = await connections.link(_ADJUSTED, unsigned=False)
            async with Child("web", environ) as web, Child("worker", environ) as worker:
                show = Show(console, connection, secret.encode(), web, worker)
                await show.run()
                ready = await web.line("web.ready")
                booked = await StockScene(database, environ, other, ready["url"]).run(console)
            # Both have left by now, so nothing is on its way any more.
            written = await asyncio.to_thread(journal.read_bytes)
            verdict = await compare(database, written, _RETAILER, show.acknowledged)
            verdict.differences.extend(await compare_stock(database, written, booked))
    if (verdict.repeated, verdict.refused) != (1, 1) or (show.repeated, show.refused) != (1, 1):
        verdict.differences.append("the repeat or the forgery was not seen for what it is")
    return verdict, len(show.acknowledged)


def _environ(url: str, key: str, secret: str, journal: Path) -> dict[str, str]:
    return {
        "REDIS_URL": url,
        "HOST": "127.0.0.1",
        "PORT": "0",
        "PUBLIC_URL": "",
        "BACKROOM_KEYS": key,
        "LIGHTSPEED_CLIENT_SECRET": secret,
        "PLUGINS": "workers.journal",
        "PLUGINS_OFF": "*",
        "JOURNAL_PATH": str(journal),
        "INBOX_DAYS": "",
        "WEBHOOK_MAX_BYTES": "",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "info",
    }


def _tell(console: Console, verdict: Verdict, sent: int, took: float) -> None:
    console.print(
        f"\n  {sent} acknowledged · {verdict.handled} handled · {verdict.journal} in the journal · "
        f"{verdict.repeated} repeat · {verdict.refused} forgery refused · {took:.1f} s",
        soft_wrap=True,
    )
    if verdict.differences:
        raise DemoFailed("The ledgers differ: " + "; ".join(verdict.differences) + ".")
    console.print("  [green]Every delivery that was acknowledged took effect, once.[/green]")
    console.print("  [green]Every adjustment of stock was made, once.[/green]\n")
    console.print("Next: a plugin of your own, in twelve lines: see README.md.")
    said = f"For an agent, once a store is linked, any MCP client takes {_client()}"
    console.print(said, soft_wrap=True, markup=False, highlight=False)


def _client() -> str:
    """Return what an MCP client is told to start."""
    beside = Path(sys.executable).with_name("backroom")
    return json.dumps({"command": str(beside), "args": ["mcp"]})
