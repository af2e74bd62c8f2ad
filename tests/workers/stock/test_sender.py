"""Adjustments of any number reach the vendor once, whatever becomes of answers."""

from typing import Any

import pytest
from msgspec import structs

from actions.client import Client
from actions.database import Database
from actions.errors import (
    ConnectionFailed,
    LightspeedError,
    RateLimited,
    TryLater,
    Unauthorized,
)
from actions.exchange import Lane
from actions.grants import Pair
from actions.permit import Permit
from actions.resources.stock_adjustments import NewStockAdjustment
from actions.secret import Secret
from actions.simulator.scopes import SCOPES
from actions.vault import Vault
from tests.stores import Store
from tests.workers.stock.conftest import Adjust, all_sent, asked, booked, requests
from workers.environment import load
from workers.lightspeed import Lightspeed, lightspeed
from workers.settings import Settings
from workers.stock import keys
from workers.stock.items import BadItem, NoSuchOrder
from workers.stock.orders import StockOrders
from workers.stock.requests import LostTurn, Requests, Taken
from workers.stock.runs import ClientWay
from workers.stock.sender import Sender
from workers.stock.turn import NotYourTurn, taken


def unknown_product(one: NewStockAdjustment) -> NewStockAdjustment:
    return structs.replace(one, product_id="no-such-product")


class Unplugged(ClientWay):
    """Sends nothing."""

    def __init__(self, client: Client, lane: Lane, patience: float, *errors: Exception) -> None:
        super().__init__(client, lane, patience)
        self._errors = errors or (TryLater("CreateStockAdjustments", "kowhai", 30.0),)

    async def call(self, action: Any, retailer: str, permit: Permit | None = None) -> Any:
        del action, retailer
        if permit is not None:
            permit.unsent()
        raise self._errors[0]


async def test_any_number_leaves_in_full_requests_and_each_item_has_its_result(
    orders: StockOrders, sender: Sender, store: Store, adjust: Adjust
) -> None:
    wanted = adjust(2500)
    order = await orders.submit(wanted, "kowhai")
    await all_sent(sender)
    assert requests(store) == [201] * 3
    assert booked(store) == asked(wanted)
    results = await orders.results(order)
    assert [one.place for one in results] == list(range(2500))
    assert {one.outcome for one in results} == {"applied"}
    ids = {row["id"] for row in store.rows("stock_adjustments")}
    assert {one.detail for one in results} == ids
    assert (await orders.progress(order)).is_over


async def test_adjustments_of_many_callers_leave_together(
    orders: StockOrders, sender: Sender, store: Store, adjust: Adjust
) -> None:
    ids = [await orders.submit([one], "kowhai") for one in adjust(50)]
    await all_sent(sender)
    assert requests(store) == [201]
    for order in ids:
        (result,) = await orders.outcome(order)
        assert result.outcome == "applied"


@pytest.mark.parametrize("names_rows", [True, False])
async def test_bad_rows_are_found_and_the_good_ones_applied_once(
    orders: StockOrders, sender: Sender, store: Store, adjust: Adjust, *, names_rows: bool
) -> None:
    store.simulator.stage.switches.bad_batch_names_rows = names_rows
    wanted = adjust(1000)
    bad = {17, 500, 501}
    given = [unknown_product(one) if at in bad else one for at, one in enumerate(wanted)]
    order = await orders.submit(given, "kowhai")
    await all_sent(sender)
    results = await orders.results(order)
    assert {one.place for one in results if one.outcome == "refused"} == bad
    assert [one.outcome for one in results].count("applied") == 997
    assert all("does not exist" in one.detail for one in results if one.outcome == "refused")
    assert booked(store) == asked([one for at, one in enumerate(wanted) if at not in bad])
    assert len(requests(store)) <= (2 if names_rows else 36)


async def test_one_bad_row_of_1000_is_found_by_halving_in_12_requests(
    orders: StockOrders, sender: Sender, store: Store, adjust: Adjust
) -> None:
    store.simulator.stage.switches.bad_batch_names_rows = False
    given = adjust(1000)
    given[777] = unknown_product(given[777])
    await orders.submit(given, "kowhai")
    await all_sent(sender)
    assert len(requests(store)) <= 12


async def test_what_a_refused_batch_has_applied_all_the_same_is_not_sent_again(
    orders: StockOrders, sender: Sender, store: Store, adjust: Adjust
) -> None:
    store.simulator.stage.switches.bad_batch = "good-rows"
    wanted = adjust(100)
    given = [unknown_product(wanted[0]), *wanted[1:]]
    order = await orders.submit(given, "kowhai")
    await all_sent(sender)
    assert requests(store) == [422]
    assert booked(store) == asked(wanted[1:])
    outcomes = [one.outcome for one in await orders.results(order)]
    assert outcomes == ["refused"] + ["applied"] * 99


@pytest.mark.parametrize("fault", ["lost-answer", "5xx", "reset", "html-error"])
async def test_after_a_lost_answer_it_looks_before_it_sends_again(
    orders: StockOrders, sender: Sender, store: Store, adjust: Adjust, fault: str
) -> None:
    wanted = adjust(300)
    order = await orders.submit(wanted, "kowhai")
    store.strike(fault, path="/stock_adjustments")
    await all_sent(sender)
    assert booked(store) == asked(wanted)
    assert {one.outcome for one in await orders.results(order)} == {"applied"}
    looked = ("GET /stock_adjustments", 200) in store.seen
    assert looked


async def test_the_first_adjustment_ever_goes_alone_and_shows_as_whom_we_act(
    orders: StockOrders, sender: Sender, store: Store, adjust: Adjust, database: Database
) -> None:
    await database.do("DEL", keys.seen("kowhai"))
    wanted = adjust(1500)
    await orders.submit(wanted, "kowhai")
    await all_sent(sender)
    assert requests(store) == [201] * 3
    sizes = [len(one.ids) for one in store.simulator.stage.ledger.applied]
    assert sizes == [1, 1000, 499]
    assert booked(store) == asked(wanted)


@pytest.mark.parametrize("fault", ["lost-answer", "reset"])
async def test_the_first_ever_without_an_answer_is_looked_for_by_time_and_never_guessed(
    orders: StockOrders,
    sender: Sender,
    store: Store,
    adjust: Adjust,
    database: Database,
    fault: str,
) -> None:
    await orders.submit(adjust(2500), "kowhai")
    await all_sent(sender)
    store.simulator.stage.clock.set(advance=86_400)
    await database.do("DEL", keys.seen("kowhai"))
    wanted = adjust(10, start=5000)
    order = await orders.submit(wanted, "kowhai")
    store.strike(fault, path="/stock_adjustments")
    await all_sent(sender)
    first, *rest = [one.outcome for one in await orders.results(order)]
    assert first == ("unknown" if fault == "lost-answer" else "applied")
    assert set(rest) == {"applied"}
    assert sum(booked(store).values()) == 2510


async def test_after_another_user_has_linked_the_store_one_goes_alone(  # noqa: PLR0913, PLR0917 - fixtures
    orders: StockOrders,
    reach: Lightspeed,
    store: Store,
    adjust: Adjust,
    database: Database,
    vault: Vault,
    environ: dict[str, str],
) -> None:
    """What is lost under the new user is not looked for under the old, which would not find it."""
    wanted = adjust(20)
    order = await orders.submit(wanted, "kowhai")
    refusing = Unplugged(reach.client, "interactive", 20.0)
    with pytest.raises(TryLater):
        await Sender(database, refusing, "kowhai", keys.waiting("kowhai")).step()
    grant = store.simulator.stage.access.grant("kowhai", "ours", SCOPES, "a-second-user")
    await reach.grants.keep("kowhai", Pair(access=Secret(grant.access_token)))
    async with lightspeed(load(Settings, environ | store.environ), database, vault) as anew:
        way = ClientWay(anew.client, "interactive", 20.0)
        store.strike("lost-answer", path="/stock_adjustments")
        await all_sent(Sender(database, way, "kowhai", keys.waiting("kowhai"), settle=0.0))
    assert booked(store) == asked(wanted)
    assert [len(one.ids) for one in store.simulator.stage.ledger.applied] == [1, 1, 18]
    outcomes = [one.outcome for one in await orders.results(order)]
    assert outcomes == ["unknown"] + ["applied"] * 19


async def test_equal_adjustments_of_another_sender_leave_it_unknown_and_nothing_is_sent_again(
    orders: StockOrders, sender: Sender, store: Store, adjust: Adjust
) -> None:
    await orders.submit(adjust(1), "kowhai")
    await all_sent(sender)
    wanted = adjust(3, start=50)
    order = await orders.submit(wanted, "kowhai")
    store.strike("lost-answer", path="/stock_adjustments")
    assert await sender.step() == 0.0
    again = await orders.submit(wanted[:1], "kowhai")  # stands for another application's
    row = dict(store.rows("stock_adjustments")[-3])
    row["id"] = "another"
    store.simulator.shop("kowhai").put("stock_adjustments", row)
    await all_sent(sender)
    outcomes = [one.outcome for one in await orders.results(order)]
    assert outcomes == ["unknown", "applied", "applied"]
    (result,) = await orders.results(again)
    assert result.outcome == "applied"


@pytest.mark.parametrize(
    "error",
    [
        ConnectionFailed("CreateStockAdjustments", "kowhai", "no route", unsent=True),
        RateLimited("CreateStockAdjustments", "kowhai", 30.0),
        TryLater("CreateStockAdjustments", "kowhai", 30.0),
        Unauthorized("CreateStockAdjustments", "kowhai", "no"),
    ],
)
async def test_what_was_not_taken_is_sent_later_without_being_looked_for(
    orders: StockOrders,
    sender: Sender,
    reach: Lightspeed,
    store: Store,
    adjust: Adjust,
    error: LightspeedError,
) -> None:
    wanted = adjust(5)
    await orders.submit(wanted, "kowhai")

    unplugged = Unplugged(reach.client, "interactive", 20.0, error)
    with pytest.raises(type(error)):
        await Sender(orders.database, unplugged, "kowhai", keys.waiting("kowhai")).step()
    await all_sent(sender)
    assert store.seen == [("POST /stock_adjustments", 201)]
    assert booked(store) == asked(wanted)


async def test_one_sender_at_a_time_and_who_lost_the_turn_records_nothing(
    orders: StockOrders, sender: Sender, database: Database, adjust: Adjust
) -> None:
    await orders.submit(adjust(5), "kowhai")
    async with taken(database, "kowhai") as turn:
        with pytest.raises(NotYourTurn):
            await sender.step()
        mine = Requests(database, "kowhai", keys.waiting("kowhai"), 0.0)
        open_ = await mine.take(turn.token, "")
        assert isinstance(open_, Taken)
        await database.do("SET", keys.turn("kowhai"), "another", "PX", 60_000)
        with pytest.raises(LostTurn):
            await mine.keep(turn.token, None, fresh=5)
    assert await database.do("LLEN", keys.waiting("kowhai")) == 5


async def test_an_order_given_twice_is_taken_in_once(
    orders: StockOrders, sender: Sender, store: Store, adjust: Adjust
) -> None:
    wanted = adjust(2500)
    for _ in range(2):
        assert await orders.submit(wanted, "kowhai", order_id="stocktake") == "stocktake"
    await all_sent(sender)
    assert booked(store) == asked(wanted)
    with pytest.raises(NoSuchOrder):
        await orders.progress("other")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"quantity": "0"}, "zero"),
        ({"quantity": "-1"}, "above zero"),
        ({"quantity": "1e3"}, "quantity"),
        ({"reason": "CUSTOM"}, "custom_inventory_adjustment_reason_id"),
        ({"custom_inventory_adjustment_reason_id": "x"}, "custom_inventory_adjustment_reason_id"),
        ({"product_id": ""}, "product_id"),
    ],
)
async def test_one_bad_item_keeps_the_whole_order_out_and_is_named(
    orders: StockOrders, adjust: Adjust, database: Database, change: dict[str, str], rule: str
) -> None:
    given = adjust(3)
    given[1] = structs.replace(given[1], **change)
    with pytest.raises(BadItem, match=f"item 1: .*{rule}"):
        await orders.submit(given, "kowhai")
    assert await database.do("EXISTS", keys.waiting("kowhai")) == 0
