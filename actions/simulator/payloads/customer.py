"""Customers in the old shape: texts are never null, amounts are texts."""

from typing import Any, Final

from actions.simulator.payloads.spelling import birthday, digits, sql
from actions.simulator.shop import Shop

_CONTACT: Final = ("first_name", "last_name", "company_name", "phone", "mobile", "fax", "email")
_ADDRESS: Final = ("address_1", "address_2", "suburb", "city", "postcode", "state", "country_id")


def shaped(shop: Shop, row: dict[str, Any]) -> dict[str, Any]:
    """Return a customer."""
    return {
        "id": row["id"],
        "retailer_id": shop.retailer_id,
        "customer_code": row["customer_code"],
        "customer_group_id": row["customer_group_id"],
        **_texts(row, "first_name", "last_name", "company_name"),
        "do_not_email": row["do_not_email"],
        **_texts(row, "email", "phone", "mobile", "fax"),
        "balance": digits(row["balance"], 3),
        "loyalty_balance": digits(row["loyalty_balance"], 5),
        "enable_loyalty": row["enable_loyalty"],
        "points": 0,
        "note": row["note"] or "",
        "year_to_date": digits(row["year_to_date"], 5),
        "sex": row["gender"] or "",
        "date_of_birth": birthday(row["date_of_birth"]),
        **_texts(row, *(f"custom_field_{number}" for number in range(1, 5))),
        "updated_at": sql(row["updated_at"]),
        "created_at": sql(row["created_at"]),
        "deleted_at": sql(row["deleted_at"]),
        "contact": _contact(row),
        "contact_first_name": row["first_name"],
        "contact_last_name": row["last_name"],
    }


def in_sale(row: dict[str, Any]) -> dict[str, Any]:
    """Return a customer as sales show one."""
    same = (
        *("company_name", "customer_code", "customer_group_id", "do_not_email", "email"),
        *("enable_loyalty", "fax", "first_name", "id", "last_name", "mobile", "note", "phone"),
        *(f"custom_field_{number}" for number in range(1, 5)),
    )
    return {
        **{name: row[name] for name in same},
        "balance": digits(row["balance"], 5),
        "contact_first_name": row["first_name"],
        "contact_last_name": row["last_name"],
        "created_at": sql(row["created_at"]),
        "date_of_birth": birthday(row["date_of_birth"]),
        "deleted_at": sql(row["deleted_at"]),
        "loyalty_balance": digits(row["loyalty_balance"], 5),
        "points": 0,
        "sex": row["gender"],
        "updated_at": sql(row["updated_at"]),
        "year_to_date": digits(row["year_to_date"], 5),
    }


def _texts(row: dict[str, Any], *names: str) -> dict[str, str]:
    return {name: row[name] or "" for name in names}


def _contact(row: dict[str, Any]) -> dict[str, str]:
    """Return addresses; their lines have no underscore before the digit here."""
    shown = _texts(row, *_CONTACT, "twitter", "website")
    for kind in ("physical", "postal"):
        for part in _ADDRESS:
            old = part.replace("address_", "address")
            shown[f"{kind}_{old}"] = row[f"{kind}_{part}"] or ""
    return shown
