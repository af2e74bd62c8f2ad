"""The control door, on a port of its own: what happened, what goes wrong, what time it is.

`GET /` lists its routes with what they do.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from aiohttp import web
from msgspec import structs

from actions.simulator import faults, till
from actions.simulator.backstage import Backstage
from actions.simulator.limits import Plan
from actions.simulator.routing import Trouble
from actions.simulator.shop import Shop
from actions.simulator.table import decode, encode


class Request(NamedTuple):
    """A request of the control door."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any

    def member(self, name: str, kind: Any, default: Any) -> Any:
        """Return a member of the body.

        Raises:
            ValueError: it is of another kind.
        """
        given = self.body.get(name, default) if isinstance(self.body, dict) else default
        try:
            return msgspec.convert(given, kind, strict=False)
        except msgspec.ValidationError as error:
            raise ValueError(f"{name}: {error}.") from None


_CLOSURE: Final = "closure"

Answering = Callable[[Backstage, Request], Any]


def _ledger(stage: Backstage, request: Request) -> Any:
    """Show requests, writes, deliveries, windows: ?route=sales&status=429&last=1000."""
    query = request.query
    report = stage.ledger.report(
        query.get("route", ""), int(query.get("status", 0)), int(query.get("last", 1000))
    )
    return report | {
        "limits": stage.limits.state(),
        "ended_windows": list(stage.limits.ended),
        "refused": stage.limits.refused,
        "struck": stage.faults.struck,
        "bugs": stage.bugs,
    }


def _reset(stage: Backstage, _: Request) -> Any:
    """Open a new ledger."""
    stage.ledger.reset()
    stage.limits.ended.clear()
    stage.limits.refused.clear()
    stage.faults.struck.clear()
    return {}


def _faults(stage: Backstage, _: Request) -> Any:
    """List the faults that are on, and the names there are."""
    return {"on": stage.faults.on(), "names": sorted(faults.NAMES)}


def _add_fault(stage: Backstage, request: Request) -> Any:
    """Switch a fault on: "5xx:1:/sales*" or {"name": "slow", "seconds": 3, "times": 1}."""
    given = request.body
    stage.faults.add(faults.parse(given) if isinstance(given, str) else faults.made(given))
    return {"on": stage.faults.on()}


def _remove_faults(stage: Backstage, request: Request) -> Any:
    """Switch the faults of a name off, or all: ?name=5xx."""
    return {"removed": stage.faults.remove(request.query.get("name", ""))}


def _clock(stage: Backstage, _: Request) -> Any:
    """Tell the simulated time."""
    return {
        "now": stage.clock.now(),
        "moment": stage.clock.moment().isoformat(),
        "scale": stage.clock.scale,
    }


def _set_clock(stage: Backstage, request: Request) -> Any:
    """Move the clock on, or let it run at another speed: {"advance": 60, "scale": 300}."""
    scale = request.member("scale", float | None, None)
    advance = request.member("advance", float, 0.0)
    if advance < 0 or (scale is not None and scale <= 0):
        raise ValueError("The clock cannot go back or stand still.")
    stage.clock.set(scale=scale, advance=advance)
    return _clock(stage, request)


def _switches(stage: Backstage, _: Request) -> Any:
    """List the switches."""
    return structs.asdict(stage.switches)


def _set_switches(stage: Backstage, request: Request) -> Any:
    """Set switches by name: {"window": "sliding"}."""
    try:
        stage.switches.change(msgspec.convert(request.body, dict[str, Any]))
    except msgspec.ValidationError as error:
        raise ValueError(f"{error}.") from None
    return _switches(stage, request)


def _limits(stage: Backstage, _: Request) -> Any:
    """List what each retailer may do."""
    return {prefix: stage.limits.plans[prefix] for prefix in stage.shops}


def _set_limits(stage: Backstage, request: Request) -> Any:
    """Change what a retailer, or each, may do: {"retailer": "kowhai", "registers": 3}."""
    given = msgspec.convert(request.body, dict[str, Any])
    prefix = given.pop("retailer", "")
    for shop in [_shop(stage, prefix)] if prefix else stage.shops.values():
        plan = structs.asdict(stage.limits.plans[shop.prefix]) | given
        stage.limits.plans[shop.prefix] = msgspec.convert(plan, Plan)
    return _limits(stage, request)


def _sell(stage: Backstage, request: Request) -> Any:
    """Have a till sell, or close the registers: {"kind": "sale", "count": 3}, "closure"."""
    shop = _shop(stage, request.member("retailer", str, next(iter(stage.shops))))
    kind = request.member("kind", str, "sale")
    if kind == _CLOSURE:
        return {"ids": [row["id"] for row in till.close_registers(shop)]}
    if kind not in till.KINDS:
        raise ValueError(f"There is no {kind!r}: it is {', '.join(till.KINDS)} or {_CLOSURE}.")
    return {"ids": [till.ring(shop, kind) for _ in range(request.member("count", int, 1))]}


def _revoke(stage: Backstage, request: Request) -> Any:
    """Have a store uninstall its applications: {"retailer": "kowhai"}."""
    shop = _shop(stage, request.member("retailer", str, ""))
    return {"ended": stage.access.revoke(shop.prefix)}


def _state(stage: Backstage, request: Request) -> Any:
    """Show the rows of a table, deleted ones too: ?id=…."""
    table = _shop(stage, request.path["prefix"]).table(request.path["table"])
    if wanted := request.query.get("id"):
        return table.get(wanted)
    return list(table.all(deleted=True))


def _shop(stage: Backstage, prefix: str) -> Shop:
    shop = stage.shops.get(prefix)
    if shop is None:
        raise ValueError(f"There is no store {prefix!r}.")
    return shop


_ROUTES: Final[tuple[tuple[str, str, Answering], ...]] = (
    ("GET", "/ledger", _ledger),
    ("POST", "/reset", _reset),
    ("GET", "/faults", _faults),
    ("POST", "/faults", _add_fault),
    ("DELETE", "/faults", _remove_faults),
    ("GET", "/clock", _clock),
    ("POST", "/clock", _set_clock),
    ("GET", "/switches", _switches),
    ("POST", "/switches", _set_switches),
    ("GET", "/limits", _limits),
    ("POST", "/limits", _set_limits),
    ("POST", "/sell", _sell),
    ("POST", "/revoke", _revoke),
    ("GET", "/state/{prefix}/{table}", _state),
)


def control(stage: Backstage) -> web.Application:
    """Return the application of the control door."""
    app = web.Application()
    for method, path, answering in _ROUTES:
        app.router.add_route(method, path, _served(stage, answering))

    async def listed(_: web.Request) -> web.Response:
        return _json([f"{method} {path}: {does.__doc__}" for method, path, does in _ROUTES])

    app.router.add_get("/", listed)
    return app


def _served(
    stage: Backstage, answering: Answering
) -> Callable[[web.Request], Coroutine[Any, Any, web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        try:
            raw = await request.read()
            asked = Request(request.match_info, request.query, decode(raw) if raw else {})
            return _json(answering(stage, asked))
        except Trouble as trouble:
            return _json(trouble.body, trouble.status)
        except (ValueError, RecursionError) as error:
            return _json({"error": str(error)}, 400)

    return serve


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=encode(value), status=status, content_type="application/json")
