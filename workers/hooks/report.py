"""What is said of one retailer's webhooks: as they were found, and what was done about it."""

import structlog
from msgspec import Struct

from actions.connections import Connection
from actions.errors import BackroomError
from workers.hooks.comparing import Compared, Foreign, Stale

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_HIDDEN = "…"


class Report(Struct, kw_only=True):
    """What became of one retailer's webhooks. No webhook key is in it."""

    retailer: str
    wanted: tuple[str, ...] = ()
    is_known: bool = False
    """Whether the store has said what it has."""
    present: list[str] = []
    """Event types that were registered and active already."""
    lacking: list[str] = []
    """Event types that are not registered, or of which it is not known."""
    stale: list[Stale] = []
    """Ours, and to go."""
    foreign: list[Foreign] = []
    """Not ours, so left alone."""
    created: list[str] = []
    deleted: list[Stale] = []
    problems: list[str] = []
    """What could not be done and why, in sentences."""
    causes: list[str] = []
    """The kinds of errors behind them, for logs."""

    @property
    def is_whole(self) -> bool:
        """Whether all is registered that is wanted, and nothing went wrong."""
        return not (self.lacking or self.problems)

    def log(self) -> None:
        """Write a line for what was done, and one for what could not be."""
        if self.created or self.deleted:
            created, deleted = self.created, len(self.deleted)
            log.info("webhooks.mended", retailer=self.retailer, created=created, deleted=deleted)
        if not self.is_whole:
            reason = self.causes
            log.warning(
                "webhooks.lacking", retailer=self.retailer, lacking=self.lacking, reason=reason
            )

    def found(self, compared: Compared) -> None:
        """Take note of what there is."""
        self.is_known = True
        self.present, self.lacking = compared.present, compared.lacking
        self.stale, self.foreign = compared.stale, compared.foreign

    def trouble(self, error: BackroomError, connection: Connection) -> None:
        """Take note of what went wrong; Lightspeed's words may quote the URL, and so its key."""
        said = str(error).replace(connection.webhook_key.reveal(), _HIDDEN)
        self.problems.append(said)
        self.causes.append(type(error).__name__)
