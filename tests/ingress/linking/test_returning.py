"""Return URLs: a browser is sent to what is on the list and to nothing that only looks like it."""

import pytest

from ingress.linking.returning import BadReturn, checked, returning
from workers.environment import load
from workers.settings import Settings

LISTED = ("https://app.example", "https://shop.example/back", "http://localhost:3000/done/")


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example",
        "https://app.example/",
        "https://app.example/done?tab=2&x=",
        "https://app.example:443/done",
        "https://APP.example/done",
        "https://shop.example/back",
        "https://shop.example/back/and/on",
        "https://shop.example/back?x=/../..",
        "http://localhost:3000/done",
        "http://localhost:3000/done/ok",
        "https://app.example/%E2%9C%93",
    ],
)
def test_what_is_on_the_list_is_taken_as_it_is(url: str) -> None:
    assert checked(url, LISTED) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/done",
        "//app.example/done",
        "app.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://app.example/",
        "http://app.example/",
        "HTTPS://app.example/",
        "https:///app.example",
        "https:app.example",
        "https://app.example.evil.example/",
        "https://app.exampl",
        "https://evil.example/https://app.example",
        "https://evil.example?https://app.example",
        "https://evil.example#https://app.example",
        "https://app.example@evil.example/",
        "https://app.example:x@evil.example/",
        "https://user@app.example/",
        "https://app.example\\@evil.example/",
        "https://evil.example\\app.example/",
        "https://app.example:444/",
        "https://app.example:99999/",
        "https://app.example:x/",
        "https://[app.example/",
        "https://app.example%2eevil.example/",
        "https://app.example%00.evil.example/",
        "https://app.example\r\nLocation: https://evil.example",
        "https://app.example/\tx",
        " https://app.example/",
        "https://app.example/ ",
        "https://app。example/",
        "https://\u0430pp.example/",
        "https://app.example/#fragment",
        "https://app.example/?status=linked",
        "https://app.example/?a=1&retailer=kowhai",
        "https://app.example/?reference",
        "https://shop.example",
        "https://shop.example/",
        "https://shop.example/backdoor",
        "https://shop.example/back/../admin",
        "https://shop.example/back/..",
        "https://shop.example/back/%2e%2e/admin",
        "https://shop.example/back/%252e%252e%252fadmin",
        "https://shop.example/back/..%2fadmin",
        "https://shop.example/back/%5c..%5cadmin",
        "https://shop.example/back/..;/admin",
        "https://localhost:3000/done",
        "http://localhost:3001/done",
        "http://localhost.evil.example:3000/done",
        "http://127.0.0.1:3000/done",
        "https://app.example/" + "x" * 2_000,
    ],
)
def test_what_is_not_on_it_or_can_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(BadReturn):
        checked(url, LISTED)


def test_without_a_list_nobody_is_sent_anywhere() -> None:
    with pytest.raises(BadReturn):
        checked("https://app.example/", ())


def test_what_came_of_it_is_added_and_cannot_add_more_than_that() -> None:
    told = returning("https://app.example/x?y=1", status="linked", reference="a&status=no#é")
    assert told == "https://app.example/x?y=1&status=linked&reference=a%26status%3Dno%23%C3%A9"
    assert returning("https://app.example", status="refused", retailer=None) == (
        "https://app.example?status=refused"
    )


@pytest.mark.parametrize(
    "text",
    ["http://app.example", "https://", "app.example", "https://a b", "https://u@app.example"],
)
def test_a_list_that_is_not_safe_stops_the_start(environ: dict[str, str], text: str) -> None:
    with pytest.raises(Exception, match="RETURN_URLS is wrong"):
        load(Settings, environ | {"RETURN_URLS": text})


def test_the_list_is_read_from_the_environment(environ: dict[str, str]) -> None:
    given = load(Settings, environ | {"RETURN_URLS": ",".join(LISTED)})
    assert given.return_urls == LISTED
