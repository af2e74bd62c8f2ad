from decimal import Decimal

from actions.lenient import decode
from actions.resources.product_images import ProductImage, SetImagePosition


def test_an_image_is_read() -> None:
    image = decode(
        b'{"id":"i1","product_id":"p1","position":"2","status":"uploaded","version":"4300000001"}',
        ProductImage,
    )
    assert image == ProductImage(
        id="i1", product_id="p1", position=Decimal(2), status="uploaded", version=4_300_000_001
    )


def test_the_position_of_an_image_goes_into_the_body_and_may_be_set_twice() -> None:
    sent = SetImagePosition("i1", 2).request()
    assert (sent.verb, sent.path) == ("PUT", "/product_images/i1")
    assert sent.body == b'{"position":2}'
    assert SetImagePosition.operation.repeatable
