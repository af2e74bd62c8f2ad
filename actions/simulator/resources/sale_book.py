"""Writing a sale: new, or changed along the rules of its state (vendor: Sales 101)."""

import re
from typing import Any, Final

from actions.simulator import sale_status
from actions.simulator.redaction import masked
from actions.simulator.resources import sale_effects
from actions.simulator.resources.fields import choice, objects, section, text, texts
from actions.simulator.resources.sale_lines import line, payment, sums
from actions.simulator.resources.values import known, moment
from actions.simulator.routing import Trouble, invalid
from actions.simulator.shop import Shop

_ID: Final = re.compile(r"[0-9a-fA-F-]{32,36}")
_SHORT_CODE: Final = "23456789abcdefghjkmnpqrstuvwxyz"


def write(shop: Shop, given: Any, old: dict[str, Any] | None = None) -> dict[str, Any]:
    """Keep a sale, book what it does, and let it be heard of.

    Raises:
        Trouble: the body breaks a rule; nothing has changed then.
    """
    state = choice(given, "state", sale_status.STATES, required=True) or ""
    if old is not None and state not in sale_status.NEXT[old["state"]]:
        raise invalid("state", f"cannot become {state} from {old['state']}")
    source = _source(shop, given)
    if old is not None and state == "voided":
        return keep(shop, old | {"state": state, "payments": []})
    sale = _begun(shop, given) if old is None else old
    return keep(shop, _filled(shop, given, sale, source, state))


def create(shop: Shop, given: Any) -> dict[str, Any]:
    """Write a new sale; what an id that is taken gets is a switch.

    Raises:
        Trouble: 409, or a rule is broken.
    """
    own_id = text(given, "id")
    first = shop.table("sales").get(own_id or "")
    if first is None:
        return write(shop, given)
    if shop.switches.same_sale_id == "conflict":
        raise Trouble(409, {"error": "A sale with this id already exists."})
    return first


def keep(shop: Shop, sale: dict[str, Any]) -> dict[str, Any]:
    """Keep a sale after what it does is booked."""
    sale["updated_at"] = shop.timestamp()
    sale_effects.change(shop, sale)
    _number(shop, sale)
    shop.put("sales", sale)
    shop.tell("sale.update", sale)
    return sale


def _begun(shop: Shop, given: Any) -> dict[str, Any]:
    """Return a sale of which nothing is known but its id."""
    own_id = text(given, "id")
    if own_id is not None and not _ID.fullmatch(own_id):
        raise invalid("id", "must be a UUID")
    return {
        "id": own_id or shop.new_id(),
        "payments": [],
        "invoice_number": None,
        "receipt_number": None,
        "short_code": None,
        "created_at": shop.timestamp(),
        "deleted_at": None,
        "return": {"is_return": False, "original_sale_id": None, "return_sale_ids": []},
        "external_applications": [],
        "ecom_custom_charges": [],
        "_metadata": {
            "version": None,
            "xero_reference": None,
            "complete_open_sequence_id": None,
            "has_unsynced_on_account_payments": False,
        },
    }


def _filled(
    shop: Shop, given: Any, sale: dict[str, Any], source: dict[str, Any], state: str
) -> dict[str, Any]:
    """Return a sale with what is given. Lines that are not sent again are lost."""
    lines = [
        line(shop, one, source, place) for place, one in enumerate(objects(given, "line_items"))
    ]
    filled = sale | {
        "state": state,
        "source": source,
        "date": moment(given, "date") or shop.timestamp(),
        "customer_id": known(shop, "customers", given, "customer_id"),
        "note": masked(text(given, "note")),
        "short_code": text(given, "short_code") or sale["short_code"] or _short_code(shop),
        "invoice_number": text(given, "invoice_number") or sale["invoice_number"],
        "attributes": _attributes(given),
        "line_items": lines,
        "payments": _payments(shop, given, sale, source),
    }
    if set(filled["attributes"]) & {"onaccount", "layby"} and filled["customer_id"] is None:
        raise invalid("customer_id", "is required for this sale")
    returned = bool(lines) and all(one["return"]["is_return"] for one in lines)
    linked = sale["return"]["original_sale_id"] is not None
    filled["return"] = sale["return"] | {"is_return": linked or returned}
    sums(filled, given)
    if state == "closed":
        register = shop.table("registers").get(source["register_id"] or "") or {}
        opened = register.get("register_open_sequence_id")
        filled["_metadata"] = sale["_metadata"] | {"complete_open_sequence_id": opened}
    return filled


def _payments(
    shop: Shop, given: Any, sale: dict[str, Any], source: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return what was paid so far, changed by id, and what is paid now."""
    payments = {one["id"]: one for one in sale["payments"]}
    for one in objects(given, "payments"):
        paid = payment(shop, one, source)
        before = payments.get(paid["id"], paid)["date"]
        payments[paid["id"]] = paid if one.get("date") else paid | {"date": before}
    return list(payments.values())


def _source(shop: Shop, given: Any) -> dict[str, Any]:
    """Read who sold and where; without a register it is the fulfilling or the first outlet."""
    asked = section(given, "source")
    author_id = known(shop, "users", asked, "author_id", required=True)
    register_id = known(shop, "registers", asked, "register_id")
    register = shop.table("registers").get(register_id or "") or {}
    fulfilling = known(shop, "outlets", given, "fulfillment_outlet_id")
    first = min(shop.table("outlets").ids(), default=None)
    return {
        "id": text(asked, "id"),
        "type": text(asked, "type") or "USER",
        "outlet_id": register.get("outlet_id") or fulfilling or first,
        "register_id": register_id,
        "author": {"id": author_id},
    }


def _attributes(given: Any) -> list[str]:
    attributes = list(dict.fromkeys(texts(given, "attributes")))
    for pair in sale_status.EITHER:
        if set(pair) <= set(attributes):
            raise invalid("attributes", f"cannot have both {pair[0]} and {pair[1]}")
    return attributes


def _short_code(shop: Shop) -> str:
    return "".join(shop.random.choices(_SHORT_CODE, k=6))


def _number(shop: Shop, sale: dict[str, Any]) -> None:
    """Give a sale its register's next number when it has none."""
    if sale["invoice_number"] is None:
        registers, own = shop.table("registers"), sale["source"]["register_id"]
        register = registers.get(own or min(registers.ids(), default=""))
        if register is None:
            sale["invoice_number"] = str(len(shop.table("sales")) + 1)
        else:
            number = int(register["invoice_sequence"])
            ends = register["invoice_prefix"] or "", register["invoice_suffix"] or ""
            sale["invoice_number"] = f"{ends[0]}{number}{ends[1]}"
            shop.put("registers", register | {"invoice_sequence": number + 1})
    sale["receipt_number"] = sale["invoice_number"]
