"""The body of a webhook and its signature, as captured (vendor: Webhooks)."""

import base64
import hashlib
import hmac
from typing import Final
from urllib.parse import urlencode

SIGNATURE: Final = "X-Signature"
FORM: Final = "application/x-www-form-urlencoded"


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


def signature(body: bytes, client_secret: str, encoding: str) -> str:
    """Return the header of a body that an application's webhook gets."""
    digest = hmac.new(client_secret.encode(), body, hashlib.sha256).digest()
    text = digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
    return f"signature={text},algorithm=HMAC-SHA256"
