"""Sealing anew: what is kept under an old key is put under the first one, while all goes on."""

import msgspec

from actions.connections import CONNECTIONS
from actions.database import Database, Script
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


def _anew(vault: Vault, sealed: bytes, bound_to: str) -> bytes:
    return vault.seal(vault.open(sealed, bound_to), bound_to)
