"""Deliveries that are not taken: which status, which reason to count, which sentence."""

from aiohttp import hdrs, web

from ingress.signatures import Flaw

RETRY_AFTER = "30"
"""Seconds, with every 503: the vendor sends it again."""

FLAWS: dict[Flaw, str] = {
    "missing": "The X-Signature header is missing.",
    "malformed": "The X-Signature header is malformed: signature=…,algorithm=HMAC-SHA256.",
    "algorithm": "The signature's algorithm must be HMAC-SHA256.",
    "wrong": "The signature does not fit the body.",
}


class Refused(Exception):
    """A delivery that is not taken: the status, the reason to count, and a sentence."""

    def __init__(self, status: int, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.reason = reason
        self.sentence = sentence


def too_large(most_bytes: int) -> Refused:
    """Refuse a body over the cap."""
    return Refused(413, "too large", f"A delivery may hold {most_bytes} bytes at most.")


def away() -> Refused:
    """Refuse what Redis has not taken; never with a 4xx, which the vendor would not retry."""
    return Refused(503, "redis away", "The delivery could not be stored: send it again.")


def answer(refused: Refused) -> web.Response:
    """Make the response of a refusal."""
    response = web.Response(status=refused.status, text=refused.sentence + "\n")
    if refused.status == web.HTTPServiceUnavailable.status_code:
        response.headers[hdrs.RETRY_AFTER] = RETRY_AFTER
    elif refused.status == web.HTTPMethodNotAllowed.status_code:
        response.headers[hdrs.ALLOW] = hdrs.METH_POST
    if refused.status in {408, 413}:
        response.force_close()  # what is left of the body is not worth reading
    return response
