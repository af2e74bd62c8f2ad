"""Claims on the jobs of a queue: taken in batches, ended in batches, fenced by a lease."""

import asyncio
import secrets

from msgspec import Struct

from actions.database import Database, Script

LEASE_SECONDS = 5.0
"""How long a claim lasts without being renewed: how soon a killed worker's jobs run again."""
MOST_AT_ONCE = 128
"""Jobs claimed or ended in one round trip."""


_CLAIM = Script.load("workers.scripts", "claim")
_END = Script.load("workers.scripts", "end_jobs")


class Claimed(Struct, frozen=True):
    """A job that is ours until its lease ends."""

    job_id: str
    job: bytes
    claims: int
    """How often it was claimed without being ended: above 1, a worker died of it or with it."""


class _Ending(Struct):
    job_id: str
    after_ms: int
    over: bool = False


class Claims:
    """One worker's claims on one queue."""

    def __init__(self, database: Database, queue: str) -> None:
        self.queue = queue
        self.token = secrets.token_hex(8)
        """Who we are: what others hold, we cannot end."""
        self._database = database
        self._ending: list[_Ending] = []
        self._lock = asyncio.Lock()

    async def take(self, most: int) -> tuple[list[Claimed], float | None]:
        """Claim what is due; return it and in how many seconds the next is due, if any waits."""
        keys = [self.queue, f"{self.queue}:woken"]
        args: list[str | float] = [self.token, int(LEASE_SECONDS * 1000), min(most, MOST_AT_ONCE)]
        due, *rest = await self._database.run(_CLAIM, keys, args)
        claimed = [
            Claimed(rest[i].decode(), rest[i + 1], rest[i + 2]) for i in range(0, len(rest), 3)
        ]
        return claimed, None if due < 0 else due / 1000

    async def end(self, job_id: str, after: float | None) -> None:
        """End a claim: the job is over, or runs again `after` so many seconds.

        Those that end while a round trip is in the air leave together in the next.
        """
        ending = _Ending(job_id, -1 if after is None else int(after * 1000))
        self._ending.append(ending)
        async with self._lock:
            while not ending.over:
                batch = self._ending[:MOST_AT_ONCE]
                args: list[str | float] = [self.token]
                for one in batch:
                    args += (one.job_id, one.after_ms)
                await self._database.run(_END, [self.queue], args)
                for one in batch:
                    one.over = True
                self._ending = [one for one in self._ending if not one.over]

    async def waiting(self) -> int:
        """Return how many jobs the queue has, running ones among them."""
        return int(await self._database.do("ZCARD", self.queue))
