"""`GET /`: the page for people, which needs a key and nothing from elsewhere."""

import base64
import hashlib
import re
from html.parser import HTMLParser

from actions.catalog import CATALOG
from actions.checking import made
from ingress.api.example import call_of
from ingress.api.naming import snake
from tests.ingress.api.conftest import Make
from tests.ingress.api.rpc.conftest import Api

EMPTY = {"meta", "link", "br", "td", "tr", "li"}
RULED = {"CreateStockAdjustments"}
"""Its reason and its quantity must agree, which no schema says."""


class Reader(HTMLParser):
    """Notes what is opened and never closed, and what leads elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in EMPTY:
            self.open.append(tag)
        self.ids.add(given.get("id") or "")
        self.links += [value for name in ("href", "src") if (value := given.get(name))]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_the_page_has_every_action_and_is_whole_by_itself(api: Api) -> None:
    async with api.client.get("/", headers=api.key) as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
        policy = answer.headers["Content-Security-Policy"]
        page = await answer.text()
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    for name, kind in CATALOG.items():
        assert name in reader.ids
        assert snake(kind) in reader.text
        assert all(one in reader.text for one in kind.operation.scopes)
    assert all(one == "openapi.json" or one[1:] in reader.ids for one in reader.links)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "<script" not in page
    assert " style=" not in page
    assert "None" not in reader.text


async def test_page_and_contract_need_a_key_and_a_browser_is_asked_for_it(
    api: Api, make: Make
) -> None:
    del make
    for path in ("/", "/openapi.json", "/actions", "/actions/ListBrands"):
        async with api.client.get(path) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")
            assert "Brand" not in await answer.text()


def test_every_example_is_a_call() -> None:
    for name in CATALOG.keys() - RULED:
        call = call_of(CATALOG[name])
        assert call.pop("action") == snake(CATALOG[name])
        made(CATALOG[name], {key: one for place in call.values() for key, one in place.items()})
