"""A worker of the actions queue, before a simulator whose time runs fast.

`python -m tests.benchmarks.sharing_worker`, with the settings of a worker and `PACE`.
"""

import asyncio
import os
import signal

import uvloop

from actions.budget import Budget
from actions.client import Client
from actions.database import Database
from actions.grants import Grants
from actions.listening import cancelled
from actions.sending import open_session
from actions.tokens import Tokens
from actions.vault import Vault
from workers.action_jobs import ActionJobs
from workers.lightspeed import Lightspeed
from workers.line import Line
from workers.logs import set_up
from workers.settings import Settings, read
from workers.stock.orders import StockOrders
from workers.worker import build_actions


async def run(settings: Settings, pace: float) -> None:
    """Work until SIGTERM."""
    vault = Vault(settings.backroom_keys)
    async with Database(settings.redis_url) as database, open_session() as session:
        line, grants = Line(database, pace), Grants(database, vault)
        async with Budget(database, pace=pace, roomy=line.notice) as budget:
            client = Client(Tokens(grants), session, budget, origin=settings.lightspeed_origin)
            jobs = ActionJobs(database, vault, pace=pace)
            engine = build_actions(
                settings,
                Lightspeed(client, jobs, grants, None, StockOrders(database), line),
                burst=False,
            )
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, engine.stop)
            watching = asyncio.create_task(line.watch(), name="line")
            try:
                await engine.async_run()
            finally:
                await cancelled(watching)
                await engine.close()


if __name__ == "__main__":
    settings = read()
    set_up(settings)
    uvloop.run(run(settings, float(os.environ["PACE"])))
