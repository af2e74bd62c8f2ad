from decimal import Decimal

import msgspec
import pytest

from actions.action import Page, Version
from actions.lenient import decode
from actions.resources.product_rows import (
    CategoryLink,
    CodeToSet,
    Component,
    ImageToAdd,
    Link,
    NamedValue,
    NewTax,
    OpeningStock,
    OutletTaxToSet,
    Packaging,
    Product,
    ProductCode,
    ShownImage,
    StockToSet,
    SupplierToSet,
    TaxToSet,
)
from actions.resources.products import (
    AttributeValue,
    Breakdown,
    CreateProduct,
    DeleteProduct,
    FamilyChange,
    ListProducts,
    NewVariant,
    ProductChange,
    UpdateProduct,
    VariantAttribute,
    VariantDefinition,
)

ANSWER = b"""{
 "id": "p1", "name": "Tee", "handle": "tee", "sku": 10042, "active": true, "is_active": true,
 "description": null, "source": "USER", "version": "4300000001",
 "created_at": "2026-05-24T01:49:25+00:00", "deleted_at": null,
 "has_variants": true, "variant_options": [{"id": "a1", "name": "Size", "value": 42}],
 "price_including_tax": null, "price_excluding_tax": 2.63158, "supply_price": "1.5",
 "supplier": {}, "brand": {}, "type": {"id": "c1", "name": "Shirts"},
 "product_category": {"id": "c1", "name": "Shirts", "leaf_category": true,
                      "category_path": [{"id": "c0", "name": "Clothes"}]},
 "tag_ids": ["t1"], "categories": [{"id": "t1", "name": "Summer"}], "attributes": [],
 "product_codes": [{"id": "k1", "type": "custom", "code": 10042}],
 "composite_bom": {"p2": "2.5"}, "packaging": {"breaks_into": [], "made_from": []},
 "images": [{"id": "i1", "url": "https://x/i.jpg", "version": 1, "sizes": {"ss": "https://x/s"}}],
 "skuImages": [{"id": "i2"}], "weight": "0.2", "weight_unit": "KG", "unheard_of": 1
}"""


def page(highest: int) -> Page[Product]:
    return Page([Product(id="p1")], Version(1, highest))


def test_a_product_is_read_whatever_its_spelling() -> None:
    product = decode(ANSWER, Product)
    assert product.sku == "10042"
    assert product.version == 4_300_000_001
    assert product.price_including_tax is None
    assert product.price_excluding_tax == Decimal("2.63158")
    assert product.supply_price == Decimal("1.5")
    assert product.brand == product.supplier == Link()
    assert product.type == CategoryLink(id="c1", name="Shirts")
    assert product.product_category
    assert product.product_category.leaf_category
    assert product.variant_options == [NamedValue(id="a1", name="Size", value="42")]
    assert product.categories == [Link(id="t1", name="Summer")]
    assert product.product_codes == [ProductCode(id="k1", type="custom", code="10042")]
    assert product.composite_bom == {"p2": Decimal("2.5")}
    assert product.packaging == Packaging(breaks_into=[], made_from=[])
    assert product.sku_images == [ShownImage(id="i2")]


def test_the_list_of_products_goes_on_by_version() -> None:
    following = ListProducts(deleted=True).following(page(7))
    assert following == ListProducts(after=7, deleted=True)


@pytest.mark.parametrize(
    "only", [ListProducts(sku="1"), ListProducts(name="Tee"), ListProducts(family_name="Tee")]
)
def test_a_list_of_products_by_name_or_sku_ends_with_its_first_page(only: ListProducts) -> None:
    assert only.following(page(7)) is None


def test_what_a_list_of_products_includes_is_written_with_brackets() -> None:
    wanted = ListProducts(includes=["composite_products"], include_images=False)
    assert wanted.request().path == (
        "/products?includes%5B%5D=composite_products&include_images=false"
    )


def test_a_new_family_goes_on_the_wire_with_exact_numbers() -> None:
    family = CreateProduct(
        name="Tee",
        product_codes=[CodeToSet(type="EAN", code="4006381333931")],
        price_excluding_tax=Decimal("2.63158"),
        weight=Decimal("0.20"),
        weight_unit="KG",
        product_suppliers=[SupplierToSet(supplier_id="s1", price=Decimal(1), code="T")],
        inventory=[OpeningStock(outlet_id="o1", current_amount=Decimal(3))],
        images=[ImageToAdd(type="url", location="https://x/i.jpg")],
        all_outlets_tax=NewTax(is_default=False, tax_id="x1"),
        tag_ids=[],
        variants=[
            NewVariant(
                sku="tee-s",
                variant_definitions=[VariantDefinition(attribute_id="a1", value="S")],
                outlet_taxes=[OutletTaxToSet(outlet_id="o1", tax_id="x1")],
            )
        ],
        composite=[Component(product_id="p2", quantity=Decimal(2))],
    )
    family.check()
    body = family.request().body or b""
    assert b'"price_excluding_tax":2.63158' in body
    assert msgspec.json.decode(body) == {
        "name": "Tee",
        "product_codes": [{"type": "EAN", "code": "4006381333931"}],
        "price_excluding_tax": 2.63158,
        "weight": 0.2,
        "weight_unit": "KG",
        "product_suppliers": [{"supplier_id": "s1", "price": 1, "code": "T"}],
        "inventory": [{"outlet_id": "o1", "current_amount": 3}],
        "images": [{"type": "url", "location": "https://x/i.jpg"}],
        "all_outlets_tax": {"is_default": False, "tax_id": "x1"},
        "tag_ids": [],
        "variants": [
            {
                "sku": "tee-s",
                "variant_definitions": [{"attribute_id": "a1", "value": "S"}],
                "outlet_taxes": [{"outlet_id": "o1", "tax_id": "x1"}],
            }
        ],
        "composite": [{"product_id": "p2", "quantity": 2}],
    }


def test_a_change_of_a_product_is_split_into_family_and_product() -> None:
    change = UpdateProduct(
        "p1",
        FamilyChange(brand_id="", tag_ids=[], variant_attributes=[VariantAttribute()]),
        ProductChange(
            price_including_tax=Decimal("9.90"),
            loyalty_amount=Decimal(-1),
            all_outlets_tax=TaxToSet(tax_id=""),
            variant_attribute_values=[AttributeValue(attribute_id="a1", attribute_value="S")],
            inventory=[StockToSet(outlet_id="o1", reorder_point=Decimal(5))],
            composite_components=[Component(product_id="p2", quantity=Decimal("1.5"))],
            packaging=[Breakdown(source_product_id="p1", amount=Decimal(6))],
        ),
    )
    change.check()
    sent = change.request()
    assert (sent.verb, sent.path) == ("PUT", "/products/p1")
    assert sent.body == (
        b'{"common":{"brand_id":"","tag_ids":[],"variant_attributes":[{}]},'
        b'"details":{"price_including_tax":9.90,"loyalty_amount":-1,'
        b'"all_outlets_tax":{"tax_id":""},'
        b'"variant_attribute_values":[{"attribute_id":"a1","attribute_value":"S"}],'
        b'"inventory":[{"outlet_id":"o1","reorder_point":5}],'
        b'"composite_components":[{"product_id":"p2","quantity":1.5}],'
        b'"packaging":[{"source_product_id":"p1","amount":6}]}}'
    )


def priced_twice(refused: CreateProduct | UpdateProduct) -> str:
    with pytest.raises(ValueError, match="must not be given together") as refusal:
        refused.check()
    return str(refusal.value)


def test_a_price_with_tax_beside_one_without_is_refused_wherever_it_stands() -> None:
    more, less = Decimal(2), Decimal(1)
    product = CreateProduct(name="Tee", price_including_tax=more, price_excluding_tax=less)
    assert priced_twice(product) == (
        "price_including_tax and price_excluding_tax must not be given together, but are 2 and 1."
    )
    variant = NewVariant(price_including_tax=more, price_excluding_tax=less)
    family = CreateProduct(name="Tee", variants=[NewVariant(), variant])
    assert priced_twice(family).startswith("variants[1].price_including_tax and variants[1].")
    change = ProductChange(price_including_tax=more, price_excluding_tax=less)
    refused = priced_twice(UpdateProduct("p1", details=change))
    assert refused.startswith("details.price_including_tax and details.")


@pytest.mark.parametrize(
    "wrong",
    [
        b'{"name":"Tee","price":1}',
        b'{"name":"Tee","product_codes":[{"type":"custom","code":"1"}]}',
        b'{"name":"Tee","variants":[' + b",".join([b"{}"] * 201) + b"]}",
        b'{"sku":"1"}',
    ],
)
def test_a_new_product_beyond_the_contract_is_refused(wrong: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(wrong, type=CreateProduct)


def test_deleting_a_product_may_be_repeated_but_changing_it_may_not() -> None:
    assert DeleteProduct.operation.repeatable
    assert not UpdateProduct.operation.repeatable
