"""`/connect`: a merchant lets an application use a store, or refuses (vendor: Authorization)."""

from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from actions.simulator import bodies
from actions.simulator.access import CODE_SECONDS, Code
from actions.simulator.backstage import Backstage, first_user
from actions.simulator.replies import HTML, Reply
from actions.simulator.routing import Trouble
from actions.simulator.scopes import SCOPES

_SHORTEST_STATE: Final = 8
_HIDDEN: Final = ("response_type", "client_id", "redirect_uri", "state", "scope")
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PAGE: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1>
{body}
</body></html>
"""


class Consent:
    """The page that asks, and what the merchant's answer leads to."""

    def __init__(self, backstage: Backstage) -> None:
        self._stage = backstage

    async def answer(self, request: web.BaseRequest, prefix: str | None) -> Reply:
        """Answer the page, or send the browser back to the application.

        `prefix` is the store on whose host the page is; without one, the merchant names it.
        """
        if request.method not in {"GET", "POST"}:
            return _page(405, "Method not allowed", "")
        form = request.method == "POST"
        query = request.rel_url.raw_query_string.encode()
        try:
            given = bodies.fields(await bodies.raw(request) if form else query)
        except Trouble:
            return _page(400, "Bad request", "<p>The form cannot be read.</p>")
        return (
            self._wrong(given)
            or self._beyond(given)
            or (
                self._decided(given, prefix or given.get("domain_prefix", "").strip().lower())
                if form
                else _page(200, "Connect an application", _form(given, prefix))
            )
        )

    def _wrong(self, given: Mapping[str, str]) -> Reply | None:
        """Refuse what must not be answered with a redirect."""
        options = self._stage.options
        address = given.get("redirect_uri", "")
        if given.get("client_id") != options.client_id:
            trouble = "client_id is unknown."
        elif not _registered(address, options.redirect_uris):
            trouble = "redirect_uri is not one that the application has registered."
        elif given.get("response_type") != "code":
            trouble = "response_type must be code."
        elif len(given.get("state", "")) < _SHORTEST_STATE:
            trouble = "state must have at least 8 characters."
        else:
            return None
        return _page(400, "Unable to connect application", f"<p>{trouble}</p>")

    def _beyond(self, given: Mapping[str, str]) -> Reply | None:
        """Refuse a request without scopes, or for others than the application has declared."""
        asked = set(given.get("scope", "").split())
        declared = set(self._stage.options.scopes) or SCOPES
        return None if asked and asked <= declared else self._denied(given)

    def _decided(self, given: Mapping[str, str], prefix: str) -> Reply:
        if given.get("decision") != "allow":
            return self._denied(given)
        shop = self._stage.shops.get(prefix)
        if shop is None:
            return _page(400, "Unable to connect application", "<p>There is no such store.</p>")
        scopes = frozenset(given["scope"].split()) - set(self._stage.options.dropped_scopes)
        code = Code(
            prefix=prefix,
            application=given["client_id"],
            redirect_uri=given["redirect_uri"],
            scopes=scopes,
            user_id=first_user(shop),
            expires=self._stage.clock.now() + CODE_SECONDS,
        )
        answer = {
            "code": self._stage.access.code(code),
            "domain_prefix": prefix,
            "state": given["state"],
            "scope": " ".join(sorted(scopes)),
        }
        return _back(given["redirect_uri"], answer)

    def _denied(self, given: Mapping[str, str]) -> Reply:
        state = {"state": given["state"]} if self._stage.switches.state_on_refusal else {}
        return _back(given["redirect_uri"], {"error": "access_denied"} | state)


def _registered(address: str, registered: tuple[str, ...]) -> bool:
    if registered:
        return address in registered
    try:
        split = urlsplit(address)
    except ValueError:
        return False
    return split.scheme in {"http", "https"} and split.hostname in _HERE


def _back(address: str, answer: dict[str, str]) -> Reply:
    joint = "&" if "?" in address else "?"
    return Reply(302, headers={"Location": f"{address}{joint}{urlencode(answer)}"})


def _form(given: Mapping[str, str], prefix: str | None) -> str:
    hidden = "\n".join(
        f'<input type="hidden" name="{name}" value="{escape(given[name])}">' for name in _HIDDEN
    )
    scopes = "".join(f"<li>{escape(scope)}</li>" for scope in given["scope"].split())
    store = (
        f"<p>Store: {escape(prefix)}</p>"
        if prefix
        else '<p><label>Store <input name="domain_prefix" required></label></p>'
    )
    return f"""<p>The application {escape(given["client_id"])} asks for:</p>
<ul>{scopes}</ul>
<form method="post">
{hidden}
{store}
<button name="decision" value="allow">Allow</button>
<button name="decision" value="refuse">Refuse</button>
</form>"""


def _page(status: int, title: str, body: str) -> Reply:
    return Reply(status, _PAGE.format(title=escape(title), body=body).encode(), HTML)
