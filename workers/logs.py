"""One log line per unit of work: console on a terminal, JSON elsewhere, foreign loggers too."""

import json
import logging
import sys
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from workers.settings import Settings

_FOREIGN_LEVELS = {
    "arq.worker": logging.WARNING,  # at INFO it prints job arguments
    "aiohttp.access": logging.WARNING,  # each delivery has its own canonical line
}


def set_up(settings: Settings, stream: TextIO = sys.stdout) -> None:
    """Send every logger's lines to `stream` in the same shape."""
    console = settings.log_format == "console" or (
        settings.log_format == "auto" and stream.isatty()
    )
    shape: Processor
    if console:
        shape = structlog.dev.ConsoleRenderer(timestamp_key="at", pad_event_to=22)
    else:
        shape = structlog.processors.JSONRenderer(_json)
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared = _shared("%H:%M:%S" if console else "iso")
    structlog.configure(
        processors=[*shared, _short_trace, shape],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    _adopt_foreign(stream, level, shared, shape)


def _shared(clock: str) -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(clock, key="at"),
    ]


def _adopt_foreign(stream: TextIO, level: int, shared: list[Processor], shape: Processor) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _short_trace,
                shape,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, floor in _FOREIGN_LEVELS.items():
        logging.getLogger(name).setLevel(max(level, floor))


def _short_trace(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
    """Put an exception's class and place in a line; its message may hold a shopper's data."""
    given = entry.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        entry["error"] = where(error)
        # asyncio puts the exception's words into the lines below the first.
        entry["event"] = str(entry.get("event", "")).partition("\n")[0]
    return entry


def where(error: BaseException) -> str:
    """Say an exception's class and the line that raised it, and nothing of its message."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{type(error).__name__} at {file}:{trace.tb_lineno}"


def _json(entry: EventDict, **_: Any) -> str:
    first = {key: entry.pop(key, None) for key in ("at", "level", "event")}
    try:
        return msgspec.json.encode({**first, **entry}, enc_hook=repr).decode()
    except (UnicodeEncodeError, msgspec.MsgspecError, ValueError, TypeError):
        return json.dumps({**first, **entry}, default=repr, skipkeys=True)
