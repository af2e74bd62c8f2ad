"""Disconnecting a retailer: our webhooks at its store go, then all that is kept to reach it."""

from typing import Final

from actions.connections import Connection, Connections
from actions.database import Database
from actions.errors import BackroomError
from actions.grants import Grants
from actions.vault import Vault
from workers.hooks.mending import Hooks
from workers.hooks.report import Report
from workers.hooks.wanted import want_all
from workers.keys import RETAILER_IDS

SECONDS: Final = 30.0


class NotRemoved(BackroomError):
    """Webhooks of ours may be left at the store, so nothing was forgotten."""


async def disconnect(
    database: Database, vault: Vault, hooks: Hooks, connection: Connection, *, force: bool
) -> Report:
    """Delete our webhooks at a retailer's store, then forget its tokens, key and connection.

    Events that came from it stay in the inbox. `force` forgets also what may be left at the store.

    Raises:
        NotRemoved: not all of them could be deleted; nothing was forgotten.
        DatabaseAway: run it again.
    """
    report = await hooks.remove(connection, SECONDS)
    if report.problems and not force:
        raise NotRemoved(
            f"{report.problems[0]} So webhooks of ours may be left at {connection.retailer}, and "
            "nothing was forgotten: try again later, or give --force to forget it all the same."
        )
    await want_all(database, [connection.retailer], every=False)
    await database.do("HDEL", RETAILER_IDS, connection.retailer)
    await Grants(database, vault).forget(connection.retailer)
    await Connections(database, vault).forget(connection)
    return report
