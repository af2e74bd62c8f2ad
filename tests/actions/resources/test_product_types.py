from actions.lenient import decode
from actions.resources.product_categories import CategoryStep
from actions.resources.product_types import GetProductType, ListProductTypes, ProductType


def test_a_product_type_is_read() -> None:
    kind = decode(
        b'{"id":"c2","name":"Shirts","leaf_category":true,'
        b'"category_path":[{"id":"c1","name":"Clothes"}],"deleted_at":null,"version":"9"}',
        ProductType,
    )
    assert kind == ProductType(
        id="c2",
        name="Shirts",
        leaf_category=True,
        category_path=[CategoryStep(id="c1", name="Clothes")],
        version=9,
    )


def test_product_types_are_deprecated() -> None:
    assert ListProductTypes.operation.deprecated
    assert GetProductType.operation.deprecated
