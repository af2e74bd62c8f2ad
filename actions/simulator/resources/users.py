"""Users (vendor: OpenAPI 2026-07, users)."""

from typing import Any

from actions.simulator.resources.lists import listed, single
from actions.simulator.routing import Answer, Ask, Routes, data, missing
from actions.simulator.shop import Shop

routes = Routes()


@routes.on("GET", "/users", "users:read")
def list_users(shop: Shop, ask: Ask) -> Answer:
    """List users; `permissions` is null in lists, and there is no `deleted`."""
    return listed(shop, ask, "users", deletable=False, shape=_in_a_list)


@routes.on("GET", "/users/{user_id}", "users:read")
def get_user(shop: Shop, ask: Ask) -> Answer:
    """Read one user; the vendor's examples show an array of one where its schema has an object."""
    if not shop.switches.user_in_array:
        return single(shop, "users", ask.path["user_id"], "user")
    row = shop.table("users").get(ask.path["user_id"])
    if row is None:
        raise missing("user")
    return data([row])


def _in_a_list(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"permissions": None}
