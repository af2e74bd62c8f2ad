"""Nothing secret is anywhere it should not be: a whole day in small, and then a search."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import aiohttp

from actions.database import Database
from actions.simulator.simulator import Options, Simulator
from tests.end_to_end.conftest import PATIENCE, Process, Run
from tests.end_to_end.ports import free_port
from tests.stores import consented

EMAIL = "canary.shopper@example.nz"
SECRET = "canary-client-secret"
PERSONAL = "lsxs_pt_canary_personal"
START = Callable[..., Process]


async def test_no_token_secret_key_or_shopper_is_in_redis_logs_or_errors(
    environ: dict[str, str],
    database: Database,
    run: Run,
    start: START,
    tmp_path: Path,
) -> None:
    options = Options(client_secret=SECRET, personal_token=PERSONAL, products=5)
    async with Simulator(options) as simulator:
        more = {
            "PORT": str(free_port()),
            "LIGHTSPEED_CLIENT_ID": simulator.options.client_id,
            "LIGHTSPEED_CLIENT_SECRET": SECRET,
            "LIGHTSPEED_ORIGIN": simulator.origin + "/{domain_prefix}",
            "LIGHTSPEED_AUTHORIZE_URL": simulator.origin + "/connect",
            "LOG_LEVEL": "debug",
        }
        said = await _day(simulator, run, start, more)
        grants = [grant for (_, _), grant in simulator.stage.access._grants.items()]  # noqa: SLF001
    canaries = [EMAIL, SECRET, PERSONAL, environ["BACKROOM_KEYS"]]
    canaries += [grant.access_token for grant in grants] + [one.refresh_token for one in grants]
    logs = _logs(tmp_path)
    where = {"Redis": await _dump(database), "logs": logs, "what was printed": said.encode()}
    assert b"retailer.linked" in logs
    assert b"action.done" in logs
    for name, text in where.items():
        for canary in filter(None, canaries):
            assert canary.encode() not in text, f"{canary} is in {name}"


def _logs(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("*.log"))


async def _day(simulator: Simulator, run: Run, start: START, more: dict[str, str]) -> str:
    """Link in both ways, refresh, call, enqueue, receive, fail; return all that was printed."""

    async def ran(*words: str, code: int = 0) -> str:
        ended = await asyncio.to_thread(run, *words, code=code, **more)
        return str(ended.stdout + ended.stderr)

    await ran("connect", "kowhai", "--personal-token", PERSONAL)
    web = await asyncio.to_thread(start, "web", **more)
    worker = await asyncio.to_thread(start, "worker", **more)
    said = [await ran("call", "GetBrand", "brand_id=nope", code=6)]
    await _linked(f"http://127.0.0.1:{more['PORT']}")
    given = json.dumps({"first_name": "Ana", "last_name": None, "email": EMAIL})
    said.append(await ran("call", "CreateCustomer", "--body", given, "--enqueue"))
    said.append(await ran("trigger", "customer.update"))
    await asyncio.to_thread(worker.line, "action.done")
    simulator.stage.access.revoke("kowhai")
    said.append(await ran("call", "ListBrands", code=5))
    said.append(await ran("retailers"))
    for process in (web, worker):
        await asyncio.to_thread(process.stop)
    return "".join(said)


async def _linked(base: str) -> None:
    """Go to the consent page and back, as a browser does."""
    jar = aiohttp.CookieJar(unsafe=True)
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as browser:
        async with browser.get(f"{base}/connect", allow_redirects=False) as away:
            given = await consented(away.headers["Location"])
        async with browser.get(f"{base}/oauth/callback", params=given) as arrived:
            assert arrived.status == 200, await arrived.text()


async def _dump(database: Database) -> bytes:
    """Return every byte that Redis holds, whatever its type."""
    found = b""
    for key in await database.do("KEYS", "*"):
        kind = await database.do("TYPE", key)
        read = {
            b"string": ("GET", key),
            b"hash": ("HGETALL", key),
            b"zset": ("ZRANGE", key, 0, -1),
            b"set": ("SMEMBERS", key),
        }[kind]
        found += key + repr(await database.do(*read)).encode()
    return found
