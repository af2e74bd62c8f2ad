"""Sealing anew: what is kept under an old key is put under the first one, while all goes on.

And what does not open at all.
"""

import msgspec

from actions.connections import CONNECTIONS
from actions.database import Database, Script
from actions.errors import CannotOpen
from actions.grants import tokens_place
from actions.vault import Vault

_SWAP = Script("""
-- Put a value in the place of another, unless somebody has changed it meanwhile.
-- KEYS: hash. ARGV: field, the value that was read, the new one
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
""")


async def reseal(database: Database, vault: Vault) -> int:
    """Seal every webhook key and token with the first key; return of how many retailers.

    Whoever changes a value meanwhile seals it with a first key too. Running it twice is harmless.

    Raises:
        CannotOpen: a value was sealed with a key that is not in `BACKROOM_KEYS`.
    """
    records: dict[bytes, bytes] = await database.do("HGETALL", CONNECTIONS)
    for name, record in records.items():
        retailer = name.decode()
        plain = msgspec.msgpack.decode(record)
        plain["webhook_key"] = _anew(vault, plain["webhook_key"], f"webhook key {retailer}")
        await database.run(_SWAP, [CONNECTIONS], [retailer, record, msgspec.msgpack.encode(plain)])
        key, field, bound_to = tokens_place(retailer)
        tokens = await database.do("HGET", key, field)
        if tokens is not None:
            await database.run(_SWAP, [key], [field, tokens, _anew(vault, tokens, bound_to)])
    return len(records)


async def unopened(database: Database, vault: Vault) -> list[str]:
    """Return the retailers whose webhook key or tokens do not open, by name."""
    records: dict[bytes, bytes] = await database.do("HGETALL", CONNECTIONS)
    names = sorted(name.decode() for name in records)
    places = [tokens_place(name) for name in names]
    kept = await database.together([("HGET", key, field) for key, field, _ in places])
    closed = []
    for name, tokens, (_, _, bound_to) in zip(names, kept, places, strict=True):
        try:
            sealed = msgspec.msgpack.decode(records[name.encode()])["webhook_key"]
            vault.open(sealed, f"webhook key {name}")
            if tokens is not None:
                vault.open(tokens, bound_to)
        except CannotOpen:
            closed.append(name)
    return closed


def _anew(vault: Vault, sealed: bytes, bound_to: str) -> bytes:
    return vault.seal(vault.open(sealed, bound_to), bound_to)
