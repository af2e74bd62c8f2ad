"""What a caller of the client sees: strict parameters, errors by what to do, odd answers."""

import traceback
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec import UNSET
from structlog.testing import capture_logs

from actions.action import Action
from actions.client import Client
from actions.errors import (
    BackroomError,
    BadAction,
    Conflict,
    LightspeedError,
    MissingScope,
    NotConnected,
    NotFound,
    Rejected,
    Unreadable,
)
from actions.grants import Grants, Pair
from actions.resources.brands import Brand, CreateBrand, GetBrand, ListBrands
from actions.resources.customers import CreateCustomer
from actions.resources.gift_cards import FindGiftCard
from actions.resources.products import CreateProduct
from actions.resources.promotions import GetPromotion, ListPromotions
from actions.resources.stock_adjustments import CreateStockAdjustments, ListStockAdjustments
from actions.resources.suppliers import UpdateSupplier
from actions.resources.webhooks import CreateWebhook
from actions.secret import Secret
from actions.tokens import NeedsRelink, Tokens
from tests.actions.conftest import Shop
from tests.actions.simulator.contract_calls import NOWHERE

TOKEN: Final = "lsxs_pt_an-example-of-a-token"
NOON: Final = datetime(2026, 10, 24, 12, tzinfo=UTC)
BOTH: Final = "2026-10-24T12:00:00+00:00 and 2026-10-24T12:00:00+00:00"
LOSS: Final = {"product_id": "p", "outlet_id": "o", "quantity": "-1", "reason": "THEFT"}
GAIN: Final = LOSS | {"quantity": "1"}
HOOK: Final = {"url": "http://localhost:9/x", "type": "sale.update", "active": True}

BAD: Final = (
    (ListBrands, {"page_size": 0}, "page_size: Expected int >= 1, was '0'."),
    (ListBrands, {"page_size": 10_001}, "page_size: Expected int <= 10000, was '10001'."),
    (ListBrands, {"page_size": "50"}, "page_size: Expected int, got str, was '50'."),
    (ListBrands, {"after": True}, "after: Expected int, got bool, was 'True'."),
    (GetBrand, {"brand_id": ""}, "brand_id: Expected str of length >= 1, was ''."),
    (GetBrand, {"brand_id": ".."}, "brand_id: Expected str matching regex '[^.]', was '..'."),
    (GetBrand, {"brand_id": UNSET}, "Object missing required field brand_id."),
    (GetBrand, {"brand_id": None}, "brand_id: Expected str, got null, was 'None'."),
    (GetPromotion, {"promotion_id": "7"}, "promotion_id: Expected int, got str, was '7'."),
    (CreateBrand, {"name": b"Moa"}, "name: Expected str, got bytes, was \"b'Moa'\"."),
    (
        CreateBrand,
        {"name": "\ud800"},
        r"name: Expected text without half characters, was '\ud800'.",
    ),
    (
        CreateProduct,
        {"name": "Tee", "supply_price": Decimal("NaN")},
        "supply_price: Expected a finite number, was 'NaN'.",
    ),
    (
        CreateWebhook,
        HOOK | {"type": "sale.deleted"},
        "type: Invalid enum value 'sale.deleted', was 'sale.deleted'.",
    ),
    (
        CreateStockAdjustments,
        {"stock_adjustments": [LOSS, LOSS | {"reason": "LOST"}]},
        "stock_adjustments[1].reason: Invalid enum value 'LOST', was 'LOST'.",
    ),
    (
        CreateStockAdjustments,
        {"stock_adjustments": [LOSS, GAIN]},
        "stock_adjustments[1].quantity must be below zero for THEFT, but is '1'.",
    ),
    (
        ListPromotions,
        {"end_time_from": NOON, "end_time_to": NOON},
        f"end_time_from and end_time_to must not be given together, but are {BOTH}.",
    ),
)


class Stranger:
    """Answers whatever it is told, and keeps what it was sent."""

    client: Client

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = []
        """What to answer next; the last one stays."""
        self.headers: dict[str, str] = {}
        self.got: list[web.BaseRequest] = []

    async def answer(self, request: web.BaseRequest) -> web.Response:
        self.got.append(request)
        status, body = self.answers.pop(0) if self.answers[1:] else self.answers[0]
        return web.Response(status=status, body=body, headers=self.headers)

    async def call(self, action: Action[Any], *answers: bytes | tuple[int, bytes]) -> Any:
        """Call an action that gets these answers, which are 200 unless they say otherwise."""
        self.answers = [(200, one) if isinstance(one, bytes) else one for one in answers]
        return await self.client.call(action, "kowhai")


@pytest.fixture
async def stranger(
    grants: Grants, tokens: Tokens, session: aiohttp.ClientSession
) -> AsyncIterator[Stranger]:
    await grants.keep("kowhai", Pair(access=Secret(TOKEN)))

    strange = Stranger()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", strange.answer)
    async with TestServer(app) as server:
        strange.client = Client(tokens, session, origin=str(server.make_url("")).rstrip("/"))
        yield strange


async def failed(call: Awaitable[Any]) -> BackroomError:
    with pytest.raises(BackroomError) as raised:
        await call
    return raised.value


@pytest.mark.parametrize(("kind", "given", "said"), BAD)
async def test_a_bad_parameter_is_named_with_its_rule_and_nothing_is_sent(
    shop: Shop, kind: Any, given: dict[str, Any], said: str
) -> None:
    error = await failed(shop.call(kind(**given)))
    assert isinstance(error, BadAction)
    assert str(error) == f"{kind.__name__}: {said}"
    assert error.exit_code == 2
    assert shop.seen() == []


async def test_more_than_a_thousand_stock_adjustments_are_refused_before_they_are_sent(
    shop: Shop,
) -> None:
    kind: Any = CreateStockAdjustments
    error = await failed(shop.call(kind([LOSS] * 1001)))
    rule = "CreateStockAdjustments: stock_adjustments: Expected array of length <= 1000, was "
    assert str(error).startswith(rule)
    assert len(str(error)) < 200
    assert shop.seen() == []


async def test_an_unknown_id_is_not_found_and_is_named(shop: Shop) -> None:
    error = await failed(shop.call(GetBrand(NOWHERE)))
    assert isinstance(error, NotFound)
    assert (
        str(error)
        == f"GetBrand for kowhai: there is nothing for brand_id {NOWHERE}: it is wrong, or gone."
    )
    assert (error.action, error.retailer) == ("GetBrand", "kowhai")


async def test_a_gift_card_that_is_not_found_is_not_named(shop: Shop) -> None:
    error = await failed(shop.call(FindGiftCard("6006491727")))
    assert isinstance(error, NotFound)
    assert "6006491727" not in str(error)


async def test_what_is_there_already_is_a_conflict_in_the_vendors_words(shop: Shop) -> None:
    hook: Any = CreateWebhook
    await shop.call(hook(**HOOK))
    error = await failed(shop.call(hook(**HOOK)))
    assert isinstance(error, Conflict)
    assert isinstance(error, Rejected)
    assert "CreateWebhook for kowhai: it is there already, so read that (" in str(error)


async def test_a_refusal_names_the_field_as_the_vendor_does(shop: Shop) -> None:
    twin = CreateCustomer(first_name="Ana", last_name=None, customer_code="ANA-1")
    await shop.call(twin)
    error = await failed(shop.call(twin))
    assert isinstance(error, Rejected)
    assert "refused with 422" in str(error)
    assert list(error.fields) == ["customer_code"]
    assert all(error.fields["customer_code"])


@pytest.mark.parametrize(
    ("action", "scope"),
    [(ListBrands(), "products:read"), (ListStockAdjustments(), "inventory:write")],
)
async def test_a_403_names_the_scope_even_without_a_body(
    shop: Shop, grants: Grants, action: Action[Any], scope: str
) -> None:
    token = shop.simulator.personal_token("kowhai", "sales:read")
    await grants.keep("kowhai", Pair(access=Secret(token)))
    error = await failed(shop.call(action))
    assert isinstance(error, MissingScope)
    assert error.scopes == (scope,)
    assert len(shop.seen()) == 1


async def test_a_personal_token_that_is_refused_must_be_linked_again(
    shop: Shop, grants: Grants
) -> None:
    await grants.keep("kowhai", Pair(access=Secret(TOKEN)))
    error = await failed(shop.call(ListBrands()))
    assert isinstance(error, NeedsRelink)
    assert "backroom connect kowhai" in str(error)
    assert shop.seen() == [("GET /brands", 401)]


async def test_a_retailer_that_is_not_linked_is_said_to_be_so(shop: Shop) -> None:
    error = await failed(shop.client.call(ListBrands(), "rimu"))
    assert isinstance(error, NotConnected)
    assert "rimu is not linked" in str(error)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", "''"),
        (b"<!DOCTYPE html><title>Welcome</title>", "<!DOCTYPE html><title>Welcome</title>"),
        (b'{"data":[{"id":"b1"},{"id', '{"data":[{"id":"b1"},{"id'),
        (b'{"brands":[]}', '{"brands":[]}'),
        (b'{"data":{"id":"b1"}}', '{"data":{"id":"b1"}}'),
        (b'{"data":[1,2]}', '{"data":[1,2]}'),
        (b"null", "null"),
        (b"\xff" * 9000, "\ufffd" * 199),
    ],
)
async def test_a_success_that_cannot_be_read_is_shown(
    stranger: Stranger, body: bytes, shown: str
) -> None:
    error = await failed(stranger.call(ListBrands(), body))
    assert isinstance(error, Unreadable)
    assert shown in str(error)
    assert len(str(error)) < 400
    assert error.__cause__ is error.__context__ is None
    assert len(stranger.got) == 1


@pytest.mark.parametrize(
    ("action", "body", "result"),
    [
        (GetBrand("b1"), b'{"id":"b1"}', Brand(id="b1")),
        (GetBrand("b1"), b'{"data":[{"id":"b1"}]}', Brand(id="b1")),
        (GetBrand("b1"), b'{"data":"b1"}', Brand(id="b1")),
        (GetBrand("b1"), b'{"data":{"id":"b1","version":"many"}}', Brand(id="b1")),
        (CreateBrand(name="Moa"), b'{"data":{"id":"b1","name":"Moa"}}', "b1"),
        (CreateBrand(name="Moa"), b'{"id":"b1"}', "b1"),
        (UpdateSupplier(supplier_id="s1", name="Rua"), b'{"data":"s1"}', "s1"),
    ],
)
async def test_the_most_is_made_of_another_shape_and_it_is_counted(
    stranger: Stranger, action: Action[Any], body: bytes, result: object
) -> None:
    with capture_logs() as logs:
        assert await stranger.call(action, body) == result
    assert stranger.client.odd_shapes == 1
    (warning,) = (line for line in logs if line["event"] == "action.odd_shape")
    assert warning["action"] == type(action).__name__
    assert "b1" not in str(warning)


async def test_a_list_in_no_envelope_is_read(stranger: Stranger) -> None:
    page = await stranger.call(ListBrands(), b'[{"id":"b1"},{"name":"no id"},{"id":"b2"}]')
    assert [brand.id for brand in page.data] == ["b1", "b2"]
    assert stranger.client.odd_shapes == 1


async def test_a_list_ends_where_its_versions_do_not_rise(stranger: Stranger) -> None:
    stranger.answers = [(200, b'{"data":[{"id":"b1"}],"version":{"min":1,"max":7}}')]
    items = stranger.client.items(ListBrands(), "kowhai")
    assert [item.id async for item in items] == ["b1", "b1"]
    assert [one.path_qs for one in stranger.got][1].endswith("/brands?after=7")


async def test_a_call_says_who_we_are_and_what_it_sends(stranger: Stranger) -> None:
    await stranger.call(ListBrands(), b'{"data":[]}')
    await stranger.call(CreateBrand(name="Moa"), b'{"data":"b1"}')
    read, write = stranger.got
    assert read.path == "/api/2026-07/brands"
    assert read.headers["User-Agent"].startswith("Backroom/")
    assert read.headers["Authorization"] == f"Bearer {TOKEN}"
    assert "Content-Type" not in read.headers
    assert write.headers["Content-Type"] == "application/json"


async def test_a_redirect_is_not_followed_with_the_token(stranger: Stranger) -> None:
    stranger.headers = {"Location": "https://example.com/"}
    error = await failed(stranger.call(GetBrand("a/b"), (302, b"")))
    assert str(error) == (
        "GetBrand for kowhai: refused with 302, and will be again until it is changed: "
        "no reason given"
    )
    assert [one.rel_url.raw_path for one in stranger.got] == ["/api/2026-07/brands/a%2Fb"]


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (404, b""), (409, b"{}"), (422, b"[]"), (429, b""), (403, b""), (401, b"")],
)
async def test_no_error_and_no_log_line_holds_the_token(
    stranger: Stranger, status: int, body: bytes
) -> None:
    with capture_logs() as logs:
        error = await failed(stranger.call(ListBrands(), (status, body)))
    assert isinstance(error, LightspeedError | NeedsRelink)
    assert [line["event"] for line in logs] == ["action.called"]
    shown = [str(error), repr(error), repr(vars(error)), repr(logs), repr(stranger.client)]
    shown += traceback.format_exception(error)
    assert not [text for text in shown if TOKEN in text]


async def test_a_scope_that_was_granted_since_is_used_without_a_restart(
    shop: Shop, grants: Grants
) -> None:
    token = Secret(shop.browser.token)
    await grants.keep("kowhai", Pair(access=token, scopes=frozenset({"sales:read"})))
    assert isinstance(await failed(shop.call(ListBrands())), MissingScope)
    await grants.keep("kowhai", Pair(access=token, scopes=frozenset({"products:read"})))
    assert (await shop.call(ListBrands())).data
