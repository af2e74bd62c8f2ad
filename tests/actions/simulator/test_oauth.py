import pytest

from tests.actions.simulator.conftest import CALLBACK, STATE, Browser, Start

ASKED = {
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "state": STATE,
    "scope": "products:read webhooks",
}


async def test_the_page_asks_on_the_origin_and_on_the_stores_host(kowhai: Browser) -> None:
    query = ASKED | {"client_id": kowhai.simulator.options.client_id, "state": 'q"<script>x'}
    for url, asks in ((kowhai.simulator.origin, True), (kowhai.url, False)):
        async with kowhai.session.get(f"{url}/connect", params=query) as answer:
            page = await answer.text()
        assert answer.status == 200
        assert answer.content_type == "text/html"
        assert ('name="domain_prefix"' in page) is asks
        assert "<li>products:read</li>" in page
        assert "<script>" not in page


async def test_consent_on_the_origin_names_the_store(kowhai: Browser) -> None:
    form = ASKED | {"client_id": kowhai.simulator.options.client_id, "decision": "allow"}
    url = f"{kowhai.simulator.origin}/connect"
    for prefix, status in (("kowhai", 302), ("nobody", 400)):
        form["domain_prefix"] = prefix
        async with kowhai.session.post(url, data=form, allow_redirects=False) as answer:
            assert answer.status == status


async def test_consent_leads_back_with_a_code(kowhai: Browser) -> None:
    given = await kowhai.consent()
    assert len(given.pop("code")) == 32
    assert given == {"domain_prefix": "kowhai", "state": STATE, "scope": ASKED["scope"]}


async def test_refusal_leads_back_with_access_denied(kowhai: Browser) -> None:
    assert await kowhai.consent("refuse") == {"error": "access_denied"}
    await kowhai.control("POST", "/switches", {"state_on_refusal": True})
    assert await kowhai.consent("refuse") == {"error": "access_denied", "state": STATE}


@pytest.mark.parametrize("scope", ["", "everything", "products:read everything"])
async def test_scopes_that_are_missing_or_unknown_are_denied(kowhai: Browser, scope: str) -> None:
    assert await kowhai.consent(scope=scope) == {"error": "access_denied"}


async def test_only_declared_scopes_can_be_asked_for(start: Start) -> None:
    kowhai = await start(scopes=("products:read", "webhooks"))
    assert "code" in await kowhai.consent()
    assert await kowhai.consent(scope="sales:read") == {"error": "access_denied"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "another"},
        {"state": "short"},
        {"response_type": "token"},
        {"redirect_uri": "http://evil.example/oauth/callback"},
        {"redirect_uri": "http://[evil"},
    ],
)
async def test_what_may_be_forged_is_never_redirected(
    kowhai: Browser, wrong: dict[str, str]
) -> None:
    form = ASKED | {"client_id": kowhai.simulator.options.client_id} | wrong
    for method in ("GET", "POST"):
        got = await kowhai.call(method, "/connect", params=form, data=form)
        assert got.status == 400
        assert "Location" not in got.headers


async def test_a_redirect_must_equal_a_registered_one(start: Start) -> None:
    kowhai = await start(redirect_uris=("https://app.example/back?x=1",))
    given = await kowhai.consent(redirect_uri="https://app.example/back?x=1")
    assert given["x"] == "1"
    with pytest.raises(AssertionError):
        await kowhai.consent(redirect_uri="https://app.example/back")


async def test_a_code_becomes_tokens_that_open_the_store(kowhai: Browser) -> None:
    got = await kowhai.tokens(code=(await kowhai.consent())["code"])
    pair = got.json
    assert got.status == 200
    assert {name: pair[name] for name in ("token_type", "expires_in", "domain_prefix")} == {
        "token_type": "Bearer",
        "expires_in": 86_400,
        "domain_prefix": "kowhai",
    }
    assert pair["scope"] == ASKED["scope"]
    assert abs(pair["expires"] - kowhai.simulator.stage.clock.now() - 86_400) < 60
    assert (await kowhai.call("GET", "/brands", token=pair["access_token"])).status == 200
    assert (await kowhai.call("GET", "/sales", token=pair["access_token"])).status == 403


async def test_a_code_works_once(kowhai: Browser) -> None:
    code = (await kowhai.consent())["code"]
    assert [(await kowhai.tokens(code=code)).status for _ in range(2)] == [200, 400]


async def test_a_code_lives_ten_minutes(kowhai: Browser) -> None:
    for advance, status in ((595, 200), (601, 400)):
        code = (await kowhai.consent())["code"]
        await kowhai.control("POST", "/clock", {"advance": advance})
        assert (await kowhai.tokens(code=code)).status == status


async def test_a_code_is_bound_to_store_and_redirect(start: Start) -> None:
    kowhai = await start(retailers=("kowhai", "rimu"))
    rimu = Browser(kowhai.session, kowhai.simulator, "rimu")
    code = (await kowhai.consent())["code"]
    assert (await rimu.tokens(code=code)).json["error"] == "invalid_grant"
    code = (await kowhai.consent())["code"]
    other = await kowhai.tokens(code=code, redirect_uri=CALLBACK + "/other")
    assert other.json["error"] == "invalid_grant"


async def test_a_refresh_ends_the_old_pair_at_once(kowhai: Browser) -> None:
    old = await kowhai.granted()
    new = (await kowhai.tokens(refresh_token=old["refresh_token"])).json
    assert new["scope"] == old["scope"]
    statuses = [
        (await kowhai.call("GET", "/brands", token=pair["access_token"])).status
        for pair in (old, new)
    ]
    assert statuses == [401, 200]
    again = await kowhai.tokens(refresh_token=old["refresh_token"])
    assert (again.status, again.json) == (
        400,
        {"error": "invalid_grant", "error_description": "The refresh token is invalid."},
    )
    assert (await kowhai.tokens(refresh_token=new["refresh_token"])).status == 200


async def test_an_access_token_ends_after_a_day_and_its_refresh_token_does_not(
    kowhai: Browser,
) -> None:
    pair = await kowhai.granted()
    await kowhai.control("POST", "/clock", {"advance": 86_401})
    assert (await kowhai.call("GET", "/brands", token=pair["access_token"])).status == 401
    assert (await kowhai.tokens(refresh_token=pair["refresh_token"])).status == 200


async def test_how_long_tokens_live_can_be_set(start: Start) -> None:
    kowhai = await start(token_seconds=604_800)
    assert (await kowhai.granted())["expires_in"] == 604_800


async def test_scopes_can_be_dropped(start: Start) -> None:
    kowhai = await start(dropped_scopes=("products:read",))
    pair = await kowhai.granted("products:read webhooks")
    assert pair["scope"] == "webhooks"
    assert (await kowhai.call("GET", "/brands", token=pair["access_token"])).status == 403


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code": "x", "client_secret": "wrong"}, 401, "invalid_client"),
        ({"code": "x", "client_id": "wrong"}, 401, "invalid_client"),
        ({"code": "x"}, 400, "invalid_grant"),
        ({"refresh_token": "x"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "unsupported_grant_type"),
    ],
)
async def test_the_token_endpoint_says_what_is_wrong(
    kowhai: Browser, changes: dict[str, str], status: int, error: str
) -> None:
    got = await kowhai.tokens(**changes)
    assert (got.status, got.json["error"]) == (status, error)
    assert got.json["error_description"]


async def test_the_token_endpoint_takes_a_form_and_nothing_else(kowhai: Browser) -> None:
    options = kowhai.simulator.options
    fields = {
        "grant_type": "authorization_code",
        "code": (await kowhai.consent())["code"],
        "client_id": options.client_id,
        "client_secret": options.client_secret,
        "redirect_uri": CALLBACK,
    }
    for got in (
        await kowhai.call("POST", "/api/1.0/token", json=fields),
        await kowhai.call("POST", "/api/1.0/token", params=fields),
    ):
        assert (got.status, got.json["error"]) == (400, "invalid_request")
    assert (await kowhai.call("GET", "/api/1.0/token", params=fields)).status == 405


async def test_the_token_endpoint_has_its_own_limit(kowhai: Browser) -> None:
    got = [await kowhai.tokens(code="x") for _ in range(11)]
    assert [one.status for one in got] == [400] * 10 + [429]
    assert [one.headers["X-RateLimit-Remaining"] for one in got[8:]] == ["1", "0", "0"]
    assert got[0].headers["X-RateLimit-Limit"] == "10"
    reset = int(got[-1].headers["X-RateLimit-Reset"])
    left = reset - kowhai.simulator.stage.clock.now()
    assert 0 < left <= 61
    await kowhai.control("POST", "/clock", {"advance": left})
    assert (await kowhai.tokens(code="x")).status == 400


async def test_a_store_can_uninstall_its_applications(kowhai: Browser) -> None:
    pair = await kowhai.granted()
    assert await kowhai.control("POST", "/revoke", {"retailer": "kowhai"}) == {"ended": 1}
    assert (await kowhai.call("GET", "/brands", token=pair["access_token"])).status == 401
    assert (await kowhai.tokens(refresh_token=pair["refresh_token"])).status == 400
    assert (await kowhai.call("GET", "/brands")).status == 200
