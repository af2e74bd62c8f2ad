from datetime import UTC, datetime
from decimal import Decimal

from actions.action import Page
from actions.lenient import decode
from actions.resources.gift_cards import FindGiftCard, GiftCard, ListGiftCards


def page(*ids: str) -> Page[GiftCard]:
    return Page([GiftCard(id=one) for one in ids])


def test_gift_cards_are_walked_backwards_from_the_last_id() -> None:
    first = ListGiftCards(page_size=2, status="ACTIVE")
    second = first.following(page("9", "8"))
    assert isinstance(second, ListGiftCards)
    assert second.request().path == "/gift_cards?before=8&page_size=2&status=ACTIVE"
    assert second.following(page()) is None


def test_a_walk_of_gift_cards_ends_where_a_page_only_repeats_its_cursor() -> None:
    listing = ListGiftCards(before="8")
    assert listing.following(page("8")) is None
    assert listing.following(page("8", "7")) == ListGiftCards(before="7")


def test_a_gift_card_is_found_by_its_number_and_comes_bare() -> None:
    find = FindGiftCard("GC 1/2")
    assert find.request().path == "/gift_cards/GC%201%2F2"
    assert find.operation.answer == "bare"


def test_a_gift_cards_amounts_come_as_text_or_number() -> None:
    card = decode(
        b'{"id":"g-1","number":10001,"balance":"35.50","total_sold":"50.00",'
        b'"total_redeemed":-14.5,"status":"ACTIVE","sale_id":null,"sale_source":"x-series",'
        b'"created_at":"2017-05-24T01:53:25+00:00","expires_at":null,"gift_card_transactions":['
        b'{"id":"t-1","amount":"-14.50","type":"REDEEMING","client_id":null,"user_id":"u-1",'
        b'"source":null,"source_id":null,"created_at":"2017-05-24T01:53:25Z"},{}]}',
        GiftCard,
    )
    assert card.number == "10001"
    assert str(card.balance) == "35.50"
    assert card.total_redeemed == Decimal("-14.5")
    assert card.created_at == datetime(2017, 5, 24, 1, 53, 25, tzinfo=UTC)
    assert card.gift_card_transactions is not None
    redeemed, blank = card.gift_card_transactions
    assert redeemed.amount == Decimal("-14.50")
    assert redeemed.type == "REDEEMING"
    assert blank.id is None


def test_no_repr_shows_the_number_of_a_gift_card() -> None:
    assert repr(GiftCard(id="g-1", number="10001")) == "GiftCard(id='g-1')"
    assert "10001" not in repr(FindGiftCard("10001"))
    assert "10001" not in repr(ListGiftCards(card_number="10001"))
