"""`GET /`: every action for people to read, on one page that needs nothing from elsewhere."""

import asyncio
import base64
import hashlib
import re
import sys
from functools import cached_property
from html import escape
from importlib.resources import files
from itertools import groupby
from string import Template
from typing import Any, Final

from aiohttp import hdrs, web

from actions.action import Action
from actions.catalog import CATALOG
from ingress.api.asking import asked
from ingress.api.call_schemas import placed
from ingress.api.example import curl
from ingress.api.gate import Caller, Gate
from ingress.api.naming import snake
from ingress.declaring import Declared, Given
from ingress.describing import in_words, schema
from ingress.field_docs import outside

DECLARED: Final = Declared(
    verb="get",
    path="/",
    group="contract",
    title="The page for people",
    gives={200: Given("Every action, to read.", {"type": "string"}, "text/html")},
)
_STYLE: Final = files("ingress.api").joinpath("page.css").read_text()
_PAGE: Final = Template(files("ingress.api").joinpath("page.html").read_text())
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_CODE: Final = re.compile(r"`([^`]+)`")
_HEADERS: Final = {
    hdrs.CACHE_CONTROL: "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Page:
    """The page, and the route that shows it."""

    def __init__(self, base_url: str, declared: tuple[Declared, ...]) -> None:
        self._base_url = base_url
        self._declared = declared

    def routes(self, gate: Gate) -> list[web.RouteDef]:
        """Return the route."""
        return [web.get(DECLARED.path, gate.guarded(self.show))]

    async def show(self, request: web.Request, _: Caller) -> web.Response:
        """Answer the page."""
        asked(request, ())
        # In a thread: to make it the first time takes as long as a hundred deliveries.
        text = await asyncio.to_thread(lambda: self._text)
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)

    @cached_property
    def _text(self) -> str:
        groups = [
            (module, list(kinds))
            for module, kinds in groupby(CATALOG.values(), key=lambda kind: kind.__module__)
        ]
        return _PAGE.substitute(
            style=_STYLE,
            count=len(CATALOG),
            example=escape(curl(CATALOG["ListBrands"], self._base_url)),
            links="\n".join(f'<a href="#{_anchor(one)}">{_title(one)}</a>' for one, _ in groups),
            groups="\n".join(self._group(module, kinds) for module, kinds in groups),
            routes="\n".join(map(_row, self._declared)),
        )

    def _group(self, module: str, kinds: list[type[Action[Any]]]) -> str:
        said = _marked(sys.modules[module].__doc__ or "")
        shown = "\n".join(_shown(kind, self._base_url) for kind in kinds)
        return f'<h2 id="{_anchor(module)}">{_title(module)}</h2>\n<p>{said}</p>\n{shown}'


def _row(one: Declared) -> str:
    return f"<tr><td><code>{one.verb.upper()} {escape(one.path)}</code><td>{escape(one.title)}"


def _marked(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(outside(text)))


def _anchor(module: str) -> str:
    return module.rpartition(".")[2]


def _title(module: str) -> str:
    return _anchor(module).replace("_", " ").capitalize()


def _shown(kind: type[Action[Any]], base_url: str) -> str:
    operation = kind.operation
    does = "reads" if operation.reads else "writes"
    old = " Deprecated by the vendor." if operation.deprecated else ""
    again = "" if operation.repeatable else " It is never sent twice."
    return (
        f'<details id="{operation.name}"><summary><span class="does {does}">{does}</span>'
        f"<code>{operation.name}</code> <small><code>{snake(kind)}</code></small></summary>"
        f"<p>{_marked(kind.__doc__ or '')}{old}{again}</p>"
        f"<p>{escape(operation.title)}: <code>{operation.verb} {operation.path}</code>, scopes "
        f"<code>{' '.join(operation.scopes)}</code></p>"
        f"{_tables(kind)}<pre>{escape(curl(kind, base_url))}</pre></details>"
    )


def _tables(kind: type[Action[Any]]) -> str:
    found = schema(kind)
    parts: dict[str, Any] = found.get("$defs", {})
    places = {name: place for place, names in placed(kind).items() for name in names}
    shown = [_table("", found, parts, places)]
    shown += [_table(name, part, parts, {}) for name, part in parts.items()]
    return "".join(shown)


def _table(name: str, part: dict[str, Any], parts: dict[str, Any], places: dict[str, str]) -> str:
    required = part.get("required", ())
    rows = "".join(
        f"<tr><td><code>{field}</code><td>{places.get(field, '')}"
        f"<td>{'required' if field in required else ''}"
        f"<td>{escape(in_words(member, parts))}<td>{_marked(member.get('description', ''))}"
        for field, member in part.get("properties", {}).items()
    )
    return f"<table><caption>{name}</caption>{rows}</table>" if rows else ""
