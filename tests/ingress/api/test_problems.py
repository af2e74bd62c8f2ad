"""Each error that a call may end with has a status, words, and a time where one is known."""

import pytest

from actions import errors
from actions.errors import BackroomError
from actions.oauth import ApplicationRefused, TokensLater, TokensRefused, TokensUnanswered
from actions.tokens import NeedsRelink
from ingress.api.problems import Problem, answered, described

CALL = ("CreateBrand", "kowhai")
ERRORS: list[tuple[BackroomError, int, float | None]] = [
    (errors.BadAction("CreateBrand: name is missing."), 400, None),
    (errors.MissingScope(*CALL, ("products:write",)), 403, None),
    (errors.NotFound(*CALL, "there is nothing."), 404, None),
    (errors.Conflict(*CALL, "it is there."), 409, None),
    (errors.Unauthorized(*CALL, "link it again."), 409, None),
    (NeedsRelink("kowhai must be linked again."), 409, None),
    (errors.Rejected(*CALL, "refused.", {"name": ["is taken"]}), 422, None),
    (errors.RateLimited(*CALL, 12.34567), 429, 12.346),
    (errors.Unreadable(*CALL, "done, but unreadable."), 502, None),
    (TokensRefused("No."), 502, None),
    (ApplicationRefused("The secret is wrong."), 502, None),
    (errors.ServerError(*CALL, "Lightspeed answered 500."), 503, 5.0),
    (errors.ConnectionFailed(*CALL, "it cannot be reached."), 503, 5.0),
    (errors.TryLater(*CALL, 30.0), 503, 30.0),
    (TokensUnanswered("No answer.", sent=False), 503, 5.0),
    (TokensLater(7.0), 503, 7.0),
    (errors.DatabaseAway("Redis at redis://10.0.0.7 does not answer."), 503, 5.0),
    (errors.WrongSetting("PUBLIC_URL is not set."), 503, 5.0),
    (errors.OutcomeUnknown(*CALL, "look first."), 504, None),
    (Problem(415, "Send JSON."), 415, None),
]


@pytest.mark.parametrize(("error", "status", "after"), ERRORS, ids=lambda one: type(one).__name__)
def test_an_error_is_answered_by_what_one_must_do_about_it(
    error: BackroomError, status: int, after: float | None
) -> None:
    found = described(error)
    assert (found["status"], found.get("retry_after")) == (status, after)
    assert found.get("errors", {}) == getattr(error, "fields", {})
    assert "10.0.0.7" not in str(found)
    response = answered(error)
    header = response.headers.get("Retry-After")
    assert (header is None) == (after is None)
    assert header is None or int(header) >= (after or 0)
