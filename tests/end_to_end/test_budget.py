"""`backroom budget`, and how `backroom call` waits: the rate limit as people see it."""

import asyncio
import json
import re
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from actions.connections import Connections
from actions.database import Database
from actions.grants import Grants
from actions.vault import Vault
from tests.end_to_end.conftest import BIN, PATIENCE, Run
from tests.end_to_end.terminal import Terminal, terminal
from tests.stores import Shell, Store, open_store, shell
from workers import keys

CLOCK = r"(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d"
"""A day stands before it near midnight."""
SHUT = rf"\d\d s \({CLOCK}\)"


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(retailers=("kowhai", "torea"), products=8) as store:
        yield store


@pytest.fixture
async def backroom(run: Run, store: Store, database: Database, vault: Vault) -> Shell:
    """Commands in a shell that is set up for two stores, which are linked."""
    for retailer in ("kowhai", "torea"):
        await Grants(database, vault).keep(retailer, store.pair(retailer))
        await Connections(database, vault).link(retailer, unsigned=False)
    return shell(run, store)


async def called(backroom: Shell, *words: str, code: int = 0) -> str:
    ended = await backroom("call", "ListBrands", "--retailer", "kowhai", *words, code=code)
    return ended.stderr if code else ended.stdout


async def told(backroom: Shell, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((await backroom("budget", *words, "--json")).stdout)
    return found


async def cells(backroom: Shell, *words: str) -> dict[str, list[str]]:
    """What the table shows, by what stands in front."""
    lines = (await backroom("budget", *words)).stdout.splitlines()
    rows = [re.split(r" {2,}", line.strip()) for line in lines if line.strip()]
    return {first: rest for first, *rest in rows}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_each_retailers_limit_is_listed_and_the_token_endpoints_behind(
    backroom: Shell,
) -> None:
    for _ in range(2):
        await called(backroom)
    shown = await cells(backroom)
    assert list(shown) == ["retailer", "kowhai", "torea", "(tokens)"]
    head = ["limit", "used", "left", "reset", "phase", "others", "jobs", "last job", "gate"]
    assert shown["retailer"] == head
    limit, used, left, reset, *rest = shown["kowhai"]
    assert (limit, used, left) == ("650", "2", "648")
    assert re.fullmatch(rf"\d\d\d s \({CLOCK}\)", reset)
    assert rest == ["-", "0", "0", "-", "open"]
    assert shown["torea"] == ["350?", "0", "350", "-", "-", "0", "0", "-", "open"]
    assert shown["(tokens)"][:3] == ["10?", "0", "10"]


async def test_a_program_is_told_all_of_it_with_moments(backroom: Shell) -> None:
    await called(backroom)
    kowhai, torea, tokens = await told(backroom)
    assert [one["retailer"] for one in (kowhai, torea, tokens)] == ["kowhai", "torea", "/token"]
    assert (kowhai["limit"], kowhai["used"], kowhai["held"], kowhai["left"]) == (650, 1, 0, 649)
    assert (kowhai["proven"], kowhai["phase"], kowhai["why"]) == (False, None, "")
    lasts = moment(kowhai["resets_at"]) - moment(kowhai["at"])
    assert lasts.total_seconds() == pytest.approx(kowhai["reset"], abs=1e-3)
    assert (torea["at"], torea["heard"], torea["resets_at"]) == (None, None, None)
    assert await told(backroom, "torea") == [torea]


async def test_one_retailers_budget_is_told_in_words(backroom: Shell) -> None:
    await called(backroom)
    shown = {first: " ".join(rest) for first, rest in (await cells(backroom, "KOWHAI")).items()}
    assert re.fullmatch(r"650 calls in 300 s \(Lightspeed said so [\d.]+ s ago\)", shown["limit"])
    assert shown["used"] == "1"
    assert shown["left"] == "649, of which 33 are kept for calls that somebody waits for"
    assert shown["windows"] == "not known to be fixed: each call counts for 300 s"
    assert (shown["gate"], shown["429s"], shown["waiting"]) == ("open", "0", "0 jobs")
    assert (await cells(backroom, "torea"))["limit"] == [
        "350 calls in 300 s (assumed: Lightspeed has not said)"
    ]


async def test_jobs_that_wait_for_it_are_counted_with_the_turn_of_the_last(
    backroom: Shell, database: Database
) -> None:
    now = time.time()
    turns = {"over": now - 5, "next": now + 100, "last": now + 7200}
    for job_id, turn in turns.items():
        await database.do("ZADD", keys.line("torea"), int(turn * 1000), job_id)
    row = (await cells(backroom))["torea"]
    assert row[-3] == "2"
    assert re.fullmatch(CLOCK, row[-2])
    found = (await told(backroom, "torea"))[0]
    assert found["waiting"] == 2
    last = datetime.fromtimestamp(turns["last"], UTC)
    assert abs(moment(found["last_job_at"]) - last) < timedelta(seconds=1)
    shown = (await cells(backroom, "torea"))["waiting"]
    assert re.fullmatch(rf"2 jobs, the last one's turn is at {CLOCK}", shown[0])


async def test_a_gate_that_a_429_has_shut_is_shown_with_when_it_opens(
    backroom: Shell, store: Store
) -> None:
    store.strike("429-storm")
    said = await called(backroom, "--no-wait", code=4)
    opens = rf"the rate limit is reached; it opens in {SHUT[:-2]} [A-Z0-9+-]+\)\.\n"
    assert re.fullmatch(rf"backroom: ListBrands for kowhai: {opens}", said)
    assert re.fullmatch(r"429: \d\d s", (await cells(backroom))["kowhai"][-1])
    shown = await cells(backroom, "kowhai")
    assert re.fullmatch(f"shut by a 429 for {SHUT}", shown["gate"][0])
    assert shown["429s"] == ["1"]


async def test_without_waiting_a_call_fails_at_once_while_the_gate_is_shut_and_sends_nothing(
    backroom: Shell, store: Store
) -> None:
    store.strike("429-storm")
    for words in ((), ("--all",), ()):
        assert "it opens in" in await called(backroom, "--no-wait", *words, code=4)
    assert store.seen == [("GET /brands", 429)]


async def test_without_waiting_a_call_is_done_where_there_is_room(backroom: Shell) -> None:
    assert json.loads(await called(backroom, "--no-wait"))["data"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("rimu",), 1, "backroom: rimu is not linked: run `backroom connect rimu"),
        (("evil.example.com/x",), 2, "backroom: 'evil.example.com/x' is no domain prefix: "),
        (("rimu", "--follow"), 1, "backroom: rimu is not linked: run `backroom connect rimu"),
    ],
)
async def test_a_wrong_retailer_is_one_sentence(
    backroom: Shell, words: tuple[str, ...], code: int, said: str
) -> None:
    ended = await backroom("budget", *words, code=code)
    assert ended.stdout == ""
    assert ended.stderr.startswith(said)
    assert len(ended.stderr.splitlines()) == 1


def test_where_no_retailer_is_linked_it_says_how_to_link_one(run: Run) -> None:
    assert run("budget").stdout.startswith("No retailer is linked: run `backroom connect PREFIX")
    (tokens,) = json.loads(run("budget", "--json").stdout)
    assert (tokens["retailer"], tokens["limit"], tokens["window"]) == ("/token", 10, 60)


@pytest.mark.usefixtures("backroom")
def test_a_program_may_follow_it_line_by_line_until_it_is_interrupted(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with subprocess.Popen(  # noqa: S603
        [str(BIN / "backroom"), "budget", "kowhai", "--follow", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        cwd=tmp_path,
    ) as process:
        assert process.stdout
        lines = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert [line["retailer"] for line in lines] == ["kowhai", "kowhai"]
    assert (process.returncode, said.strip()) == (130, b"")


@pytest.mark.usefixtures("backroom")
def test_on_a_terminal_it_is_followed_in_one_place_until_ctrl_c(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with terminal("budget", "--follow", environ=environ, folder=tmp_path) as shown:
        shown.shows("kowhai", times=3)
        up = re.escape("\x1b[1A")
        assert re.search(up, shown.seen), "the cursor goes back up"
        shown.interrupt()
        code, _ = shown.ended()
    assert code == 130
    assert "Traceback" not in shown.seen


async def waited(shown: Terminal) -> tuple[int, str]:
    """See the line with which a call waits, and the call's end."""
    await asyncio.to_thread(shown.shows, "the rate limit is reached; it opens in ")
    code, out = await asyncio.to_thread(shown.ended)
    assert re.search(rf"it opens in [\d.]+ s \({CLOCK}\)", shown.seen)
    return code, out


@pytest.mark.usefixtures("backroom")
@pytest.mark.parametrize("more", [(), ("--all",)], ids=["once", "all"])
async def test_on_a_terminal_a_call_says_for_how_long_it_waits_and_is_then_done(
    store: Store, environ: dict[str, str], tmp_path: Path, more: tuple[str, ...]
) -> None:
    store.strike("429-storm", "retry-after-past")  # which counts as one second
    words = ("call", "ListBrands", "--retailer", "kowhai", *more)
    environ = environ | store.environ
    with terminal(*words, environ=environ, folder=tmp_path) as shown:
        code, out = await waited(shown)
    assert code == 0
    assert out.startswith('{"id":' if more else '{\n  "data": [')
    assert [status for _, status in store.seen][:2] == [429, 200]


async def test_away_from_a_terminal_a_call_waits_in_silence(backroom: Shell, store: Store) -> None:
    store.strike("429-storm", "retry-after-past")
    ended = await backroom("call", "ListBrands", "--retailer", "kowhai")
    assert json.loads(ended.stdout)["data"]
    assert ended.stderr == ""
    assert [status for _, status in store.seen] == [429, 200]
