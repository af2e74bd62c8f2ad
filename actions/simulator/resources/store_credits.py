"""Store credits (vendor: OpenAPI 2026-07, store credits): a list that has no pages."""

import base64
from decimal import Decimal
from typing import Any

from actions.simulator.figures import money
from actions.simulator.resources.values import zulu
from actions.simulator.routing import Answer, Ask, Routes, bare, data, malformed, missing
from actions.simulator.shop import Shop

routes = Routes()


@routes.on("GET", "/store_credits", "store_credits:read")
def list_store_credits(shop: Shop, ask: Ask) -> Answer:
    """List every customer's credit. A page size of a million is not refused: nothing pages."""
    size = ask.number("page_size")
    if size is not None and size < 1:
        raise malformed("page_size must be at least 1")
    credits_ = [_shown(shop, ask, row) for row in shop.table("store_credits").all()]
    return _enveloped(shop, ask, credits_[:size])


@routes.on("GET", "/store_credits/{customer_id}", "store_credits:read")
def customer_store_credits(shop: Shop, ask: Ask) -> Answer:
    """Read one customer's credit; 404 when there never was any."""
    row = of_customer(shop, ask.path["customer_id"])
    if row is None:
        raise missing("store credit of this customer")
    return _enveloped(shop, ask, _shown(shop, ask, row))


def of_customer(shop: Shop, customer_id: str) -> dict[str, Any] | None:
    """Return a customer's credit as it is kept, or None."""
    return shop.table("store_credits").get(_id("StoreCreditCustomer", customer_id))


def transact(
    shop: Shop, customer_id: str, kind: str, amount: Decimal, **more: Any
) -> dict[str, Any]:
    """Book an amount: `ISSUE` and `REVERSE` are positive, `REDEMPTION` negative."""
    now = more.get("created_at") or zulu(shop)
    row = of_customer(shop, customer_id) or {
        "id": _id("StoreCreditCustomer", customer_id),
        "customer_id": customer_id,
        "balance": 0,
        "total_credit_issued": 0,
        "total_credit_redeemed": 0,
        "created_at": now,
        "store_credit_transactions": [],
    }
    total = "total_credit_issued" if kind == "ISSUE" else "total_credit_redeemed"
    row[total] = money(row[total] + (amount if kind == "ISSUE" else -amount))
    row["balance"] = money(row["balance"] + amount)
    row["store_credit_transactions"].append(
        {
            "id": _id("StoreCreditTransaction", shop.new_id()),
            "amount": money(amount),
            "type": kind,
            "client_id": None,
            "notes": None,
            "sale_id": None,
            "user_id": None,
            "created_at": now,
            **more,
        }
    )
    return shop.put("store_credits", row)


def _id(kind: str, own: str) -> str:
    return base64.b64encode(f"{kind}:{own}".encode()).decode()


def _shown(shop: Shop, ask: Ask, row: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the contract does not have, and put in the customer when asked for."""
    shown = {name: value for name, value in row.items() if name != "version"}
    if "customer" in (*ask.query.get("includes[]", ()), *ask.query.get("includes", ())):
        shown["customer"] = shop.table("customers").get(row["customer_id"])
    return shown


def _enveloped(shop: Shop, ask: Ask, value: Any) -> Answer:
    wrapped = ask.classic or shop.switches.store_credits_wrapped
    return data(value) if wrapped else bare(value)
