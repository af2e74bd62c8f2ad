"""Suppliers (vendor: OpenAPI 2026-07, suppliers)."""

from typing import Any, Final

from actions.simulator import catalogue
from actions.simulator.resources.fields import amount, body, section, text
from actions.simulator.resources.lists import listed, single
from actions.simulator.routing import Answer, Ask, Routes, bare, data, missing
from actions.simulator.shop import Shop

routes = Routes()
_PLACE: Final = ("address1", "address2", "suburb", "city", "postcode", "state", "country_id")
CONTACT: Final = (
    *("first_name", "last_name", "company_name", "phone", "mobile", "fax", "email"),
    *("twitter", "website"),
    *(f"{kind}_{part}" for kind in ("physical", "postal") for part in _PLACE),
)
"""Address lines have no underscore before the digit here; customers have one."""


@routes.on("GET", "/suppliers", "suppliers:read")
def list_suppliers(shop: Shop, ask: Ask) -> Answer:
    """List suppliers; `deleted` is younger than 2.0."""
    return listed(shop, ask, "suppliers", deletable=not ask.classic)


@routes.on("GET", "/suppliers/{supplier_id}", "suppliers:read")
def get_supplier(shop: Shop, ask: Ask) -> Answer:
    """Read one supplier."""
    return single(shop, "suppliers", ask.path["supplier_id"], "supplier")


@routes.on("POST", "/suppliers", "suppliers:write")
def create_supplier(shop: Shop, ask: Ask) -> Answer:
    """Create a supplier; the answer is its id alone. A name may be used twice."""
    row = blank(shop.new_id()) | _given(ask.body)
    row["contact"] = _contact(ask.body, row)
    return data(shop.put("suppliers", row)["id"])


@routes.on("PUT", "/suppliers/{supplier_id}", "suppliers:write")
def update_supplier(shop: Shop, ask: Ask) -> Answer:
    """Change a supplier; what is not sent stays. The answer is `{"id": …}`, not wrapped."""
    row = shop.table("suppliers").get(ask.path["supplier_id"], deleted=False)
    if row is None:
        raise missing("supplier")
    old = row["name"]
    row |= _given(ask.body)
    if row["contact"]["company_name"] == old:
        row["contact"]["company_name"] = None
    row["contact"] = _contact(ask.body, row)
    shop.put("suppliers", row)
    if row["name"] != old:
        catalogue.rename_supplier(shop, row)
    return bare({"id": row["id"]})


def blank(supplier_id: str) -> dict[str, Any]:
    """Return a supplier of whom nothing is known."""
    return {
        "id": supplier_id,
        "name": None,
        "description": None,
        "source": "USER",
        "default_markup": None,
        "contact": dict.fromkeys(CONTACT),
        "deleted_at": None,
    }


def _given(given: Any) -> dict[str, Any]:
    read = {
        "name": text(given, "name", required=True),
        "description": text(given, "description"),
        "default_markup": amount(given, "default_markup"),
    }
    return {name: value for name, value in read.items() if name in body(given)}


def _contact(given: Any, row: dict[str, Any]) -> dict[str, Any]:
    """Return the contact with what is sent; a company without a name has the supplier's."""
    sent = section(given, "contact")
    contact: dict[str, Any] = row["contact"] | {
        name: text(sent, name) for name in CONTACT if name in sent
    }
    contact["company_name"] = contact["company_name"] or row["name"]
    return contact
