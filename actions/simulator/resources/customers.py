"""Customers (vendor: OpenAPI 2026-07, customers)."""

from typing import Any, Final

from actions.simulator.redaction import masked
from actions.simulator.resources.fields import amount, choice, flag, text, unwrapped
from actions.simulator.resources.lists import listed, single
from actions.simulator.resources.values import day, known
from actions.simulator.routing import Answer, Ask, Routes, data, invalid, missing
from actions.simulator.shop import Shop
from actions.simulator.table import encode

routes = Routes()
_PLACE: Final = ("address_1", "address_2", "suburb", "city", "postcode", "state", "country_id")
_NAMES: Final = ("first_name", "last_name")
_TEXTS: Final = (
    *_NAMES,
    *("email", "note", "company_name", "phone", "mobile", "fax", "twitter", "website", "tax_id"),
    *(f"{kind}_{part}" for kind in ("physical", "postal") for part in _PLACE),
    *(f"custom_field_{number}" for number in range(1, 5)),
)
_REDACTED: Final = tuple(
    name
    for name in _TEXTS
    if name in {*_NAMES, "company_name", "note"}
    or name.startswith(("physical", "postal", "custom"))
)
_FLAGS: Final = ("enable_loyalty", "do_not_email", "enable_promotional_sms")
_CODE_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@routes.on("GET", "/customers", "customers:read")
def list_customers(shop: Shop, ask: Ask) -> Answer:
    """List customers."""
    return listed(shop, ask, "customers")


@routes.on("GET", "/customers/{customer_id}", "customers:read")
def get_customer(shop: Shop, ask: Ask) -> Answer:
    """Read one customer."""
    return single(shop, "customers", ask.path["customer_id"], "customer")


@routes.on("POST", "/customers", "customers:write")
def create_customer(shop: Shop, ask: Ask) -> Answer:
    """Create a customer; both names must be there, and may be null."""
    return data(store(shop, blank(shop), _given(shop, ask)), 201)


@routes.on("PUT", "/customers/{customer_id}", "customers:write")
def update_customer(shop: Shop, ask: Ask) -> Answer:
    """Change the fields that are given."""
    row = _living(shop, ask.path["customer_id"])
    return data(store(shop, row, _given(shop, ask, row["id"])))


@routes.on("DELETE", "/customers/{customer_id}", "customers:write")
def delete_customer(shop: Shop, ask: Ask) -> Answer:
    """Delete a customer, who stays readable with `deleted_at`."""
    row = _living(shop, ask.path["customer_id"])
    store(shop, row, {"deleted_at": shop.timestamp()})
    return Answer(204)


def blank(shop: Shop) -> dict[str, Any]:
    """Return a customer of whom nothing is known yet."""
    return {
        "id": shop.new_id(),
        "name": "",
        "customer_code": None,
        "customer_group_id": next(iter(shop.table("customer_groups").ids()), None),
        **dict.fromkeys(_TEXTS),
        "gender": None,
        "date_of_birth": None,
        **dict.fromkeys(_FLAGS, False),
        "enable_loyalty": True,
        "on_account_limit": None,
        "balance": 0,
        "loyalty_balance": 0,
        "year_to_date": 0,
        "created_at": shop.timestamp(),
        "deleted_at": None,
    }


def store(shop: Shop, row: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Keep a customer with changes, and let it be heard of."""
    row |= changes
    row["name"] = " ".join(row[name] for name in _NAMES if row[name])
    row["customer_code"] = row["customer_code"] or new_code(shop, row)
    row["updated_at"] = shop.timestamp()
    shop.put("customers", row)
    shop.tell("customer.update", row)
    return row


def _living(shop: Shop, customer_id: str) -> dict[str, Any]:
    row = shop.table("customers").get(customer_id, deleted=False)
    if row is None:
        raise missing("customer")
    return row


def _given(shop: Shop, ask: Ask, own_id: str | None = None) -> dict[str, Any]:
    """Read the body: only what is there, of the right type, cards masked."""
    given = unwrapped(ask.body)
    for name in _NAMES:
        if name not in given and not ask.classic:
            raise invalid(name, "is required")
    read: dict[str, Any] = {name: text(given, name) for name in _TEXTS if name in given}
    read |= {name: masked(read[name]) for name in _REDACTED if name in read}
    read |= {name: flag(given, name) or False for name in _FLAGS if name in given}
    if "gender" in given:
        read["gender"] = choice(given, "gender", ("M", "F"))
    if "date_of_birth" in given:
        read["date_of_birth"] = day(given, "date_of_birth")
    if "on_account_limit" in given:
        read["on_account_limit"] = amount(given, "on_account_limit")
    if group := known(shop, "customer_groups", given, "customer_group_id"):
        read["customer_group_id"] = group
    if code := text(given, "customer_code"):
        read["customer_code"] = _free(shop, code, own_id)
    return read


def _free(shop: Shop, code: str, own_id: str | None) -> str:
    """Return a customer code that nobody else has.

    Raises:
        Trouble: 422, somebody has it.
    """
    table, member = shop.table("customers"), b'"customer_code":' + encode(code) + b","
    if any(member in (table.text(one) or b"") for one in table.ids() if one != own_id):
        raise invalid("customer_code", "is taken")
    return code


def new_code(shop: Shop, row: dict[str, Any]) -> str:
    """Make a code of the vendor's look: `Tony-37YP`, `UNNAMED-669D`."""
    end = "".join(shop.random.choices(_CODE_LETTERS, k=4))
    return f"{row['first_name'] or row['last_name'] or 'UNNAMED'}-{end}"
