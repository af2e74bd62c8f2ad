"""The requests that the load sends: signed, and no two alike."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

from ingress.signatures import HEADER, sign
from workers.samples import form, fresh

EVENT_TYPE = "sale.update"
CLIENT_SECRET = "example-client-secret"
_FORM = "application/x-www-form-urlencoded"
_ID = "00000000-0000-4000-8000-000000000000"
# A whole sample sale is 4.5 KB; without these it is the 2.5 KB that the goals are set for.
_LEFT_OUT = frozenset({"customer", "taxes", "totals"})


def body_bytes() -> int:
    """Say how long each body is."""
    return len(_template())


def requests(host: str, path: str, secret: str, count: int) -> Iterator[bytes]:
    """Make so many signed deliveries, each of a sale of its own."""
    before, after = _template().split(_ID.encode())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {_FORM}\r\n"
        f"Content-Length: {body_bytes()}\r\n{HEADER}: "
    )
    run = secrets.token_hex(6)
    for number in range(count):
        body = f"{run[:8]}-{run[8:]}-4000-8000-{number:012x}".encode().join((before, after))
        yield f"{head}{sign(body, secret.encode())}\r\n\r\n".encode() + body


def _template() -> bytes:
    sale = fresh(EVENT_TYPE, datetime.now(UTC), version=7, new_id=_ID)
    short = {key: value for key, value in sale.items() if key not in _LEFT_OUT}
    short["register_sale_payments"] = short["register_sale_payments"][:1]
    return form(EVENT_TYPE, short, "kowhai", "6e8d2a1c-4f1b-4d52-9b1e-1d5a3c7f9e20")
