from datetime import UTC, datetime

import pytest

from workers import events
from workers.events import EVENT_TYPES, PING, SALE_UPDATE, WEBHOOK_TYPES, Event, Ping, SaleUpdate
from workers.samples import sample

SENT_BY_THE_VENDOR = [
    "product.update",
    "inventory.update",
    "sale.update",
    "customer.update",
    "consignment.send",
    "consignment.receive",
    "register_closure.create",
]


def test_there_are_the_vendors_seven_types_and_ping() -> None:
    assert list(WEBHOOK_TYPES) == SENT_BY_THE_VENDOR
    assert list(EVENT_TYPES) == [*SENT_BY_THE_VENDOR, "ping"]


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_a_types_constant_is_its_name_in_capitals(name: str) -> None:
    constant = name.upper().replace(".", "_")
    assert getattr(events, constant) is EVENT_TYPES[name]
    assert constant in events.__all__
    assert EVENT_TYPES[name].payload.__name__ in events.__all__
    assert EVENT_TYPES[name].fires


def test_each_type_has_a_payload_of_its_own() -> None:
    assert len({kind.payload for kind in EVENT_TYPES.values()}) == 8
    assert (SALE_UPDATE.payload, PING.payload) == (SaleUpdate, Ping)


@pytest.mark.parametrize("name", WEBHOOK_TYPES)
def test_each_type_has_a_sample(name: str) -> None:
    assert sample(name)["id"]


def made() -> Event[SaleUpdate]:
    return Event(
        id="e1",
        type=SALE_UPDATE,
        retailer="kowhai",
        received_at=datetime.now(UTC),
        read=lambda: SaleUpdate("s1", note="Mere's jacket"),
        read_raw=lambda: {"id": "s1", "note": "Mere's jacket"},
    )


def test_an_event_shows_nothing_of_its_payload() -> None:
    assert repr(made()) == "Event('e1', 'sale.update', 'kowhai')"


def test_an_event_came_by_webhook_and_does_not_change() -> None:
    assert made().source == "webhook"
    with pytest.raises(AttributeError):
        made().retailer = "torea"  # type: ignore[misc]
