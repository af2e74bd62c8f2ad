"""`backroom actions`."""

from inspect import cleandoc
from typing import Any

import click

from actions.action import Action
from actions.catalog import CATALOG, named
from ingress.commands.printing import as_json, table
from ingress.describing import described, in_words, schema


@click.command()
@click.argument("name", required=False)
@click.option("--json", "in_json", is_flag=True, help="Print JSON, with a schema for each action.")
def command(name: str | None, *, in_json: bool) -> None:
    """List the actions, or show the one called NAME with its parameters."""
    if in_json:
        wanted = [named(name)] if name else list(CATALOG.values())
        shown = [described(one) for one in wanted]
        as_json(shown[0] if name else shown)
    elif name:
        _show(named(name))
    else:
        rows = [
            (one.name, one.title, "reads" if one.reads else "writes", one.verb, one.path)
            for one in (action.operation for action in CATALOG.values())
        ]
        table(("action", "Lightspeed calls it", "", "verb", "path"), rows)


def _show(action: type[Action[Any]]) -> None:
    operation = action.operation
    does = "reads" if operation.reads else "writes"
    old = "; the vendor calls it deprecated" if operation.deprecated else ""
    click.echo(f"{operation.name}: {operation.title}{old}")
    click.echo(f"{operation.verb} {operation.path}, {does}; scopes: {' '.join(operation.scopes)}")
    click.echo(f"\n{cleandoc(action.__doc__ or '')}")
    found = schema(action)
    parts: dict[str, Any] = found.get("$defs", {})
    for title, part in {"parameter": found, **parts}.items():
        required = set(part.get("required", ()))
        rows = [
            (name, in_words(member, parts), "required" if name in required else "")
            for name, member in part.get("properties", {}).items()
        ]
        if rows:
            click.echo()
            table((title, "type", ""), rows)
