"""Rows of one kind, in the order of their versions, kept as the JSON that is sent."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Row(NamedTuple):
    """One object: its version, whether it is deleted, and its JSON in today's dated shape."""

    version: int
    deleted: bool
    text: bytes


def encode(value: Any) -> bytes:
    """Write JSON; a Decimal becomes a number, exactly."""
    return _encoder.encode(value)


def decode(text: bytes | str) -> Any:
    """Read JSON; a fraction becomes a Decimal, exactly."""
    return _decoder.decode(text)


class Table:
    """Objects by id. Text and not dicts, so that a hundred thousand products fit into memory."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._versions: list[int] = []
        self._ids: list[str] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row_id: object) -> bool:
        return row_id in self._rows

    def get(self, row_id: str, *, deleted: bool = True) -> dict[str, Any] | None:
        """Return a fresh copy of an object, or None."""
        row = self._rows.get(row_id)
        if row is None or (row.deleted and not deleted):
            return None
        found: dict[str, Any] = decode(row.text)
        return found

    def text(self, row_id: str) -> bytes | None:
        """Return an object's JSON as it is, or None."""
        row = self._rows.get(row_id)
        return row.text if row else None

    def put(self, row_id: str, data: dict[str, Any], version: int) -> None:
        """Keep an object under its new version; versions only rise, so the order is kept."""
        known = self._rows.get(row_id)
        if known is not None:
            self._forget(known.version)
        self._rows[row_id] = self._kept(row_id, data, version)
        at = bisect_left(self._versions, version)
        self._versions.insert(at, version)
        self._ids.insert(at, row_id)

    def _kept(self, _row_id: str, data: dict[str, Any], version: int) -> Row:
        """Return what is kept of an object; a kind with very many may keep less than its text."""
        return Row(version, data.get("deleted_at") is not None, encode(data))

    def remove(self, row_id: str) -> None:
        """Forget an object for good."""
        self._forget(self._rows.pop(row_id).version)

    def _forget(self, version: int) -> None:
        at = bisect_left(self._versions, version)
        del self._versions[at], self._ids[at]

    def ids(self, *, deleted: bool = False) -> list[str]:
        """Return ids in the order of versions."""
        return [row_id for row_id in self._ids if deleted or not self._rows[row_id].deleted]

    def all(self, *, deleted: bool = False) -> Iterator[dict[str, Any]]:
        """Yield a fresh copy of every object in the order of versions."""
        for row_id in self.ids(deleted=deleted):
            yield decode(self._rows[row_id].text)

    def page(
        self,
        size: int,
        *,
        after: int | None = None,
        before: int | None = None,
        deleted: bool = False,
        newest_first: bool = False,
    ) -> list[Row]:
        """Return up to `size` rows with a version above `after` and below `before`."""
        first = 0 if after is None else bisect_right(self._versions, after)
        last = len(self._ids) if before is None else bisect_left(self._versions, before)
        wanted: list[Row] = []
        span = range(last - 1, first - 1, -1) if newest_first else range(first, last)
        for index in span:
            row = self._rows[self._ids[index]]
            if deleted or not row.deleted:
                wanted.append(row)
                if len(wanted) == size:
                    break
        return wanted
