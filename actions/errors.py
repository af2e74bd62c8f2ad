"""What can go wrong, sorted by what one must do about it."""

from typing import ClassVar


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
