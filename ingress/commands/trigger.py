"""`backroom trigger`."""

from http import HTTPStatus

import aiohttp
import click
import msgspec

from actions.connections import Connection
from actions.errors import BackroomError, WrongSetting
from ingress.commands.opening import Opened, opened, run_async
from ingress.commands.printing import as_json
from ingress.signatures import HEADER, sign
from ingress.urls import webhook_urls
from workers.events import WEBHOOK_TYPES
from workers.keys import RETAILER_IDS
from workers.samples import fresh_form

_SECONDS = 10.0


class NotTaken(BackroomError):
    """The ingress did not acknowledge the delivery, or nothing listens."""


@click.command()
@click.argument("event_type", type=click.Choice(WEBHOOK_TYPES))
@click.option("--retailer", metavar="PREFIX", help="To this retailer's URL.  [the only one]")
@click.option("--url", help="Where the ingress is.  [PUBLIC_URL, or HOST and PORT]")
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
@run_async
async def command(event_type: str, retailer: str | None, url: str | None, *, in_json: bool) -> None:
    """Post a fresh, signed sample delivery of EVENT_TYPE to the running ingress."""
    async with opened() as ours:
        connection = await ours.connection(retailer)
        secret = _secret(ours, connection)
        # An id that the inbox has not learnt must not be taught by a sample.
        known = await ours.database.do("HGET", RETAILER_IDS, connection.retailer)
        base = (url or ours.settings.base_url).rstrip("/")
    retailer_id = known.decode() if known else ""
    target = webhook_urls(connection, base)[event_type]
    body = fresh_form(event_type, connection.retailer, retailer_id)
    answer = await _post(target, body, {HEADER: sign(body, secret)} if secret else {}, base)
    if in_json:
        as_json(answer)
    else:
        click.echo(f"{event_type} for {connection.retailer}: stored as {answer['event_id']}")


def _secret(ours: Opened, connection: Connection) -> bytes | None:
    if connection.unsigned:
        return None
    if not ours.settings.lightspeed_client_secret:
        raise WrongSetting("LIGHTSPEED_CLIENT_SECRET is not set: a delivery is signed with it.")
    return ours.settings.lightspeed_client_secret[0].reveal().encode()


async def _post(target: str, body: bytes, headers: dict[str, str], base: str) -> dict[str, str]:
    headers = headers | {"Content-Type": "application/x-www-form-urlencoded"}
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(target, data=body, headers=headers, allow_redirects=False) as response,
        ):
            said = await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NotTaken(f"No ingress answers at {base}: start it with `backroom web`.") from error
    if response.status != HTTPStatus.OK:
        words = said[:200].decode(errors="replace").strip()
        raise NotTaken(f"The ingress answered {response.status}: {words}")
    answer: dict[str, str] = msgspec.json.decode(said)
    return answer
