"""What a caller sees of a network and a vendor that fail: each fault of the simulator in turn."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, Final

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from actions import waits
from actions.action import Action
from actions.client import Client
from actions.errors import (
    ConnectionFailed,
    LightspeedError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    ServerError,
    Unauthorized,
)
from actions.grants import Grants, Pair
from actions.oauth import Application, OAuth
from actions.resources.brands import CreateBrand, ListBrands
from actions.resources.inventory import ListInventory
from actions.resources.outlets import ListOutlets
from actions.resources.product_images import SetImagePosition
from actions.resources.products import (
    DeleteProduct,
    FamilyChange,
    ProductChange,
    UpdateProduct,
)
from actions.resources.taxes import ListTaxes
from actions.secret import Secret
from actions.simulator.faults import Fault
from actions.tokens import NeedsRelink, Tokens
from tests.actions.conftest import OpenShop, Shop
from tests.actions.simulator.contract_calls import one

BEFORE: Final = ("5xx", "html-error", "reset")
"""These strike before anything is done."""


async def failed(call: Awaitable[Any]) -> LightspeedError:
    with pytest.raises(LightspeedError) as raised:
        await call
    return raised.value


async def first_product(shop: Shop) -> str:
    return await one(shop.browser, "product_id")


@pytest.mark.parametrize("fault", [*BEFORE, "lost-answer"])
@pytest.mark.parametrize("action", [ListBrands(), ListInventory()], ids=["GET", "POST"])
async def test_a_read_is_repeated_until_the_fault_ends(
    shop: Shop, fault: str, action: Action[Any]
) -> None:
    shop.strike(fault)
    page = await shop.call(action)
    assert page.data
    assert [status for _, status in shop.seen()[1:]] == [200]


async def crowded(shop: Shop, tokens: Tokens) -> LightspeedError:
    """Return what becomes of a write that never gets a connection."""
    shop.simulator.stage.faults.add(Fault(name="slow", path="/taxes", times=1, seconds=600))
    origin = f"{shop.simulator.origin}/{{domain_prefix}}"
    connector, timeout = aiohttp.TCPConnector(limit=1), aiohttp.ClientTimeout(connect=0.1)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        client = Client(tokens, session, origin=origin)
        holding = asyncio.create_task(client.call(ListTaxes(), "kowhai"))
        while not shop.simulator.stage.faults.struck["slow"]:
            await shop.browser.call("GET", "/registers")
        error = await failed(client.call(CreateBrand(name="Moa"), "kowhai"))
        shop.simulator.stage.clock.set(advance=600)
        assert (await holding).data
    return error


async def test_faults_that_do_not_end_are_said_after_four_tries(
    open_shop: OpenShop, tokens: Tokens, session: aiohttp.ClientSession
) -> None:
    shop = await open_shop(faults=("html-error:1:/brands", "reset:1:/outlets"))
    closed = f"http://127.0.0.1:{unused_port()}/{{domain_prefix}}"
    outage, reset, unreached, crowded_out = await asyncio.gather(
        failed(shop.call(ListBrands())),
        failed(shop.call(ListOutlets())),
        failed(Client(tokens, session, origin=closed).call(CreateBrand(name="Moa"), "kowhai")),
        crowded(shop, tokens),
    )
    assert str(outage) == "ListBrands for kowhai: Lightspeed answered 502. Try again later."
    assert isinstance(outage, ServerError)
    assert isinstance(reset, ConnectionFailed)
    assert "127.0.0.1 gave no answer" in str(reset)
    assert not reset.unsent
    assert isinstance(unreached, ConnectionFailed)
    assert unreached.unsent
    assert "127.0.0.1 cannot be reached" in str(unreached)
    assert "nothing was sent" in str(unreached)
    assert isinstance(crowded_out, ConnectionFailed)
    assert crowded_out.unsent
    tries = Counter(route for route, _ in shop.seen())
    assert (tries["GET /brands"], tries["GET /outlets"], tries["POST /brands"]) == (4, 4, 0)


@pytest.mark.parametrize("fault", ["lost-answer", "reset", "html-error"])
async def test_the_outcome_of_a_post_without_an_answer_is_unknown(shop: Shop, fault: str) -> None:
    shop.strike(fault, "POST /brands", times=None)
    error = await failed(shop.call(CreateBrand(name="Moa")))
    assert isinstance(error, OutcomeUnknown)
    assert "look before you send it again" in str(error)
    assert len(shop.seen()) == 1
    assert shop.written() == (["POST /brands"] if fault == "lost-answer" else [])


@pytest.mark.parametrize("fault", ["lost-answer", "reset"])
async def test_a_put_that_may_not_be_repeated_leaves_once_even_on_a_used_connection(
    shop: Shop, fault: str
) -> None:
    product = await first_product(shop)
    await shop.call(ListBrands())
    shop.forget()
    shop.strike(fault, "PUT /products*")
    change = UpdateProduct(product, details=ProductChange(is_active=False))
    assert isinstance(await failed(shop.call(change)), OutcomeUnknown)
    assert len(shop.seen()) == 1
    assert len(shop.written()) == (1 if fault == "lost-answer" else 0)


async def test_a_put_that_breaks_off_while_its_body_leaves_is_not_sent_again(
    grants: Grants, tokens: Tokens, session: aiohttp.ClientSession
) -> None:
    verbs: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            verb = b""
            while verb != b"PUT":
                verb = (await reader.readuntil(b"\r\n\r\n")).split()[0]
                verbs.append(verb)
                if verb == b"GET":
                    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"data":[]}')
        writer.transport.abort()

    await grants.keep("kowhai", Pair(access=Secret("opens-nothing")))
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # the body cannot leave at once
    async with await asyncio.start_server(serve, sock=listener):
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client = Client(tokens, session, origin=origin)
        await client.call(ListBrands(), "kowhai")
        long = FamilyChange(description="x" * 1_000_000)
        error = await failed(client.call(UpdateProduct("p1", common=long), "kowhai"))
    assert isinstance(error, OutcomeUnknown)
    assert verbs == [b"GET", b"PUT"]


async def test_a_write_that_does_no_harm_twice_is_repeated(shop: Shop) -> None:
    image = await one(shop.browser, "product_image_id")
    shop.forget()
    shop.strike("lost-answer", "PUT /product_images*")
    moved = await shop.call(SetImagePosition(product_image_id=image, position=1))
    assert moved.id == image
    assert len(shop.written()) == 2


async def test_a_delete_whose_first_answer_was_lost_is_done(shop: Shop) -> None:
    product = await first_product(shop)
    shop.forget()
    shop.strike("lost-answer", "DELETE *")
    await shop.call(DeleteProduct(product))
    assert [status for _, status in shop.seen()] == [200, 404]
    assert len(shop.written()) == 1
    assert isinstance(await failed(shop.call(DeleteProduct(product))), NotFound)


async def test_an_answer_that_takes_too_long_leaves_the_outcome_of_a_write_unknown(
    shop: Shop, tokens: Tokens
) -> None:
    slow = Fault(name="slow", path="POST /brands", times=1, seconds=600)
    shop.simulator.stage.faults.add(slow)
    origin = f"{shop.simulator.origin}/{{domain_prefix}}"
    timeout = aiohttp.ClientTimeout(total=0.2)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        client = Client(tokens, session, origin=origin)
        error = await failed(client.call(CreateBrand(name="Moa"), "kowhai"))
    assert isinstance(error, OutcomeUnknown)
    assert "TimeoutError" in str(error)
    shop.simulator.stage.clock.set(advance=600)
    while not shop.written():
        await shop.browser.call("GET", "/outlets")
    assert shop.written() == ["POST /brands"]


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        ("", 29, 33),
        ("retry-after-seconds", 29, 33),
        ("retry-after-missing", 30, 30),
        ("retry-after-garbage", 30, 30),
        ("retry-after-past", 1, 1),
        ("retry-after-negative", 1, 1),
        ("retry-after-far", 330, 330),
    ],
)
@pytest.mark.parametrize(
    "action", [ListBrands(), CreateBrand(name="Moa")], ids=["a read", "a write"]
)
async def test_a_rate_limit_says_when_it_opens_and_is_not_tried_again(
    open_shop: OpenShop, fault: str, least: float, most: float, action: Action[Any]
) -> None:
    shop = await open_shop(faults=("429-storm", fault) if fault else ("429-storm",))
    error = await failed(shop.call(action))
    assert isinstance(error, RateLimited)
    assert least <= error.retry_after <= most
    assert f"it opens in {waits.seconds(error.retry_after)} (" in str(error)
    assert [status for _, status in shop.seen()] == [429]
    assert shop.written() == []


async def test_the_vendors_clock_decides_how_long_to_wait_not_ours(shop: Shop) -> None:
    shop.simulator.stage.clock.set(advance=86_400)
    shop.strike("429-storm")
    error = await failed(shop.call(ListBrands()))
    assert isinstance(error, RateLimited)
    assert 29 <= error.retry_after <= 33


async def linked(
    shop: Shop, grants: Grants, session: aiohttp.ClientSession, *, oauth: bool = True
) -> Client:
    """Link the store as an application would, and return a client with its grant."""
    pair = await shop.browser.granted("products:read products:write")
    given = Pair(
        access=Secret(pair["access_token"]),
        refresh=Secret(pair["refresh_token"]),
        expires_at=time.time() + pair["expires_in"],
        scopes=frozenset(pair["scope"].split()),
    )
    await grants.keep("kowhai", given)
    options = shop.simulator.options
    application = Application(
        client_id=options.client_id,
        client_secret=Secret(options.client_secret),
        redirect_uri="",
        scopes=(),
    )
    origin = f"{shop.simulator.origin}/{{domain_prefix}}"
    refresher = OAuth(session, application, origin) if oauth else None
    shop.forget()
    return Client(Tokens(grants, refresher), session, origin=origin)


@pytest.mark.parametrize(
    "action", [ListBrands(), CreateBrand(name="Moa")], ids=["a read", "a write"]
)
async def test_a_token_that_ended_early_is_refreshed_and_the_call_sent_once_more(
    shop: Shop, grants: Grants, session: aiohttp.ClientSession, action: Action[Any]
) -> None:
    client = await linked(shop, grants, session)
    before = await grants.get("kowhai")
    shop.strike("token-expired", "/brands")
    assert await client.call(action, "kowhai")
    assert [status for route, status in shop.seen() if "brands" in route] == [401, 200]
    assert shop.written().count("POST /brands") == (0 if action.operation.reads else 1)
    assert (await grants.get("kowhai")).generation == before.generation + 1


async def test_a_new_token_that_is_refused_too_must_be_linked_again(
    shop: Shop, grants: Grants, session: aiohttp.ClientSession
) -> None:
    client = await linked(shop, grants, session)
    shop.strike("token-expired", "/brands", times=2)
    error = await failed(client.call(ListBrands(), "kowhai"))
    assert isinstance(error, Unauthorized)
    assert "run `backroom connect kowhai` again" in str(error)
    assert [status for route, status in shop.seen() if "brands" in route] == [401, 401]


async def test_a_token_that_ended_is_refreshed_even_after_the_last_repeat(
    shop: Shop, grants: Grants, session: aiohttp.ClientSession
) -> None:
    client = await linked(shop, grants, session)
    access = shop.simulator.stage.access
    held = access.of(f"Bearer {(await grants.get('kowhai')).pair.access.reveal()}", "kowhai")
    assert held
    access.expire(held)
    shop.strike("html-error", "/brands", times=3)
    assert (await client.call(ListBrands(), "kowhai")).data
    brands = [status for route, status in shop.seen() if "brands" in route]
    assert brands == [502, 502, 502, 401, 200]


async def test_without_an_application_a_token_that_ended_must_be_linked_again(
    shop: Shop, grants: Grants, session: aiohttp.ClientSession
) -> None:
    client = await linked(shop, grants, session, oauth=False)
    shop.strike("token-expired", "/brands")
    with pytest.raises(NeedsRelink, match="LIGHTSPEED_CLIENT_ID is not set"):
        await client.call(ListBrands(), "kowhai")
