"""The ingress: its routes, and what it opens and closes."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import hdrs, web

from actions.connections import all_unsigned
from actions.database import Database
from actions.errors import WrongSetting
from actions.vault import Vault
from ingress import health
from ingress.api import contract, declared_jobs, listing, page, rpc
from ingress.api.contract import Contract
from ingress.api.gate import Gate
from ingress.api.jobs import Jobs
from ingress.api.page import Page
from ingress.api.rpc import Rpc
from ingress.health import Health, Readiness
from ingress.intake import Intake
from ingress.linking import asking as linking
from ingress.linking.consent import Consent
from ingress.mcp.door import Agents
from ingress.metrics import page as metrics
from ingress.metrics.page import Metrics
from ingress.reach import Reach
from ingress.webhooks import Door
from workers.inbox import Inbox
from workers.installation import installation
from workers.settings import Settings

_LEAVE_SECONDS = 4.0
DECLARED = (
    rpc.DECLARED,
    *listing.DECLARED,
    *declared_jobs.DECLARED,
    linking.DECLARED,
    page.DECLARED,
    contract.DECLARED,
    *health.DECLARED,
    metrics.DECLARED,
)
"""The routes of which the contract tells."""
DOOR = web.AppKey("DOOR", Door)


async def create_app(settings: Settings, database: Database) -> web.Application:
    """Build the application.

    Raises:
        WrongSetting: no client secret, and a connection that needs one.
        DatabaseAway: nothing answers at `REDIS_URL`.
    """
    client_secrets = [one.reveal().encode() for one in settings.lightspeed_client_secret]
    await _check_secrets(client_secrets, database)
    vault = Vault(settings.backroom_keys)
    intake = Intake(Inbox(database, vault, settings.inbox_seconds))
    door = Door(database, intake, client_secrets, settings.webhook_max_bytes)
    app = web.Application(client_max_size=settings.webhook_max_bytes)
    app[DOOR] = door
    # The hooks that we register come first: the router tries its routes in this order.
    app.router.add_route(hdrs.METH_ANY, "/webhooks/{key}/{event_type}", door.receive)
    app.router.add_route(hdrs.METH_ANY, "/webhooks/{key}", door.receive)
    app.router.add_get("/health", Health(await installation(database)).health)
    app.router.add_get("/ready", Readiness(database, settings.overdue_seconds).ready)
    app.add_routes(Metrics(database, door.tally, settings.overdue_seconds).routes())
    reach = Reach(settings, database, vault)
    app.add_routes(Consent(reach).routes())

    async def writing(_: web.Application) -> AsyncIterator[None]:
        writer = asyncio.create_task(intake.run(), name="intake")
        yield
        intake.stop()
        await asyncio.wait({writer}, timeout=_LEAVE_SECONDS)
        writer.cancel()

    app.cleanup_ctx.extend((writing, reach.opened))
    _add_api(app, reach)
    return app


def _add_api(app: web.Application, reach: Reach) -> None:
    """Add what is for programs and agents with a key; Lightspeed is reached before they are."""
    gate, base_url = Gate(reach.database), reach.settings.base_url
    agents, jobs = Agents(reach), Jobs(reach)
    app.add_routes([*Rpc(reach).routes(gate), *listing.routes(gate), *agents.routes(gate)])
    app.add_routes([*jobs.routes(gate), *Contract(base_url, DECLARED).routes(gate)])
    app.add_routes(Page(base_url, DECLARED).routes(gate))
    app.cleanup_ctx.append(agents.opened)
    app.on_shutdown.extend((jobs.stopped, agents.drain))


async def _check_secrets(client_secrets: list[bytes], database: Database) -> None:
    unsigned = await all_unsigned(database)  # asked in any case: without Redis, nothing starts
    if client_secrets or unsigned:
        return
    raise WrongSetting(
        "LIGHTSPEED_CLIENT_SECRET is not set, so no signature can be verified: set it, or link "
        "every retailer with --unsigned."
    )
