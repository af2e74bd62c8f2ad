"""A till that sells, through the same functions as the API: every effect is the API's own."""

import itertools
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from actions.simulator import basket, closures
from actions.simulator.resources.sale_book import write
from actions.simulator.resources.sales import begin_return
from actions.simulator.routing import Trouble
from actions.simulator.shop import Shop

Sequence = Iterator[str]
"""A sale under way: each step writes it once and yields its id."""
_BUSY: Final = 20
"""So many sales are under way at most before only those are carried on."""
_GO_ON: Final = 0.5
_DAY: Final = 86_400


def plain(shop: Shop) -> Sequence:
    """Sell and be paid at once."""
    body = basket.begin(shop, customer_id=basket.somebody(shop))
    yield _closed(shop, body)["id"]


def parked(shop: Shop) -> Sequence:
    """Park a sale, and close it when the customer is back, with one line less."""
    body = basket.begin(shop, customer_id=basket.somebody(shop))
    sale = write(shop, body | {"state": "parked", "note": "Back after lunch"})
    yield sale["id"]
    body = basket.again(_now(shop, sale))
    body["line_items"] = body["line_items"][: max(1, len(body["line_items"]) - 1)]
    yield _closed(shop, body, sale)["id"]


def layby(shop: Shop) -> Sequence:
    """Lay a sale by and take it in three parts; the goods leave with the last one."""
    yield from _in_parts(shop, "layby", 3)


def onaccount(shop: Shop) -> Sequence:
    """Let a customer take the goods now and pay later."""
    yield from _in_parts(shop, "onaccount", 1)


def returned(shop: Shop) -> Sequence:
    """Sell, and give the money back for all of it."""
    body = basket.begin(shop, customer_id=basket.somebody(shop))
    sale = _closed(shop, body)
    yield sale["id"]
    back = begin_return(shop, _now(shop, sale))
    yield back["id"]
    yield _closed(shop, basket.again(_now(shop, back)), back)["id"]


def voided(shop: Shop) -> Sequence:
    """Sell, and take it all back as a mistake."""
    sale = _closed(shop, basket.begin(shop, customer_id=basket.somebody(shop)))
    yield sale["id"]
    sale = _now(shop, sale)
    yield write(shop, basket.again(sale) | {"state": "voided"}, sale)["id"]


KINDS: Final[dict[str, Callable[[Shop], Sequence]]] = {
    "sale": plain,
    "parked": parked,
    "layby": layby,
    "onaccount": onaccount,
    "return": returned,
    "void": voided,
}
_OFTEN: Final = (60, 14, 6, 6, 8, 6)
"""How often each kind is begun, in their order."""


def ring(shop: Shop, kind: str) -> str:
    """Run a whole sequence of a kind at once; return the id of the sale that it ends with."""
    *_, last = KINDS[kind](shop)
    return last


class Till:
    """The sales of a store that are under way. Each step writes one sale."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._open: list[Sequence] = []

    def step(self, kind: str | None = None) -> str | None:
        """Begin a sale of a kind; or by chance begin one or carry one on. Return its id.

        None means that a sale could not go on: somebody else has changed it meanwhile.
        """
        rng = self._shop.random
        going = kind is None and self._open and (len(self._open) >= _BUSY or rng.random() < _GO_ON)
        sequence = self._open.pop(rng.randrange(len(self._open))) if going else self._begun(kind)
        try:
            sale_id = next(sequence, None)
            if sale_id is None:
                sequence = self._begun(None)
                sale_id = next(sequence)
        except Trouble:
            return None
        self._open.append(sequence)
        return sale_id

    def _begun(self, kind: str | None) -> Sequence:
        (by_chance,) = self._shop.random.choices(tuple(KINDS), _OFTEN)
        return KINDS[kind or by_chance](self._shop)


async def sell(shop: Shop, per_minute: float) -> None:
    """Write so many sales a simulated minute until cancelled; registers close at midnight."""
    till, begun, day = Till(shop), shop.clock.now(), shop.clock.now() // _DAY
    for number in itertools.count(1):
        await shop.clock.until(begun + number * 60 / per_minute)
        if (today := shop.clock.now() // _DAY) != day:
            close_registers(shop)
            day = today
        # One that could not go on is not written: another is tried, not for ever.
        next((done for done in (till.step() for _ in range(_BUSY)) if done), None)


def close_registers(shop: Shop) -> list[dict[str, Any]]:
    """Close every register that is open; each closure is heard of. Return the closures."""
    registers = list(shop.table("registers").all())
    return [closures.close_register(shop, row) for row in registers if row["is_open"]]


def _in_parts(shop: Shop, attribute: str, parts: int) -> Sequence:
    """Sell to a customer who pays in parts, the last of which closes the sale."""
    body = basket.begin(shop, customer_id=basket.regular(shop)) | {"attributes": [attribute]}
    part = round(basket.total(body) / (parts + 1), 2)
    first = [basket.paid(shop, part, body["source"]["register_id"])] if parts > 1 else []
    sale = write(shop, body | {"state": "pending", "payments": first})
    yield sale["id"]
    for _ in range(parts - 2):
        sale = _now(shop, sale)
        more = [basket.paid(shop, part, sale["source"]["register_id"])]
        sale = write(shop, basket.again(sale) | {"state": "pending", "payments": more}, sale)
        yield sale["id"]
    yield _closed(shop, basket.again(_now(shop, sale)), sale)["id"]


def _closed(shop: Shop, body: dict[str, Any], sale: dict[str, Any] | None = None) -> dict[str, Any]:
    """Take what is left to be paid, and close a sale."""
    sale = None if sale is None else _now(shop, sale)
    before = sum((Decimal(one["amount"]) for one in sale["payments"]) if sale else (), Decimal(0))
    left = basket.total(body) - before
    payments = [basket.paid(shop, left, body["source"]["register_id"])] if left else []
    return write(shop, body | {"state": "closed", "payments": payments}, sale)


def _now(shop: Shop, sale: dict[str, Any]) -> dict[str, Any]:
    """Return a sale as it is by now: the API may have changed it meanwhile."""
    return shop.table("sales").get(sale["id"]) or sale
