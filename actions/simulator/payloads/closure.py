"""Closures of registers in the old shape: money as text, and the number 0 where there is none."""

from decimal import Decimal
from typing import Any

from actions.simulator.payloads.spelling import digits, sql
from actions.simulator.shop import Shop


def shaped(_shop: Shop, row: dict[str, Any]) -> dict[str, Any]:
    """Return a closure; an empty map comes as an empty list."""
    return {
        "id": row["id"],
        "open_count_sequence": str(row["open_count_sequence"]),
        "register_open_time": sql(row["register_open_time"]),
        "register_close_time": sql(row["register_close_time"]),
        "totals": {name: _sum(value) for name, value in row["totals"].items()},
        "taxes": {one["id"]: _tax(one) for one in row["taxes"]} or [],
        "payments_summary": {one["id"]: _summary(one) for one in row["payments"]} or [],
        "payment_counts": [_counted(one) for one in row["payments"] if one["counted"]],
        "register": {
            "id": row["register_id"],
            "name": row["register_name"],
            "outlet_id": row["outlet_id"],
            "outlet_name": row["outlet_name"],
        },
    }


def _sum(value: Decimal | int) -> str:
    return digits(value, 5) if value else "0"


def _tax(one: dict[str, Any]) -> dict[str, str]:
    return {
        "name": one["name"],
        "total": digits(one["total"], 5),
        "rate": digits(one["rate"], 6),
        "taxable": digits(one["taxable"], 5),
    }


def _summary(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "payment_type_name": one["name"],
        "total": digits(one["total"], 5) if one["total"] else 0,
        "discrepancy": "0.00000",
    }


def _counted(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "start_total": digits(one["float"], 2),
        "payments_total": digits(one["total"], 2),
        "withdrawals_total": "0.00",
        "close_total": digits(one["float"] + one["total"], 2),
        "payment_type": {
            "id": one["id"],
            "name": one["name"],
            "payment_type_id": str(one["type_id"]),
            "config": one["config"],
        },
    }
