"""What tells the variants of a family apart: up to three attributes, no two alike."""

from collections.abc import Sequence
from typing import Final

from actions.simulator.product_rows import entitle
from actions.simulator.resources.fields import objects, text
from actions.simulator.resources.product_fields import Row, known
from actions.simulator.routing import invalid
from actions.simulator.shop import Shop

MOST: Final = 200
_ATTRIBUTES: Final = 3


def define(shop: Shop, row: Row, given: Row) -> None:
    """Read a new variant's attributes and values."""
    options = [
        _option(shop, one) | {"value": (text(one, "value", required=True) or "").strip()}
        for one in objects(given, "variant_definitions")
    ]
    if not options:
        raise invalid("variant_definitions", "is required")
    row["variant_options"] = options
    entitle(row)


def reorder(shop: Shop, row: Row, given: Row) -> None:
    """Read a family's full list of attributes, whose order counts; a new one has no value yet."""
    if "variant_attributes" not in given:
        return
    if not row["variant_options"]:
        raise invalid("variant_attributes", "needs a product with variants")
    values = {one["id"]: one["value"] for one in row["variant_options"]}
    options = [_option(shop, one) for one in objects(given, "variant_attributes")]
    row["variant_options"] = [one | {"value": values.get(one["id"], "")} for one in options]
    entitle(row)


def revalue(_shop: Shop, row: Row, given: Row) -> None:
    """Read other values of the attributes that a variant has."""
    options = {one["id"]: one for one in row["variant_options"]}
    for one in objects(given, "variant_attribute_values"):
        option = options.get(text(one, "attribute_id", required=True) or "")
        if option is None:
            raise invalid("attribute_id", "is not one of the family's")
        option["value"] = (text(one, "attribute_value", required=True) or "").strip()
    entitle(row)


def check(rows: Sequence[Row]) -> None:
    """Refuse too many variants, too many attributes, other attributes, and two alike.

    Raises:
        Trouble: 422, naming the rule.
    """
    shapes = {tuple(one["id"] for one in row["variant_options"]) for row in rows}
    values = {tuple(one["value"] for one in row["variant_options"]) for row in rows}
    if len(rows) > MOST:
        raise invalid("variants", f"must be {MOST} at most")
    if len(shapes) > 1:
        raise invalid("variant_definitions", "must name the same attributes in each variant")
    for shape in shapes:
        if len(shape) > _ATTRIBUTES or len(set(shape)) < len(shape):
            raise invalid("variant_definitions", f"must be {_ATTRIBUTES} different ones at most")
    if len(values) < len(rows):
        raise invalid("variant_definitions", "must tell the variants apart")


def _option(shop: Shop, given: Row) -> Row:
    found = known(shop, "variant_attributes", given, "attribute_id")
    return {"id": found["id"], "name": found["name"]}
