"""The pages of the link flow: small, whole in themselves, without a script."""

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from typing import Final

from aiohttp import web

_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.5rem;"
    "color:#1c1c1e;background:#fff}h1{font-size:1.5rem}h2{font-size:1rem;margin-bottom:0}"
    "ul{margin-top:.25rem;padding-left:1.25rem}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1c1c1e}}"
)
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the address holds the code
    "X-Content-Type-Options": "nosniff",
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
_MOST: Final = 25
"""Of a list."""
_LONGEST: Final = 120
"""Characters of what is not ours."""


def page(status: int, title: str, parts: Iterable[str]) -> web.Response:
    """Return a page; `parts` are `paragraph` and `listed`."""
    text = _PAGE.format(title=escape(_cut(title)), style=_STYLE, body="\n".join(parts))
    return web.Response(status=status, text=text, content_type="text/html", headers=HEADERS)


def sentence(status: int, said: str) -> web.Response:
    """Return a page that says why nothing came of it."""
    return page(status, "Not linked", [paragraph(said)])


def paragraph(said: str) -> str:
    """Return a paragraph."""
    return f"<p>{escape(said)}</p>"


def listed(heading: str, items: Iterable[str]) -> str:
    """Return a list under its heading; one that is long is cut."""
    names = [_cut(one) for one in items]
    more = len(names) - _MOST
    shown = names[:_MOST] + ([f"and {more:,} more"] if more > 0 else [])
    rows = "".join(f"<li>{escape(one)}</li>" for one in shown)
    return f"<h2>{escape(heading)}</h2>\n<ul>{rows}</ul>"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
