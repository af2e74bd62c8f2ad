import msgspec
import pytest

from actions.action import Page, Request
from actions.lenient import decode
from actions.resources.webhooks import CreateWebhook, DeleteWebhook, ListWebhooks, Webhook


def test_a_webhook_goes_on_the_wire_as_json() -> None:
    create = CreateWebhook(url="https://shop.example/hook", type="sale.update", active=True)

    assert create.request() == Request(
        "POST",
        "/webhooks",
        b'{"url":"https://shop.example/hook","type":"sale.update","active":true}',
    )


def test_a_webhook_is_deleted_by_its_id_and_answers_nothing() -> None:
    assert DeleteWebhook("w-1").request() == Request("DELETE", "/webhooks/w-1")
    assert DeleteWebhook.operation.answer == "nothing"


def test_a_webhook_is_read() -> None:
    webhook = decode(
        b"""{"id": "w-1", "retailer_id": "r-1", "user_id": null, "type": "sale.update",
        "url": "https://shop.example/hook", "active": 1}""",
        Webhook,
    )

    assert webhook == Webhook(
        id="w-1",
        retailer_id="r-1",
        type="sale.update",
        url="https://shop.example/hook",
        active=True,
    )


def test_webhooks_come_all_at_once() -> None:
    assert ListWebhooks().request().path == "/webhooks"
    assert ListWebhooks().following(Page([Webhook(id="w-1")])) is None


@pytest.mark.parametrize("wrong", [{"type": "sale.create"}, {"url": "ab"}])
def test_a_webhook_refuses_a_type_or_url_outside_the_contract(wrong: dict[str, str]) -> None:
    given = {"url": "https://shop.example/hook", "type": "sale.update", "active": True, **wrong}

    with pytest.raises(msgspec.ValidationError, match=next(iter(wrong))):
        msgspec.convert(given, CreateWebhook)
