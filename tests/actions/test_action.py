"""How an action is declared, and how its parameters go on the wire."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Struct, UnsetType
from yarl import URL

from actions.action import (
    Action,
    BadDeclaration,
    Page,
    PageInfo,
    PathId,
    Unpaged,
    Version,
    Versioned,
    delete,
    get,
    post,
    put,
)

AUCKLAND = timezone(timedelta(hours=13))


class Moa(Struct):
    """A bird that is gone."""

    id: str
    version: int | None = None


@get("/birds/{bird_id}/eggs", scope="birds:read eggs:read", title="Get Eggs")
class GetEggs(Action[Moa]):
    """Read the eggs of a bird."""

    bird_id: PathId
    colours: list[str] | UnsetType = UNSET
    since: datetime | UnsetType = UNSET
    heavier: Decimal | UnsetType = UNSET
    hatched: bool | UnsetType = UNSET
    laid_by: str | UnsetType | None = UNSET


@put("/birds/{bird_id}", scope="birds:write", title="Update Bird", repeatable=True)
class UpdateBird(Action[str]):
    """Change a bird."""

    bird_id: PathId
    name: str | UnsetType | None = UNSET
    weight: Decimal | UnsetType = UNSET
    seen: datetime | UnsetType = UNSET
    kind: str | UnsetType = msgspec.field(name="_kind", default=UNSET)


@get("/birds", scope="birds:read", title="List Birds")
class ListBirds(Versioned[Moa]):
    """List birds."""


@get("/nests", scope="birds:read", title="List Nests", answer="bare")
class ListNests(Unpaged[Moa]):
    """List nests."""


@pytest.mark.parametrize(
    ("declare", "doc", "said"),
    [
        (get("/x", scope="x:read", title="X"), None, "has no docstring"),
        (get("/x", scope="x:read", title="X"), "", "has no docstring"),
        (get("/x/{id}", scope="x:read", title="X"), "X.", "has a path parameter that is no field"),
        (post("/x", scope=" ", title="X"), "X.", "names no scope"),
        (delete("x", scope="x:write", title="X"), "X.", "does not begin with /"),
    ],
)
def test_a_wrong_declaration_is_refused_at_import(declare: Any, doc: str | None, said: str) -> None:
    with pytest.raises(BadDeclaration, match=rf"^Wrong .*{said}\.$"):

        @declare
        class Wrong(Action[str]):
            __doc__ = doc


def test_a_declaration_knows_verb_scopes_answer_and_parameters() -> None:
    operation = GetEggs.operation
    assert (operation.name, operation.title) == ("GetEggs", "Get Eggs")
    assert (operation.verb, operation.path) == ("GET", "/birds/{bird_id}/eggs")
    assert operation.scopes == GetEggs("a").needs() == ("birds:read", "eggs:read")
    assert operation.in_path == {"bird_id"}
    assert [one.name for one in operation.parameters][:2] == ["bird_id", "colours"]
    assert operation.result is Moa
    assert operation.row is None
    assert not operation.is_paged


def test_a_read_and_a_delete_may_be_repeated_and_a_write_only_when_it_says_so() -> None:
    @post("/x", scope="x:write", title="X")
    class Create(Action[str]):
        """Create."""

    @post("/y", scope="x:read", title="Y", reads=True)
    class Search(Action[str]):
        """Search."""

    @delete("/x", scope="x:write", title="X")
    class Remove(Action[None]):
        """Remove."""

    flags = {
        kind.__name__: (kind.operation.reads, kind.operation.repeatable)
        for kind in (GetEggs, UpdateBird, Create, Search, Remove)
    }
    assert flags == {
        "GetEggs": (True, True),
        "UpdateBird": (False, True),
        "Create": (False, False),
        "Search": (True, True),
        "Remove": (False, True),
    }
    assert Remove.operation.answer == "nothing"


def test_what_is_unset_is_left_out_and_none_is_sent_in_a_body_only() -> None:
    assert GetEggs("a", laid_by=None).request().path == "/birds/a/eggs"
    assert UpdateBird("a").request().body == b"{}"
    assert UpdateBird("a", name=None).request().body == b'{"name":null}'


def test_a_field_goes_by_its_name_on_the_wire() -> None:
    assert UpdateBird("a", kind="b").request().body == b'{"_kind":"b"}'


def test_a_query_is_written_as_the_vendor_reads_it() -> None:
    eggs = GetEggs(
        "a",
        colours=["green", "a&b=ü"],
        since=datetime(2026, 10, 24, 1, 30, 15, 999, AUCKLAND),
        heavier=Decimal("1E+3"),
        hatched=False,
    )
    query = urlsplit(eggs.request().path).query
    assert query.startswith("colours%5B%5D=green&colours%5B%5D=a%26b%3D%C3%BC&")
    assert parse_qsl(query)[2:] == [
        ("since", "2026-10-23T12:30:15Z"),
        ("heavier", "1000"),
        ("hatched", "false"),
    ]
    assert GetEggs("a", colours=[]).request().path == "/birds/a/eggs"


def test_a_body_holds_exact_numbers_and_times_with_their_zone() -> None:
    bird = UpdateBird("a", weight=Decimal("2.6315800"), seen=datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert bird.request().body == b'{"weight":2.6315800,"seen":"2026-10-24T12:00:00Z"}'
    assert bird.request().path == "/birds/a"


@pytest.mark.parametrize(
    ("bird_id", "path"),
    [
        ("a/b", "/birds/a%2Fb"),
        ("a?b#c", "/birds/a%3Fb%23c"),
        ("a%2Fb", "/birds/a%252Fb"),
        ("ü 鳥", "/birds/%C3%BC%20%E9%B3%A5"),
        ("../x", "/birds/..%2Fx"),
        ("a\r\nHost: b", "/birds/a%0D%0AHost%3A%20b"),
    ],
)
def test_an_id_cannot_leave_its_place_in_the_path(bird_id: str, path: str) -> None:
    assert UpdateBird(bird_id).request().path == path


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_id_is_one_segment_of_the_path_and_comes_out_as_it_was(bird_id: str) -> None:
    path = URL(f"https://x{UpdateBird(bird_id).request().path}", encoded=True).raw_path
    assert path.isascii()
    assert path.count("/") == 2
    assert unquote(path.removeprefix("/birds/")) == bird_id


@pytest.mark.parametrize(
    ("page", "after"),
    [
        (Page([Moa("a")], Version(1, 7)), 7),
        (Page([Moa("a", 3), Moa("b", 9)]), 9),
        (Page([Moa("a", 3)], Version()), 3),
        (Page([], Version()), None),
        (Page([Moa("a")]), None),
        (Page([Moa("a")], Version(1, 2)), None),
    ],
)
def test_a_list_by_version_goes_on_above_the_highest_while_that_rises(
    page: Page[Moa], after: int | None
) -> None:
    following = ListBirds(after=2, page_size=5).following(page)
    assert following == (None if after is None else ListBirds(after=after, page_size=5))


def test_a_list_that_comes_whole_does_not_go_on() -> None:
    assert ListNests().following(Page([Moa("a")], page_info=PageInfo(has_next=True))) is None
    assert ListNests.operation.row is Moa
    assert ListNests.operation.is_paged
