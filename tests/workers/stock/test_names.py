"""SKUs and outlets' names become ids with few requests, or are told."""

import io
from collections import Counter

import pytest

from tests.stores import Store
from workers.lightspeed import Lightspeed
from workers.stock.names import SINGLY, resolved
from workers.stock.sheet import Sheet, read


def sheet(*rows: str, header: str = "sku,outlet_id,quantity,reason") -> Sheet:
    return read(io.StringIO("\n".join([header, *rows]), newline=""))


def asked(store: Store) -> Counter[str]:
    return Counter(route for route, _ in store.seen)


@pytest.mark.parametrize("many", [1, SINGLY, SINGLY + 1])
async def test_few_skus_are_asked_for_one_by_one_and_many_by_pages(
    reach: Lightspeed, store: Store, many: int
) -> None:
    products = store.rows("products")[:many]
    ours = sheet(*(f"{row['sku']},O,1,STOCK_FOUND" for row in products * 3))
    found = await resolved(ours, reach.client, "kowhai")
    assert [one.product_id for one in found] == [row["id"] for row in products * 3]
    assert not ours.problems
    assert asked(store) == {"GET /products": many if many <= SINGLY else 2}


async def test_a_sku_of_two_products_and_one_of_none_are_told(
    reach: Lightspeed, store: Store
) -> None:
    products = store.rows("products")[: SINGLY + 1]
    first = products[0]
    store.simulator.shop("kowhai").put("products", first | {"id": "another"})
    ours = sheet(*(f"{row['sku']},O,1,STOCK_FOUND" for row in products), "gone,O,1,STOCK_FOUND")
    await resolved(ours, reach.client, "kowhai")
    twice, never = ours.problems.first(10)
    assert (twice.row, twice.column) == (2, "sku")
    assert "belongs to 2 products: give product_id" in twice.rule
    assert never.row == 2 + SINGLY + 1
    assert never.rule == "'gone' is the sku of none of the store's products"


async def test_ids_are_taken_as_they_are_and_nothing_is_asked(
    reach: Lightspeed, store: Store
) -> None:
    ours = sheet("P,O,1.50,CUSTOM,C", header="product_id,outlet_id,quantity,reason,custom_reason")
    (one,) = await resolved(ours, reach.client, "kowhai")
    assert (one.product_id, one.outlet_id, one.quantity) == ("P", "O", "1.50")
    assert (one.reason, one.custom_inventory_adjustment_reason_id) == ("CUSTOM", "C")
    assert store.seen == []
