"""Every list of the contract, walked to its end in the vendor's way."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.actions.simulator.conftest import Browser, Got
from tests.actions.simulator.contract import CONTRACT, Row
from tests.actions.simulator.contract_calls import CREATED, call, listed, made, of

NOTHING = {"min": None, "max": None}


def paged(*forms: str) -> list[Row]:
    return [row for row in CONTRACT if row.paging in forms]


async def stocked(store: Browser, row: Row) -> list[Any]:
    """Return the rows of a list to which, where an action does that, three were added."""
    if creation := CREATED.get(row.call.split()[1]):
        for _ in range(3):
            await made(store, creation)
    rows = listed(await call(store, row))
    assert len(rows) > 1
    return rows


def version(row: Any) -> int:
    """Return a version, which sales have elsewhere."""
    return int(row["version"] if "version" in row else row["_metadata"]["version"])


def ids(rows: list[Any]) -> list[str]:
    return [row["id"] for row in rows]


async def walk(store: Browser, row: Row, size: int) -> AsyncIterator[Got]:
    """Yield the pages of a list by version, the empty one at the end too."""
    after = 0
    while after is not None:
        yield (got := await call(store, row, params={"after": after, "page_size": size}))
        after = got.json["version"]["max"]


@of(paged("version"))
async def test_a_list_by_version_ends_with_an_empty_page(kowhai: Browser, row: Row) -> None:
    rows = await stocked(kowhai, row)
    size = min(2, len(rows) - 1)
    pages = [page async for page in walk(kowhai, row, size)]
    seen = [one for page in pages for one in listed(page)]
    assert ids(seen) == ids(rows)
    assert len(set(ids(seen))) == len(seen)
    versions = [version(one) for one in seen]
    assert versions == sorted(set(versions))
    assert {len(listed(page)) for page in pages[:-2]} == {size}
    for page in pages[:-1]:
        found = [version(one) for one in listed(page)]
        assert page.json["version"] == {"min": found[0], "max": found[-1]}
    assert pages[-1].json == {"data": [], "version": NOTHING}


@of(paged("version"))
async def test_after_and_before_leave_out_the_version_they_name(kowhai: Browser, row: Row) -> None:
    rows = await stocked(kowhai, row)
    middle = len(rows) // 2
    older, newer = [
        listed(await call(kowhai, row, params={side: version(rows[middle])}))
        for side in ("before", "after")
    ]
    assert ids(older) == ids(rows[:middle])
    assert ids(newer) == ids(rows[middle + 1 :])


@of(paged("before id"))
async def test_gift_cards_are_paged_backwards_by_id(kowhai: Browser, row: Row) -> None:
    rows = await stocked(kowhai, row)
    created = [one["created_at"] for one in rows]
    assert created == sorted(created, reverse=True)
    seen: list[Any] = []
    params: dict[str, Any] = {"page_size": 3}
    while page := listed(await call(kowhai, row, params=params)):
        assert len(page) == min(3, len(rows) - len(seen))
        seen += page
        params["before"] = page[-1]["id"]
    assert ids(seen) == ids(rows)
    assert len(set(ids(seen))) == len(seen)


@pytest.mark.parametrize(("direction", "bound"), [("asc", "after"), ("desc", "before")])
@of(paged("body"))
async def test_inventory_is_paged_in_the_body(
    kowhai: Browser, row: Row, direction: str, bound: str
) -> None:
    newest_first = await stocked(kowhai, row)
    rows = newest_first[::-1] if direction == "asc" else newest_first
    seen: list[Any] = []
    body: dict[str, Any] = {"size": 3, "sort_direction": direction}
    while page := listed(await call(kowhai, row, json=body)):
        assert len(page) == min(3, len(rows) - len(seen))
        seen += page
        body[bound] = version(page[-1])
    assert ids(seen) == ids(rows)
    assert len(set(ids(seen))) == len(seen)
    versions = [version(one) for one in seen]
    assert versions == sorted(versions, reverse=direction == "desc")


@of(paged("page_info"))
async def test_categories_are_paged_by_their_page_info(kowhai: Browser, row: Row) -> None:
    rows = await stocked(kowhai, row)
    pages = [await call(kowhai, row, params={"page_size": 3})]
    while (info := pages[-1].json["page_info"])["has_next"]:
        assert info["last_seen"] == listed(pages[-1])[-1]["id"]
        pages.append(await call(kowhai, row, params={"page_size": 3, "after": info["last_seen"]}))
    seen = [one for page in pages for one in listed(page)]
    assert ids(seen) == ids(rows)
    assert len(set(ids(seen))) == len(seen)
    assert {len(listed(page)) for page in pages[:-1]} == {3}
    paths = [[step["name"] for step in one["category_path"]] for one in seen]
    assert paths == sorted(paths)


@of(paged("size"))
async def test_a_list_without_a_cursor_is_only_cut(kowhai: Browser, row: Row) -> None:
    rows = await stocked(kowhai, row)
    assert ids(listed(await call(kowhai, row, params={"page_size": 1}))) == ids(rows[:1])
    assert ids(listed(await call(kowhai, row, params={"page_size": 1_000_000}))) == ids(rows)


@of(row for row in CONTRACT if row.paging != "none")
async def test_a_page_may_be_as_large_as_the_vendor_says(kowhai: Browser, row: Row) -> None:
    assert (await sized(kowhai, row, row.most or 1_000_000)).status == 200
    if row.most:
        assert (await sized(kowhai, row, row.most + 1)).status == 400


async def sized(store: Browser, row: Row, size: int) -> Got:
    if row.paging == "body":
        return await call(store, row, json={"size": size})
    return await call(store, row, params={"page_size": size})
