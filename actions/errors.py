"""What can go wrong, sorted by what one must do about it."""

from typing import ClassVar

from actions import waits


class BackroomError(Exception):
    """Trouble that a person can mend; its message is one sentence that says how.

    The command line prints the message and leaves with `exit_code`; no traceback is shown.
    """

    exit_code: ClassVar[int] = 1


class WrongSetting(BackroomError):
    """A setting lacks or cannot be used. The message names the variable, never its value."""

    exit_code = 2


class DatabaseAway(BackroomError):
    """Redis did not answer, or answered that it cannot serve. Try again later."""


class NotConnected(BackroomError):
    """No connection is kept for that retailer."""


class CannotOpen(BackroomError):
    """Something sealed does not open with any of the keys given."""


class BadAction(BackroomError):
    """An action's parameters break a rule; nothing was sent. The message names the field."""

    exit_code = 2


class LightspeedError(BackroomError):
    """Lightspeed has not done what an action asked, or nobody knows whether it has."""

    def __init__(self, action: str, retailer: str, said: str) -> None:
        super().__init__(f"{action} for {retailer}: {said}")
        self.action = action
        """The action's name."""
        self.retailer = retailer


class ConnectionFailed(LightspeedError):
    """No answer, and nothing was changed that another try could double. Try again later."""

    exit_code = 3

    def __init__(self, action: str, retailer: str, said: str, *, unsent: bool = False) -> None:
        super().__init__(action, retailer, said)
        self.unsent = unsent
        """Nothing has left this machine."""


class ServerError(LightspeedError):
    """Lightspeed answered 5xx, and nothing was changed. Try again later."""

    exit_code = 3


class RateLimited(LightspeedError):
    """The retailer's budget is used up. Wait for `retry_after` seconds."""

    exit_code = 4

    def __init__(self, action: str, retailer: str, retry_after: float) -> None:
        opens = waits.until_anywhere(retry_after)
        super().__init__(action, retailer, f"the rate limit is reached; it opens in {opens}.")
        self.retry_after = retry_after
        """Seconds from now."""


class TryLater(LightspeedError):
    """Lightspeed has answered with errors only, so nothing was sent. Wait for `retry_after`."""

    exit_code = 3

    def __init__(self, action: str, retailer: str, retry_after: float) -> None:
        tried = waits.until_anywhere(retry_after)
        said = f"Lightspeed has an outage; nothing was sent. It is tried in {tried}."
        super().__init__(action, retailer, said)
        self.retry_after = retry_after
        """Seconds from now."""


class Unauthorized(LightspeedError):
    """The token is not accepted any more. The retailer must be linked again."""

    exit_code = 5


class MissingScope(LightspeedError):
    """The retailer has not granted a scope that the action needs."""

    exit_code = 5

    def __init__(self, action: str, retailer: str, scopes: tuple[str, ...], link: str = "") -> None:
        needed = " ".join(scopes) or "it needs"
        mend = f"open {link} to grant it" if link else "link the retailer again with it"
        said = f"the scope {needed} was not granted: declare it on the application, then {mend}."
        super().__init__(action, retailer, said)
        self.scopes = scopes


class NotFound(LightspeedError):
    """There is nothing of that id or number."""

    exit_code = 6


class Rejected(LightspeedError):
    """Lightspeed refuses what was sent; sending it again changes nothing."""

    exit_code = 7

    def __init__(
        self, action: str, retailer: str, said: str, fields: dict[str, list[str]] | None = None
    ) -> None:
        super().__init__(action, retailer, said)
        self.fields = fields or {}
        """What is wrong with which field, where Lightspeed says so."""


class Conflict(Rejected):
    """It is there already."""


class Unreadable(LightspeedError):
    """The answer says success, and is not what was promised."""

    exit_code = 8


class OutcomeUnknown(LightspeedError):
    """The answer to a write was lost: it may have been done. Look before sending it again."""

    exit_code = 9
