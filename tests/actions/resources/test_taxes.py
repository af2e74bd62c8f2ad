from decimal import Decimal

from actions.action import Page
from actions.lenient import decode
from actions.resources.taxes import ListTaxes, Tax, TaxRate, TaxRule


def test_a_tax_is_read_with_its_rates_and_their_rules() -> None:
    tax = decode(
        b"""{
        "id": "t-1", "name": "GST", "display_name": "GST (15%)", "is_default": true,
        "deleted_at": null, "version": "42",
        "rates": [{"id": "tr-1", "name": "GST", "display_name": "GST", "rate": "0.15",
            "rules": [{"tax_code": "C1", "type": "threshold", "value": 100}]}]}""",
        Tax,
    )

    assert tax == Tax(
        id="t-1",
        name="GST",
        display_name="GST (15%)",
        is_default=True,
        version=42,
        rates=[
            TaxRate(
                id="tr-1",
                name="GST",
                display_name="GST",
                rate=Decimal("0.15"),
                rules=[TaxRule(tax_code="C1", type="threshold", value="100")],
            )
        ],
    )


def test_the_list_of_taxes_goes_on_by_their_own_versions_where_the_page_has_none() -> None:
    page = Page([Tax(id="t-1", version=5), Tax(id="t-2", version=9)])

    assert ListTaxes().following(page) == ListTaxes(after=9)
