"""Which installation this is: one for each Redis, so that its doctor knows who answers."""

import secrets
from typing import Final

from actions.database import Database

INSTALLATION: Final = "backroom:installation"
"""String: a random name."""
HEADER: Final = "Backroom-Installation"
"""What `/health` answers with it."""


async def installation(database: Database) -> str:
    """Return the name of this installation, which the first that asks gives it."""
    kept = await database.do("GET", INSTALLATION)  # first: a full Redis takes no SET
    if kept is None:
        name = secrets.token_hex(8)
        _, kept = await database.together(
            [("SET", INSTALLATION, name, "NX"), ("GET", INSTALLATION)]
        )
    return str(kept.decode())
