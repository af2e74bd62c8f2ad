"""Every action of the catalogue against the vendor's contract, row by row, over HTTP."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final, get_args, get_origin

import pytest
from msgspec import Struct

from actions.action import Action, Page, PagedAction
from actions.catalog import CATALOG, named
from actions.checking import made
from actions.errors import BadAction, MissingScope
from actions.grants import Grants, Pair
from actions.resources.store_credits import StoreCredit
from actions.secret import Secret
from tests.actions.conftest import OpenShop, Shop
from tests.actions.simulator.contract import CONSIGNMENT_SCOPES, CONTRACT, Row
from tests.actions.simulator.contract_calls import CREATED, braces, filled, found, listed, of
from tests.actions.simulator.contract_calls import made as made_by

NAMES: Final = """
    CreateBrand CreateConsignment CreateCustomer CreateProduct CreatePromotion CreateSale
    CreateStockAdjustments CreateSupplier CreateWebhook DeleteCustomer DeleteProduct DeleteWebhook
    FindGiftCard GetBrand GetConsignment GetCustomer GetOutlet GetPriceBook GetProduct
    GetProductImage GetProductType GetPromotion GetRegister GetRetailer GetSale GetSupplier GetTax
    GetUser ListBrands ListConsignments ListCustomerStoreCredits ListCustomers ListGiftCards
    ListInventory ListOutlets ListPaymentTypes ListPriceBookProducts ListPriceBooks
    ListProductCategories ListProductTypes ListProducts ListPromotions ListRegisters ListSales
    ListStockAdjustments ListStoreCredits ListSuppliers ListTaxes ListUsers ListWebhooks
    SaveProductCategories SetImagePosition UpdateConsignment UpdateCustomer UpdateProduct
    UpdateSale UpdateSupplier
"""
"""These are wire names, in queues and scripts of others: a rename is a decision."""

REPEATABLE: Final = {
    "DeleteCustomer",
    "DeleteProduct",
    "DeleteWebhook",
    "SetImagePosition",
    "UpdateCustomer",
    "UpdateSupplier",
}
"""Writes that do no harm twice: one more is a decision."""

PAGES: Final = {"version", "before id", "page_info"}
SMALL: Final = 2
NAMELESS: Final = re.compile(r"{\w+}")
EVERY_SCOPE: Final = {scope for row in CONTRACT for scope in row.scopes.split()} | set(
    CONSIGNMENT_SCOPES.values()
)


def nameless(call: str) -> str:
    """Return a path in which every name in braces is the same."""
    return NAMELESS.sub("{}", call)


def route(kind: type[Action[Any]]) -> str:
    return nameless(f"{kind.operation.verb} {kind.operation.path}")


def of_row(row: Row) -> type[Action[Any]]:
    """Return the one action that goes where a row goes."""
    (kind,) = (kind for kind in CATALOG.values() if route(kind) == nameless(row.call))
    return kind


def least(row: Row, ids: dict[str, str], **more: Any) -> Action[Any]:
    """Make a row's action with the least that it takes."""
    kind = of_row(row)
    path = dict(zip(NAMELESS.findall(kind.operation.path), braces(row.call), strict=True))
    given = {name.strip("{}"): ids[brace] for name, brace in path.items()}
    body = json.loads(filled(json.dumps(row.body or {}), ids))
    if "start_time" in body:
        body["start_time"] += "Z"  # ours want a zone, and send none
    return made(kind, given | body | more, strict=False)


def narrow(row: Row) -> dict[str, int]:
    """Return what makes the pages of a list small, where it has pages."""
    if row.paging == "body":
        return {"size": SMALL}
    return {"page_size": SMALL} if row.paging in PAGES else {}


def is_a(value: Any, kind: Any) -> bool:
    """Whether a value is of a type, and what a list holds too."""
    if get_origin(kind) is list:
        return isinstance(value, list) and all(is_a(one, get_args(kind)[0]) for one in value)
    if get_origin(kind) is Page:
        return isinstance(value, Page) and is_a(value.data, list[get_args(kind)[0]])  # type: ignore[misc]
    if kind is None:
        return value is None
    return isinstance(value, kind)


def key(item: Any) -> str:
    """Return what a row is known by: its id, or the customer whose store credit it is."""
    return str(item.customer_id if isinstance(item, StoreCredit) else item.id)


def keys(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Return the same of rows as they were sent."""
    return sorted(str(row["customer_id" if "total_credit_issued" in row else "id"]) for row in rows)


async def every(shop: Shop, row: Row) -> list[Any]:
    """Return a whole list as it is sent, from a page that holds all of it."""
    method, path = row.call.split()
    more: dict[str, Any] = {} if row.body is None else {"json": {"size": 5000}}
    return listed(await shop.browser.call(method, path, **more))


def test_the_catalogue_holds_these_57_names() -> None:
    assert sorted(CATALOG) == NAMES.split()
    assert len(CATALOG) == 57


def test_each_row_of_the_contract_is_one_action_and_bears_its_title() -> None:
    titles = {of_row(row).operation.name: row.name for row in CONTRACT}
    assert titles == {name: kind.operation.title for name, kind in CATALOG.items()}


@pytest.mark.parametrize("kind", CATALOG.values(), ids=CATALOG)
def test_an_action_is_documented_under_its_own_name(kind: type[Action[Any]]) -> None:
    assert kind.operation.name == kind.__name__
    summary = (kind.__doc__ or "").splitlines()[0]
    assert re.fullmatch(r"[A-Z][a-z]+ .{4,}", summary)


@of(CONTRACT)
def test_an_action_declares_the_verb_path_and_scopes_of_its_row(row: Row) -> None:
    operation = of_row(row).operation
    assert nameless(f"{operation.verb} {operation.path}") == nameless(row.call)
    writes_goods = row.name in {"Create A Consignment", "Update A Consignment"}
    wanted = set(CONSIGNMENT_SCOPES.values()) if writes_goods else set(row.scopes.split())
    assert set(operation.scopes) == wanted
    assert operation.is_paged is (row.paging != "none" or row.name == "List Webhooks")


@of(CONTRACT)
def test_an_action_reads_or_writes_as_its_row_does(row: Row) -> None:
    operation = of_row(row).operation
    assert operation.reads is (row.call.startswith("GET ") or row.call == "POST /inventory")
    assert operation.repeatable is (operation.reads or operation.name in REPEATABLE)


def test_what_the_vendor_calls_deprecated_is_deprecated() -> None:
    deprecated = {name for name, kind in CATALOG.items() if kind.operation.deprecated}
    assert deprecated == {"ListProductTypes", "GetProductType"}


@of(CONTRACT)
async def test_an_action_goes_to_its_row_and_returns_what_it_promises(
    shop: Shop, grants: Grants, row: Row
) -> None:
    ids = await found(shop.browser, row)
    action = least(row, ids, **narrow(row))
    assert set(action.needs()) == set(row.scopes.split())
    token = shop.simulator.personal_token("kowhai", *row.scopes.split())
    await grants.keep("kowhai", Pair(access=Secret(token)))
    shop.forget()
    result = await shop.call(action)
    ((went, status),) = shop.seen()
    assert (nameless(went), status) == (nameless(row.call), row.status)
    (request,) = shop.simulator.stage.ledger.requests
    assert request.path == filled(row.call, ids).split()[1]
    assert is_a(result, action.operation.result)
    assert shop.client.odd_shapes == 0
    assert shop.written() == ([] if action.operation.reads else [went])


@of(row for row in CONTRACT if of_row(row).operation.is_paged)
async def test_a_list_is_walked_to_its_end_and_yields_each_id_once(shop: Shop, row: Row) -> None:
    place = row.call.split()[1]
    for _ in range(SMALL + 1):
        if place in CREATED:
            await made_by(shop.browser, CREATED[place])
    whole = await every(shop, row)
    action = least(row, {}, **narrow(row))
    assert isinstance(action, PagedAction)
    shop.forget()
    walked = [item async for item in shop.client.items(action, "kowhai")]
    assert walked
    assert all(isinstance(item, Struct) for item in walked)
    assert sorted(map(key, walked)) == keys(whole)
    assert len({key(item) for item in walked}) == len(walked)
    full = -(-len(walked) // SMALL) if narrow(row) else 1
    assert full <= len(shop.seen()) <= full + 1
    assert shop.client.odd_shapes == 0


@pytest.mark.parametrize(
    ("row", "scope"),
    [(row, scope) for row in CONTRACT for scope in row.scopes.split()],
    ids=lambda one: one.name if isinstance(one, Row) else one,
)
async def test_a_scope_that_is_not_granted_is_named_before_anything_is_sent(
    shop: Shop, grants: Grants, row: Row, scope: str
) -> None:
    action = least(row, await found(shop.browser, row))
    pair = Pair(access=Secret(shop.browser.token), scopes=frozenset(EVERY_SCOPE - {scope}))
    await grants.keep("kowhai", pair)
    shop.forget()
    with pytest.raises(MissingScope, match=f"the scope {scope} was not granted") as refused:
        await shop.call(action)
    assert refused.value.scopes == (scope,)
    assert shop.seen() == []


ODD: Final = {
    "gift_card_wrapped": "Find Gift Card",
    "store_credits_wrapped": "Store Credit List",
    "user_in_array": "Get A Single User",
}


@pytest.mark.parametrize(("switch", "name"), ODD.items())
async def test_the_shapes_in_which_sources_differ_are_read_and_counted(
    open_shop: OpenShop, switch: str, name: str
) -> None:
    shop = await open_shop(switches={switch: True})
    (row,) = (row for row in CONTRACT if row.name == name)
    action = least(row, await found(shop.browser, row))
    result = await shop.call(action)
    assert is_a(result, action.operation.result)
    assert result.data if isinstance(result, Page) else key(result)
    assert shop.client.odd_shapes == 1


async def test_nested_categories_and_either_status_of_a_promotion_are_nothing_odd(
    open_shop: OpenShop,
) -> None:
    shop = await open_shop(switches={"categories_nested": True, "promotion_create_status": 200})
    for name in ("List Product Categories", "Create A Promotion"):
        (row,) = (row for row in CONTRACT if row.name == name)
        action = least(row, await found(shop.browser, row))
        assert is_a(await shop.call(action), action.operation.result)
    assert shop.client.odd_shapes == 0


async def test_an_older_version_that_answers_an_update_with_nothing_gives_none(shop: Shop) -> None:
    (row,) = (row for row in CONTRACT if row.name == "Update A Sale")
    action = least(row, await found(shop.browser, row))
    assert await shop.client.call(action, "kowhai", version="2026-01") is None


def test_a_name_that_is_no_action_brings_the_nearest() -> None:
    assert named("GetBrand") is CATALOG["GetBrand"]
    with pytest.raises(BadAction, match=r"There is no action 'getbrands'; near it are .*GetBrand"):
        named("getbrands")
