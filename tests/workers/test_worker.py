"""The worker as a process of its own: how it starts, ends, and what a kill costs."""

import signal
from asyncio.subprocess import Process

import pytest

from actions.database import Database
from tests.workers.conftest import (
    Start,
    Store,
    entry_of,
    named,
    outcome_of,
    posted,
    read_until,
    rest_of,
    said,
    sale,
)
from workers.embedded import EmbeddedRedis

SALE = posted('{"id": "s1", "version": 1}', type="sale.update")

LEDGER = """
import asyncio, os, signal
from workers.events import SALE_UPDATE
from workers.plugins import Plugin

plugin = Plugin("ledger")

@plugin.on(SALE_UPDATE, timeout=30)
async def post(event, ctx):
    ctx.log.info("half-way")
    BODY
    ctx.log.info("finished")
"""
LIFESPAN = """
from workers.plugins import Plugin
import structlog

plugin = Plugin("till")

@plugin.lifespan
async def drawer(settings):
    structlog.get_logger().info("opened")
    yield "cash"
    structlog.get_logger().info("closed")
"""


async def refusal(process: Process) -> str:
    """The one sentence with which a start was refused."""
    out, err = await process.communicate()
    assert out == b""
    assert err.startswith(b"backroom: ")
    assert err.count(b"\n") == 1
    return err.decode().strip()


async def test_sigterm_lets_a_running_subscriber_end(
    start: Start, store: Store, database: Database
) -> None:
    event_id = await store(SALE)
    body = "os.kill(os.getpid(), signal.SIGTERM)\n    await asyncio.sleep(0.3)"
    process = await start(LEDGER.replace("BODY", body))
    names, errors = await rest_of(process)
    assert (process.returncode, errors) == (0, "")
    assert names[-3:] == ["finished", "subscriber.succeeded", "worker.stopped"]
    assert (await entry_of(database, event_id)).state == "handled"


async def test_sigterm_under_load_lets_all_that_was_begun_end(start: Start, store: Store) -> None:
    for count in range(300):
        await store(said(sale(f"s{count}")))
    process = await start(LEDGER.replace("BODY", "await asyncio.sleep(0.3)"))
    begun = len(named(await read_until(process, "half-way"), "half-way"))
    process.send_signal(signal.SIGTERM)
    names, errors = await rest_of(process)
    assert (process.returncode, errors, names[-1]) == (0, "", "worker.stopped")
    begun += names.count("half-way")
    assert begun == names.count("finished") == names.count("subscriber.succeeded")


async def test_what_does_not_end_in_time_is_handed_back_at_no_cost(
    start: Start, store: Store, database: Database
) -> None:
    event_id = await store(SALE)
    process = await start(LEDGER.replace("BODY", "await asyncio.sleep(100)"), SHUTDOWN_SECONDS="0")
    await read_until(process, "half-way")
    process.send_signal(signal.SIGTERM)
    names, errors = await rest_of(process)
    assert (names[-1], errors) == ("worker.stopped", "")
    outcome = await outcome_of(database, event_id)
    assert (outcome.state, outcome.attempt, outcome.failures) == ("queued", 1, 0)
    again = await start(LEDGER.replace("BODY", "pass"), "--burst")
    lines = await read_until(again, "subscriber.succeeded")
    assert lines[-1]["attempt"] == 2, "it may have got half-way"
    await again.communicate()


async def test_a_second_sigterm_is_heeded_at_once(
    start: Start, store: Store, database: Database
) -> None:
    event_id = await store(SALE)
    process = await start(
        LEDGER.replace("BODY", "await asyncio.sleep(100)"), SHUTDOWN_SECONDS="1000"
    )
    await read_until(process, "half-way")
    process.send_signal(signal.SIGTERM)
    await read_until(process, "worker.stopping")
    process.send_signal(signal.SIGTERM)
    await rest_of(process)
    assert process.returncode == 0
    assert (await outcome_of(database, event_id)).state == "queued"
    assert await database.do("KEYS", "arq:in-progress:*") == []


async def test_a_worker_of_one_queue_leaves_the_other_alone(
    start: Start, store: Store, database: Database
) -> None:
    event_id = await store(SALE)
    process = await start(LEDGER.replace("BODY", "pass"), "--queue", "actions", "--burst")
    names, errors = await rest_of(process)
    assert (process.returncode, errors) == (0, "")
    assert names == ["worker.ready", "worker.stopped"]
    assert (await entry_of(database, event_id)).state == "stored"


async def test_a_subscriber_that_never_gives_the_loop_back_ends_its_worker(
    start: Start, store: Store
) -> None:
    await store(SALE)
    text = LEDGER.replace("timeout=30", "timeout=0.5").replace("BODY", "while True: pass")
    process = await start(text)
    names, errors = await rest_of(process)
    assert (process.returncode, errors, names[-1]) == (70, "", "worker.stuck")


async def test_an_idle_worker_leaves_at_sigterm(start: Start, database: Database) -> None:
    await database.do("PING")
    process = await start(LEDGER.replace("BODY", "pass"))
    await read_until(process, "worker.ready")
    process.send_signal(signal.SIGTERM)
    names, errors = await rest_of(process)
    assert (names[-1], errors) == ("worker.stopped", "")
    assert process.returncode == 0


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
async def test_a_lifespan_is_closed_when_the_worker_is_told_to_stop(
    start: Start, database: Database, end: signal.Signals
) -> None:
    await database.do("PING")
    process = await start(LIFESPAN)
    lines = await read_until(process, "worker.ready")
    assert [line["event"] for line in lines] == ["opened", "worker.ready"]
    process.send_signal(end)
    assert "closed" in (await rest_of(process))[0]
    assert process.returncode == 0


async def test_a_killed_worker_loses_nothing_and_its_run_counts(
    start: Start, store: Store, database: Database
) -> None:
    event_id = await store(SALE)
    text = LEDGER.replace("BODY", "await asyncio.sleep(0 if ctx.attempt > 1 else 1000)")
    first = await start(text)
    await read_until(first, "half-way")
    first.kill()
    await first.communicate()
    assert (await entry_of(database, event_id)).state == "dispatched"
    # arq itself would wait until what the dead worker had in hand expires
    await database.do("DEL", *await database.do("KEYS", "arq:in-progress:*"))
    second = await start(text, "--burst")
    lines = await read_until(second, "subscriber.succeeded")
    assert [line["attempt"] for line in lines if line["event"] == "half-way"] == [2]
    await second.communicate()
    assert (await entry_of(database, event_id)).state == "handled"
    assert (await outcome_of(database, event_id)).attempt == 2


async def test_a_worker_handles_what_came_while_none_ran(
    start: Start, store: Store, database: Database
) -> None:
    event_id = await store(SALE)
    process = await start(LEDGER.replace("BODY", "pass"), "--burst")
    names, errors = await rest_of(process)
    assert (process.returncode, errors) == (0, "")
    assert names == [
        "worker.ready",
        "event.dispatched",
        "half-way",
        "finished",
        "subscriber.succeeded",
        "worker.stopped",
    ]
    assert (await entry_of(database, event_id)).state == "handled"


BROKEN = {
    "import nowhere_to_be_found": "shop.py, line 1: ModuleNotFoundError",
    "\n\n1 / 0": "shop.py, line 3: ZeroDivisionError",
    "def (": "shop.py, line 1",
    "": "holds no plugin",
    'from workers.plugins import Plugin\nplugin = Plugin("No Good")': "No Good",
}


@pytest.mark.parametrize("text", BROKEN)
async def test_a_module_that_cannot_be_loaded_stops_the_start_in_words(
    start: Start, text: str
) -> None:
    process = await start(text)
    assert BROKEN[text] in await refusal(process)
    assert process.returncode == 2


async def test_a_plugins_setting_that_lacks_is_named(start: Start) -> None:
    text = (
        "from msgspec import Struct\nfrom workers.plugins import Plugin\n"
        "class Settings(Struct):\n    url: str\n"
        'plugin = Plugin("ledger", Settings)\n'
    )
    process = await start(text)
    assert await refusal(process) == ("backroom: LEDGER_URL is not set: shop.Settings needs it.")
    assert process.returncode == 2


WRONG = {
    "LOG_LEVEL": ("loud", 2),
    "BACKROOM_KEYS": ("", 2),
    "INBOX_DAYS": ("-1", 2),
    "PLUGINS": ("not_there", 2),
    "PLUGINS_OFF": ("nobody", 2),
    "REDIS_URL": ("unix:///nowhere/redis.sock", 1),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_setting_stops_the_start_in_words(start: Start, name: str) -> None:
    value, code = WRONG[name]
    process = await start(LEDGER.replace("BODY", "pass"), **{name: value})
    assert name in await refusal(process)
    assert process.returncode == code


async def test_a_lifespan_that_fails_stops_the_start_in_words(
    start: Start, database: Database
) -> None:
    await database.do("PING")
    process = await start(LIFESPAN.replace('yield "cash"', 'raise OSError("no drawer"); yield'))
    out, err = await process.communicate()
    assert err == b"backroom: Plugin till did not open drawer: OSError: no drawer.\n"
    assert (process.returncode, out.count(b"\n")) == (2, 1)


async def test_a_worker_can_be_stopped_while_redis_is_away(start: Start) -> None:
    with EmbeddedRedis() as redis:
        process = await start(LEDGER.replace("BODY", "pass"), REDIS_URL=redis.url)
        await read_until(process, "worker.ready")
    process.send_signal(signal.SIGTERM)
    assert (await rest_of(process))[0][-1] == "worker.stopped"
    assert process.returncode == 0
