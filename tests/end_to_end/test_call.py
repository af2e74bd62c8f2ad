"""`backroom call`: parameters in every form, results as JSON, each failure one sentence."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from click.testing import CliRunner

from actions.connections import BadDomainPrefix, Connections
from actions.database import Database
from actions.errors import BackroomError, BadAction
from actions.grants import Grants
from actions.vault import Vault
from ingress.commands import cli
from tests.end_to_end.conftest import BIN, PATIENCE, Run
from tests.end_to_end.ports import free_port
from tests.stores import Shell, Store, open_store, shell

CUSTOMER = {"first_name": "Mere", "last_name": None, "customer_code": "MERE-1"}


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(retailers=("kowhai", "torea"), products=8) as store:
        yield store


@pytest.fixture
async def backroom(run: Run, store: Store, database: Database, vault: Vault) -> Shell:
    """Commands in a shell that is set up for the store kowhai, which is linked."""
    await link("kowhai", store, database, vault)
    return shell(run, store)


async def link(retailer: str, store: Store, database: Database, vault: Vault, *scopes: str) -> None:
    await Grants(database, vault).keep(retailer, store.pair(retailer, *scopes))
    await Connections(database, vault).link(retailer, unsigned=False)


async def brand(backroom: Shell, *words: str) -> str:
    """Make a brand and return its id."""
    made: str = json.loads((await backroom("call", "CreateBrand", *words)).stdout)
    return made


async def sentence(backroom: Shell, *words: str, code: int, **more: str) -> str:
    """What is said of a call that fails: one sentence, and nothing on stdout."""
    ended = await backroom("call", *words, code=code, **more)
    assert ended.stdout == ""
    (said,) = ended.stderr.splitlines()
    assert said.startswith("backroom: ")
    return said.removeprefix("backroom: ")


async def test_parameters_are_words_and_the_result_is_json(backroom: Shell, store: Store) -> None:
    brand_id = await brand(backroom, "name=Tussock = & Sons", 'description="7"')
    ended = await backroom("call", "GetBrand", f"brand_id={brand_id}", "--retailer", "KOWHAI")
    found = json.loads(ended.stdout)
    assert (found["id"], found["name"], found["description"]) == (
        brand_id,
        "Tussock = & Sons",
        "7",
    )
    assert ended.stderr == ""
    assert store.seen == [("POST /brands", 200), ("GET /brands/{brand_id}", 200)]


async def test_a_value_may_be_json(backroom: Shell, store: Store) -> None:
    words = ("first_name=Mere", "last_name=null", "enable_loyalty=true", "on_account_limit=12.50")
    made = json.loads((await backroom("call", "CreateCustomer", *words)).stdout)
    assert (made["first_name"], made["last_name"]) == ("Mere", None)
    assert made["enable_loyalty"] is True
    assert made["on_account_limit"] == 12.5
    row = {
        "product_id": store.rows("products")[0]["id"],
        "outlet_id": store.rows("outlets")[0]["id"],
        "quantity": "2",
        "reason": "STOCK_FOUND",
    }
    ended = await backroom(
        "call", "CreateStockAdjustments", f"stock_adjustments={json.dumps([row])}"
    )
    (adjusted,) = json.loads(ended.stdout)
    assert adjusted["product_id"] == row["product_id"]
    assert adjusted["quantity"] == 2


@pytest.mark.parametrize("form", ["text", "file", "stdin"])
async def test_parameters_may_come_as_a_json_object(
    backroom: Shell, store: Store, environ: dict[str, str], tmp_path: Path, form: str
) -> None:
    body = json.dumps(CUSTOMER)
    (tmp_path / "customer.json").write_text(body)
    words = ("call", "CreateCustomer", "email=mere@example.nz", "--body")
    if form == "stdin":
        ended = await asyncio.to_thread(
            subprocess.run,
            [str(BIN / "backroom"), *words, "-"],
            input=body,
            env=environ | store.environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
    else:
        ended = await backroom(*words, "@customer.json" if form == "file" else body)
    made = json.loads(ended.stdout)
    assert CUSTOMER.items() <= made.items()
    assert made["email"] == "mere@example.nz"


async def test_a_word_goes_before_the_body(backroom: Shell) -> None:
    words = ("call", "CreateCustomer", "first_name=Ana", "--body", json.dumps(CUSTOMER))
    assert json.loads((await backroom(*words)).stdout)["first_name"] == "Ana"


async def test_all_prints_every_item_as_a_line_of_json(backroom: Shell, store: Store) -> None:
    words = ("call", "ListProducts", "page_size=3", "--all", "--api-version", "2026-04")
    ended = await backroom(*words)
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    assert sorted(row["id"] for row in rows) == sorted(row["id"] for row in store.rows("products"))
    assert len(store.seen) > 2
    assert ended.stderr == ""


async def test_a_version_is_asked_for_over_all_pages(backroom: Shell) -> None:
    for words in (("--all",), ()):
        said = await sentence(backroom, "ListProducts", *words, "--api-version", "1999-01", code=6)
        assert said.startswith("ListProducts for kowhai: ")


async def test_a_listing_is_one_page_with_where_to_go_on(backroom: Shell) -> None:
    found = json.loads((await backroom("call", "ListProducts", "page_size=3")).stdout)
    assert len(found["data"]) == 3
    assert found["version"]["max"] == max(row["version"] for row in found["data"])


async def test_with_two_retailers_one_must_be_named(
    backroom: Shell, store: Store, database: Database, vault: Vault
) -> None:
    await link("torea", store, database, vault)
    said = await sentence(backroom, "ListBrands", code=1)
    assert said == "2 retailers are linked: name one with --retailer."
    assert store.seen == []
    await backroom("call", "ListBrands", "--retailer", "torea")
    assert [one.retailer for one in store.simulator.stage.ledger.requests] == ["torea"]


async def test_without_a_retailer_there_is_one_sentence_what_to_do(run: Run, store: Store) -> None:
    said = await sentence(shell(run, store), "ListBrands", code=1)
    assert said == "No retailer is linked: run `backroom connect PREFIX --personal-token …`."


@pytest.mark.parametrize(
    ("words", "faults", "code", "said"),
    [
        (("ListBrands", "--no-wait"), ("429-storm",), 4, "the rate limit is reached; it opens in"),
        (("GetBrand", "brand_id=nope"), (), 6, "there is nothing for brand_id nope"),
        (("CreateBrand", "name=x"), ("lost-answer",), 9, "look before you send it again."),
        (("ListBrands", "--retailer", "rimu"), (), 1, "rimu is not linked: run `backroom connect"),
    ],
)
async def test_each_kind_of_failure_has_its_sentence_and_exit_code(
    backroom: Shell,
    store: Store,
    words: tuple[str, ...],
    faults: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    store.strike(*faults)
    assert said in await sentence(backroom, *words, code=code)


async def test_what_the_vendor_refuses_is_7(backroom: Shell) -> None:
    words = ("CreateCustomer", "--body", json.dumps(CUSTOMER))
    await backroom("call", *words)
    assert "refused with 422" in await sentence(backroom, *words, code=7)


async def test_no_answer_at_all_is_3(backroom: Shell) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/{{domain_prefix}}"
    said = await sentence(backroom, "ListBrands", code=3, LIGHTSPEED_ORIGIN=nowhere)
    assert "127.0.0.1 cannot be reached" in said


async def test_a_scope_or_a_token_that_lacks_is_5(
    backroom: Shell, store: Store, database: Database, vault: Vault
) -> None:
    await link("kowhai", store, database, vault, "products:read")
    said = await sentence(backroom, "ListSales", code=5)
    assert "the scope sales:read was not granted" in said
    await link("torea", store, database, vault)
    await Grants(database, vault).keep("torea", store.pair("kowhai"))
    said = await sentence(backroom, "ListSales", "--retailer", "torea", code=5)
    assert "backroom connect torea" in said


async def test_an_answer_that_cannot_be_read_is_8(backroom: Shell) -> None:
    async def page(_: web.BaseRequest) -> web.Response:
        return web.Response(text="<html>Welcome</html>")

    async with RawTestServer(page) as server:
        origin = f"{server.make_url('/')}{{domain_prefix}}"
        said = await sentence(backroom, "ListBrands", code=8, LIGHTSPEED_ORIGIN=origin)
    assert "the answer cannot be read: '<html>Welcome</html>'" in said


BAD: list[tuple[tuple[str, ...], bytes, str]] = [
    (("GetBrnd",), b"", "There is no action 'GetBrnd'; near it are GetBrand"),
    (("GetBrand",), b"", "GetBrand: Object missing required field brand_id."),
    (("GetBrand", "brand_id="), b"", "GetBrand: brand_id: Expected str of length >= 1"),
    (("GetBrand", "brand_id=.."), b"", "GetBrand: brand_id: "),
    (("GetBrand", "name=x"), b"", "GetBrand has no 'name': its parameters are brand_id."),
    (("GetBrand", "x"), b"", "'x' is no parameter: write KEY=VALUE."),
    (("GetBrand", "=x"), b"", "'=x' is no parameter: write KEY=VALUE."),
    (("GetBrand", "brand_id=[1"), b"", "the value of brand_id is no JSON: "),
    (("GetBrand", "brand_id=[1]"), b"", "GetBrand: brand_id: Expected str, got array"),
    (("GetBrand", "brand_id=null"), b"", "GetBrand: brand_id: Expected str, got null"),
    (("ListSales", "page_size=0"), b"", "ListSales: page_size: Expected int >= 1"),
    (("ListSales", "page_size=many"), b"", "ListSales: page_size: Expected int"),
    (("GetBrand", "--body", "{"), b"", "--body is no JSON: "),
    (("GetBrand", "--body", ""), b"", "--body is no JSON: "),
    (("GetBrand", "--body", "[" * 9999), b"", "--body is no JSON: "),
    (("GetBrand", "--body", "[1]"), b"", "--body must hold a JSON object: the parameters by name."),
    (("GetBrand", "--body", '{"brand_id": 7}'), b"", "GetBrand: brand_id: "),
    (("GetBrand", "--body", "-"), b"", "standard input is no JSON: "),
    (("GetBrand", "--body", "-"), b"\xff\xfe", "standard input is no JSON: "),
    (("GetBrand", "--body", "-"), b'{"brand_id": "\xff"}', "standard input is no JSON: "),
    (("GetBrand", "--body", "@nowhere.json"), b"", "nowhere.json cannot be read: No such file"),
    (("GetBrand", "--body", "@/"), b"", "/ cannot be read: Is a directory."),
    (("GetBrand", "--body", "@"), b"", ". cannot be read: Is a directory."),
    (("GetBrand", "brand_id=7", "--all"), b"", "GetBrand is no list, so there is no --all."),
    (("ListBrands", "--all", "--enqueue"), b"", "A job takes none of --all, --no-wait and --api-"),
    (("ListBrands", "--enqueue", "--no-wait"), b"", "A job takes none of --all"),
    (("ListBrands", "--enqueue", "--api-version", "2026-07"), b"", "A job takes none of --all"),
    (("ListBrands", "--api-version", "../x"), b"", "'../x' is no version: write it like 2026-07."),
]


@pytest.mark.parametrize(("words", "stdin", "said"), BAD)
def test_a_bad_call_is_one_sentence_before_anything_is_opened(
    words: tuple[str, ...], stdin: bytes, said: str
) -> None:
    error = refused(*words, stdin=stdin)
    assert isinstance(error, BadAction)
    assert str(error).startswith(said)
    assert str(error).endswith((".", "…"))
    assert len(str(error).splitlines()) == 1


def refused(*words: str, stdin: bytes = b"") -> BackroomError:
    """What a call in this process raises; `main` makes a sentence and an exit code of it."""
    result = CliRunner().invoke(cli, ["call", *words], input=stdin, env={"REDIS_URL": "nowhere"})
    assert isinstance(result.exception, BackroomError), result.output
    assert result.exception.exit_code == 2
    assert result.output == ""
    return result.exception


async def test_a_bad_call_leaves_with_2_and_its_sentence(backroom: Shell, store: Store) -> None:
    assert "near it are" in await sentence(backroom, "GetBrnd", code=2)
    said = await sentence(backroom, "ListBrands", "--retailer", "evil.example.com/x", code=2)
    assert "is no domain prefix" in said
    assert BadDomainPrefix.exit_code == 2
    assert store.seen == []
