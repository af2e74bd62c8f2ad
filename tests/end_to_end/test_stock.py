"""`backroom stock`: a file is checked whole, sent once, and reported row by row."""

import asyncio
import csv
import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actions.connections import Connections
from actions.database import Database
from actions.grants import Grants
from actions.vault import Vault
from tests.end_to_end.conftest import BIN, PATIENCE, Run
from tests.stores import Shell, Store, open_store, shell
from workers.stock.items import adjustment
from workers.stock.orders import StockOrders

Row = tuple[str, str, str, str]
Sheet = Callable[..., Path]


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(products=12) as store:
        yield store


@pytest.fixture
async def backroom(run: Run, store: Store, database: Database, vault: Vault) -> Shell:
    """Commands in a shell that is set up for the store kowhai, which is linked."""
    await Grants(database, vault).keep("kowhai", store.pair())
    await Connections(database, vault).link("kowhai", unsigned=False)
    return shell(run, store)


@pytest.fixture
def sheet(store: Store, tmp_path: Path) -> Sheet:
    """Write a file of so many rows, by SKU and outlet's name; of equal rows there are none."""
    skus = [row["sku"] for row in store.rows("products")]
    outlet = store.rows("outlets")[0]["name"]

    def sheet(count: int, *more: Row, name: str = "count.csv") -> Path:
        rows = [
            (skus[number % len(skus)], outlet, str(number + 1), "STOCK_FOUND")
            for number in range(count)
        ]
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file).writerows([("sku", "outlet", "quantity", "reason"), *rows, *more])
        return tmp_path / name

    return sheet


def booked(store: Store) -> Counter[tuple[Any, ...]]:
    """The vendor's adjustments as a multiset."""
    return Counter(
        (row["product_id"], Decimal(row["quantity"])) for row in store.rows("stock_adjustments")
    )


def wanted(store: Store, count: int) -> Counter[tuple[Any, ...]]:
    """Those of a sheet's first rows, in the same shape."""
    products = [row["id"] for row in store.rows("products")]
    return Counter(
        (products[number % len(products)], Decimal(number + 1)) for number in range(count)
    )


def sent(store: Store) -> list[int]:
    """The status of every request to create adjustments."""
    return [status for route, status in store.seen if route == "POST /stock_adjustments"]


def report(file: Path) -> list[list[str]]:
    with file.with_suffix(".report.csv").open(newline="") as opened:
        return list(csv.reader(opened))


async def test_a_file_by_names_is_sent_in_full_requests_and_reported(
    backroom: Shell, store: Store, sheet: Sheet
) -> None:
    file = sheet(2500)
    ended = await backroom("stock", "adjust", str(file), "--yes")
    assert "2,500 adjustments of stock at kowhai." in ended.stdout
    assert "3 requests of the " in ended.stdout
    assert "2,500 applied; each row is in" in ended.stdout
    assert sent(store) == [201] * 4  # the first takes one row, to learn as whom we act
    assert booked(store) == wanted(store, 2500)
    header, *rows = report(file)
    assert header == ["row", "outcome", "detail"]
    assert [int(row[0]) for row in rows] == list(range(2, 2502))
    assert {row[1] for row in rows} == {"applied"}
    assert {row[2] for row in rows} == {row["id"] for row in store.rows("stock_adjustments")}
    looked_up = [route for route, _ in store.seen if route.startswith("GET")]
    assert Counter(looked_up) == {"GET /products": 2, "GET /outlets": 2}


async def test_an_order_is_shown_before_and_after_it_is_sent(
    backroom: Shell, store: Store, database: Database
) -> None:
    product, outlet = (store.rows(table)[0]["id"] for table in ("products", "outlets"))
    ids = [product, product, "00000000-0000-0000-0000-000000000000"]
    given = [adjustment(one, outlet, number + 1, "STOCK_FOUND") for number, one in enumerate(ids)]
    order = await StockOrders(database).submit(given, "kowhai")
    shown = (await backroom("stock", "order", order)).stdout
    assert "3 adjustments at kowhai: 0 applied, 0 refused, 0 unknown, 3 left." in shown
    assert "The rate limit lets its last request leave now." in shown
    await backroom("worker", "--queue", "actions", "--burst")
    shown = (await backroom("stock", "order", order)).stdout
    assert "2 applied, 1 refused, 0 unknown, 0 left." in shown
    found = json.loads((await backroom("stock", "order", order, "--json")).stdout)
    assert [item[:2] for item in found["items"]] == [
        [0, "applied"],
        [1, "applied"],
        [2, "refused"],
    ]
    assert (found["left"], found["progress"]["last_in"]) == (0, 0.0)
    assert "is kept" in (await backroom("stock", "order", "no-such", code=1)).stderr


async def test_the_same_file_is_not_sent_twice_unless_again_is_said(
    backroom: Shell, store: Store, sheet: Sheet
) -> None:
    file = sheet(3)
    await backroom("stock", "adjust", str(file), "--yes")
    before = report(file)
    file.with_suffix(".report.csv").unlink()
    ended = await backroom("stock", "adjust", str(file), "--yes")
    assert "was sent before" in ended.stdout
    assert sent(store) == [201] * 2
    assert report(file) == before
    await backroom("stock", "adjust", str(file), "--yes", "--again")
    assert sent(store) == [201] * 3
    assert report(file) != before


@pytest.mark.parametrize(
    ("row", "column", "rule"),
    [
        (("no-such", "", "1", "STOCK_FOUND"), "sku", "none of the store's products"),
        (("", "", "1", "STOCK_FOUND"), "sku", "is empty"),
        (("SKU", "Nowhere", "1", "STOCK_FOUND"), "outlet", "none of the store's outlets"),
        (("SKU", "", "0", "STOCK_FOUND"), "quantity", "must not be zero"),
        (("SKU", "", "-1", "STOCK_FOUND"), "quantity", "must be above zero"),
        (("SKU", "", "1", "DAMAGE"), "quantity", "must be below zero"),
        (("SKU", "", "1,5", "STOCK_FOUND"), "quantity", "plain number"),
        (("SKU", "", "1", "LOST"), "reason", "must be one of DAMAGE"),
        (("SKU", "", "1", "CUSTOM"), "custom_reason", "CUSTOM"),
    ],
)
async def test_one_wrong_row_keeps_the_whole_file_out_and_is_named(
    backroom: Shell, store: Store, sheet: Sheet, row: Row, column: str, rule: str
) -> None:
    sku, outlet = store.rows("products")[0]["sku"], store.rows("outlets")[0]["name"]
    file = sheet(4, (row[0].replace("SKU", sku), row[1] or outlet, *row[2:]))
    ended = await backroom("stock", "adjust", str(file), "--yes", code=2)
    (line,) = [line for line in ended.stdout.splitlines() if line.startswith("6 ")]
    assert line.split()[1] == column
    assert rule in line
    assert "Nothing was sent, because 1 cell is wrong" in ended.stderr
    assert sent(store) == []


async def test_every_wrong_row_is_counted_and_twenty_are_shown(
    backroom: Shell, sheet: Sheet
) -> None:
    file = sheet(0, *[("no-such", "Nowhere", "0", "STOCK_FOUND")] * 50)
    ended = await backroom("stock", "adjust", str(file), "--yes", code=2)
    assert len(ended.stdout.splitlines()) == 21
    assert "150 cells are wrong" in ended.stderr
    ended = await backroom("stock", "adjust", str(file), "--yes", "--json", code=2)
    told = json.loads(ended.stdout)
    assert told["wrong"] == len(told["problems"]) == 150


async def test_an_outlets_name_that_two_bear_is_not_guessed(
    backroom: Shell, store: Store, sheet: Sheet
) -> None:
    file = sheet(1)
    first = store.rows("outlets")[0]
    store.simulator.shop("kowhai").put("outlets", first | {"id": "another"})
    ended = await backroom("stock", "adjust", str(file), "--yes", code=2)
    assert "belongs to 2 outlets: give outlet_id" in ended.stdout


async def test_refused_rows_are_named_and_the_exit_code_says_so(
    backroom: Shell, store: Store, tmp_path: Path
) -> None:
    product, outlet = store.rows("products")[0]["id"], store.rows("outlets")[0]["id"]
    file = tmp_path / "ids.csv"
    lines = ["outlet_id;quantity;product_id;reason", f"{outlet};-2;{product};DAMAGE", ""]
    lines += [f"{outlet};3;gone;STOCK_FOUND"]
    file.write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    ended = await backroom("stock", "adjust", str(file), "--yes", "--json", code=3)
    told = json.loads(ended.stdout)
    assert (told["total"], told["applied"], told["refused"], told["unknown"]) == (2, 1, 1, 0)
    _, first, second = report(file)
    assert first[:2] == ["2", "applied"]
    assert second[:2] == ["4", "refused"]
    assert "does not exist" in second[2]
    assert not [route for route, _ in store.seen if route in {"GET /products", "GET /outlets"}]


async def test_a_dry_run_sends_nothing_and_writes_nothing(
    backroom: Shell, store: Store, sheet: Sheet
) -> None:
    file = sheet(1001)
    ended = await backroom("stock", "adjust", str(file), "--dry-run")
    assert "2 requests" in ended.stdout
    ended = await backroom("stock", "adjust", str(file), "--dry-run", "--json")
    told = json.loads(ended.stdout)
    assert (told["retailer"], told["left"], told["requests"]) == ("kowhai", 1001, 2)
    assert sent(store) == []
    assert list(file.parent.glob("*.report.csv")) == []


async def test_standard_input_is_read_and_its_rows_are_in_the_json(
    backroom: Shell, store: Store, sheet: Sheet, environ: dict[str, str]
) -> None:
    del backroom
    ended = await asyncio.to_thread(
        subprocess.run,
        [str(BIN / "backroom"), "stock", "adjust", "-", "--yes", "--json"],
        input=sheet(2).read_text(),
        env=environ | store.environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    told = json.loads(ended.stdout)
    assert [(row["row"], row["outcome"]) for row in told["rows"]] == [
        (2, "applied"),
        (3, "applied"),
    ]


async def test_without_a_terminal_it_does_not_ask(
    backroom: Shell, store: Store, sheet: Sheet
) -> None:
    ended = await backroom("stock", "adjust", str(sheet(1)), code=2)
    assert "add --yes" in ended.stderr
    assert store.seen == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The file is empty"),
        ("sku,,outlet,quantity,reason\n", "The header has an empty cell"),
        ("sku,outlet,quantity,reason\n", "no row below its header"),
        ("sku,outlet,quantity,reason,price\nA,B,1,DAMAGE,2\n", "'price' is no column"),
        ("outlet,quantity,reason\nB,1,DAMAGE\n", "needs the column product_id or sku"),
        ("sku,product_id,outlet,quantity,reason\nA,B,C,1,DAMAGE\n", "both are"),
        ("sku,outlet,quantity\nA,B,1\n", "The column reason is missing"),
        ("sku,outlet,quantity,quantity,reason\nA,B,1,1,DAMAGE\n", "twice"),
        ("sku,outlet,quantity,reason\n\xff,B,1,DAMAGE\n", "UTF-8"),
    ],
)
async def test_a_file_that_is_no_table_is_refused_in_one_sentence(
    backroom: Shell, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(text.encode("latin-1"))
    ended = await backroom("stock", "adjust", str(file), "--yes", code=2)
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert said in line


async def adjusting(file: Path, environ: dict[str, str]) -> asyncio.subprocess.Process:
    """Start the command beside the test."""
    return await asyncio.create_subprocess_exec(
        str(BIN / "backroom"),
        *("stock", "adjust", str(file), "--yes"),
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def test_after_ctrl_c_the_same_command_sends_what_is_left_once(
    backroom: Shell, store: Store, sheet: Sheet, environ: dict[str, str]
) -> None:
    file = sheet(5000)
    store.strike("slow", path="/stock_adjustments", times=2)
    process = await adjusting(file, environ | store.environ)
    async with asyncio.timeout(PATIENCE):
        while not sent(store):
            assert process.returncode is None
            await asyncio.sleep(0.005)
        process.send_signal(signal.SIGINT)
        _, said = await process.communicate()
    assert process.returncode == 130, said
    assert b"the same command goes on" in said
    outcomes = Counter(row[1] for row in report(file)[1:])
    assert outcomes["applied"] == sum(booked(store).values())
    assert outcomes["left"] == 5000 - outcomes["applied"] > 0
    ended = await backroom("stock", "adjust", str(file), "--yes")
    assert (
        f"{outcomes['left']:,} adjustments of stock at kowhai, what is left of 5,000"
        in ended.stdout
    )
    assert booked(store) == wanted(store, 5000)
    assert sent(store) == [201] * 6


async def test_a_second_ctrl_c_does_not_wait_for_the_request_under_way(
    backroom: Shell, store: Store, sheet: Sheet, environ: dict[str, str]
) -> None:
    del backroom
    file = sheet(5)
    store.strike("slow", path="/stock_adjustments", seconds=3600)
    process = await adjusting(file, environ | store.environ)
    assert process.stderr
    async with asyncio.timeout(PATIENCE):
        while not store.simulator.stage.faults.struck["slow"]:
            assert process.returncode is None
            await asyncio.sleep(0.005)
        process.send_signal(signal.SIGINT)
        assert b"Ctrl-C again does not wait" in await process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, said = await process.communicate()
    assert process.returncode == 130, said
    assert b"stopped at once" in said
    assert Counter(row[1] for row in report(file)[1:]) == {"left": 5}


async def test_a_killed_command_goes_on_where_it_was(
    backroom: Shell, store: Store, sheet: Sheet, environ: dict[str, str]
) -> None:
    file = sheet(3000)
    process = await asyncio.create_subprocess_exec(
        str(BIN / "backroom"),
        *("stock", "adjust", str(file), "--yes"),
        env=environ | store.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    async with asyncio.timeout(PATIENCE):
        while len(sent(store)) < 2:
            assert process.returncode is None
            await asyncio.sleep(0.005)
        process.kill()
        await process.wait()
        await backroom("stock", "adjust", str(file), "--yes")
    assert booked(store) == wanted(store, 3000)


async def test_history_lists_what_was_adjusted_newest_last(
    backroom: Shell, store: Store, sheet: Sheet
) -> None:
    await backroom("stock", "adjust", str(sheet(30)), "--yes")
    ended = await backroom("stock", "history", "--limit", "10", "--json")
    ids = [row["id"] for row in json.loads(ended.stdout)]
    assert ids == [row["id"] for row in store.rows("stock_adjustments")][-10:]
    ended = await backroom("stock", "history", "--limit", "10")
    assert "The newest 10 of 30" in ended.stdout
    assert "no such adjustments" in (await backroom("stock", "history", "--since", "0m")).stdout
    ended = await backroom("stock", "history", "--since", "lately", code=2)
    assert "is no time" in ended.stderr


async def test_on_a_terminal_it_asks_and_draws_a_bar(
    backroom: Shell, store: Store, sheet: Sheet, environ: dict[str, str]
) -> None:
    del backroom
    shown, code = await asyncio.to_thread(
        at_a_terminal,
        [str(BIN / "backroom"), "stock", "adjust", str(sheet(1500))],
        environ | store.environ,
    )
    assert "Go on? [y/N]" in shown
    assert "1500/1500" in shown
    assert code == 0
    assert sent(store) == [201] * 3


def at_a_terminal(words: list[str], environ: dict[str, str]) -> tuple[str, int]:
    """Run a command whose question is answered with yes; return what it showed, and its code."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(  # noqa: S603
        words, stdin=theirs, stdout=theirs, stderr=theirs, env=environ | {"TERM": "xterm"}
    )
    os.close(theirs)
    os.write(ours, b"y\n")
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:
        pass  # the terminal is gone with the last who has it
    os.close(ours)
    return shown.decode(), process.wait(PATIENCE)
