from decimal import Decimal

from actions.action import Page
from actions.lenient import decode
from actions.resources.inventory import Inventory, ListInventory


def page(*versions: int | None) -> Page[Inventory]:
    return Page([Inventory(id=f"i-{one}", version=one) for one in versions])


def test_inventory_is_read_with_a_body() -> None:
    listing = ListInventory(
        after=0, size=5000, product_id="p-1", variants=True, include_deleted=False
    )
    assert listing.request().verb == "POST"
    assert listing.request().path == "/inventory"
    assert listing.request().body == (
        b'{"after":0,"size":5000,"product_id":"p-1","variants":true,"include_deleted":false,'
        b'"sort_direction":"asc"}'
    )
    assert listing.operation.reads
    assert listing.operation.repeatable
    assert listing.operation.answer == "bare"


def test_inventory_is_walked_upwards_by_its_highest_version() -> None:
    second = ListInventory(size=2).following(page(3, 7))
    assert second == ListInventory(size=2, after=7)
    assert second is not None
    assert second.following(page()) is None
    assert second.following(page(7)) is None
    assert second.following(page(None)) is None


def test_inventory_can_be_walked_downwards() -> None:
    second = ListInventory(sort_direction="desc").following(page(7, 3))
    assert second == ListInventory(sort_direction="desc", before=3)
    assert second is not None
    assert second.following(page(3)) is None
    assert second.following(page(3, 2)) == ListInventory(sort_direction="desc", before=2)


def test_an_inventory_record_without_a_reorder_method_has_nulls() -> None:
    record = decode(
        b'{"id":"i-1","product_id":"p-1","outlet_id":"o-1","current_inventory_level":"12.5",'
        b'"average_cost":null,"quantity_to_procure":-3,"reorder_point":null,'
        b'"reorder_amount":null,"reorder_method":null,"reorder_target":null,'
        b'"version":"4300000000","deleted_at":null}',
        Inventory,
    )
    assert record == Inventory(
        id="i-1",
        product_id="p-1",
        outlet_id="o-1",
        current_inventory_level=Decimal("12.5"),
        quantity_to_procure=Decimal(-3),
        version=4_300_000_000,
    )
