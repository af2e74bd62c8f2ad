"""The body of a webhook and its signature, as captured (vendor: Webhooks)."""

import base64
import hmac
import re
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

SIGNATURE: Final = "X-Signature"
FORM: Final = "application/x-www-form-urlencoded"
_ESCAPE: Final = re.compile(rb"%[0-9A-F]{2}")


def form(domain_prefix: str, retailer_id: str, event_type: str, payload: str) -> bytes:
    """Write the form as Go's `url.Values` does: sorted fields, `+` for a blank, `%2B`."""
    fields = {
        "domain_prefix": domain_prefix,
        "environment": "prod",
        "payload": payload,
        "retailer_id": retailer_id,
        "type": event_type,
    }
    return urlencode(fields).encode()


def respelt(body: bytes, spelling: str) -> bytes:
    """Write a form as other senders than the captured one might."""
    fields = parse_qsl(body.decode())
    if spelling == "shuffled":
        return urlencode(fields[::-1]).encode()
    if spelling == "payload-only":
        return urlencode([one for one in fields if one[0] == "payload"]).encode()
    if spelling == "more-fields":
        return urlencode([("api", "1.0"), *fields, ("sent_by", "x-series")]).encode()
    if spelling == "percent-20":
        return urlencode(fields, quote_via=quote).encode()
    return _ESCAPE.sub(lambda found: found[0].lower(), body)


def signature(body: bytes, client_secret: str, encoding: str, form: str = "plain") -> str:
    """Return the header of a body that an application's webhook gets."""
    signed = body + b"?" if form == "wrong" else body
    digest = hmac.digest(client_secret.encode(), signed, "sha256")
    text = digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
    members = [f"signature={text}", "algorithm=HMAC-SHA256"]
    if form == "reversed":
        members.reverse()
    return (", " if form == "spaced" else ",").join(members)
