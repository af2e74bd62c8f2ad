"""A file is read as spreadsheets write it, and each row that breaks a rule is named."""

import io

import pytest

from workers.stock.problems import KEPT, Problems
from workers.stock.sheet import BadSheet, Row, Sheet, read


def sheet(*lines: str) -> Sheet:
    return read(io.StringIO("\n".join(lines), newline=""))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_cells_are_parted_as_the_header_is(mark: str) -> None:
    lines = ("sku,outlet,quantity,reason", " KW-1 ,Main, -2.5 ,DAMAGE")
    found = sheet(*(line.replace(",", mark) for line in lines))
    assert found.rows == [Row(2, "KW-1", "Main", "-2.5", "DAMAGE", "")]
    assert (found.by_sku, found.by_outlet, found.problems.count) == (True, True, 0)


def test_rows_are_numbered_as_a_spreadsheet_does() -> None:
    found = sheet(
        "outlet_id,product_id,quantity,reason,custom_reason",
        "",
        'A,"a product',
        'of two lines",1,STOCK_FOUND,',
        ",,,,",
        "A,B,1,CUSTOM,C",
    )
    assert [row.number for row in found.rows] == [3, 5]
    assert found.rows[1] == Row(5, "B", "A", "1", "CUSTOM", "C")
    assert (found.by_sku, found.by_outlet) == (False, False)


@pytest.mark.parametrize(
    ("line", "column", "rule"),
    [
        ("P,O,1", "-", "has 3 cells where the header has 5"),
        ("P,O,1,DAMAGE,,", "-", "has 6 cells"),
        (",O,1,STOCK_FOUND,", "product_id", "is empty"),
        ("P,,1,STOCK_FOUND,", "outlet_id", "is empty"),
        (f"{'P' * 37},O,1,STOCK_FOUND,", "product_id", "longer than 36"),
        (f"P,O,{'1' * 33},STOCK_FOUND,", "quantity", "longer than 32"),
        ("P,O,,STOCK_FOUND,", "quantity", "plain number"),
        ("P,O,1e3,STOCK_FOUND,", "quantity", "plain number"),
        ("P,O,-0.0,DAMAGE,", "quantity", "must not be zero"),
        ("P,O,1,damage,", "reason", "must be one of DAMAGE"),
        ("P,O,1,STOCK_FOUND,C", "custom_reason", "where the reason is CUSTOM"),
        (f"P,O,1,CUSTOM,{'C' * 37}", "custom_reason", "longer than 36"),
    ],
)
def test_a_cell_that_breaks_a_rule_is_named_each_time_it_comes(
    line: str, column: str, rule: str
) -> None:
    header, good = "product_id,outlet_id,quantity,reason,custom_reason", "P,O,1,STOCK_FOUND,"
    problems = sheet(header, good, line, good, line).problems
    first, second = problems.first(10)
    assert (first.row, second.row) == (3, 5)
    assert first.column == second.column == column
    assert rule in first.rule
    assert first.rule == second.rule


def test_an_open_quote_is_told() -> None:
    with pytest.raises(BadSheet, match="no CSV"):
        sheet("sku,outlet,quantity,reason", 'A,"B,1,DAMAGE')


def test_all_problems_are_counted_and_the_highest_rows_kept() -> None:
    problems = Problems()
    for row in range(5 * KEPT, 0, -1):
        problems.add(row, "sku", "is empty")
    assert problems.count == 5 * KEPT
    assert [one.row for one in problems.first(10 * KEPT)] == list(range(1, KEPT + 1))
