"""Finding the operation of a path: a tree of segments, so that many cost no more than one."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from actions.simulator.routing import DATED, Route, Trouble

UNVERSIONED: Final = "0.9"
"""The oldest generation: its paths carry no version."""
_QUARTER = re.compile(r"20\d\d-(01|04|07|10)")


class Found(NamedTuple):
    """An operation and the variable parts of the path it was found by."""

    route: Route
    path: dict[str, str]
    label: str
    """Method and path, for the ledger."""


class _Leaf(NamedTuple):
    route: Route
    names: tuple[str, ...]
    label: str


class Tree:
    """One segment of a path: the operations that end here, and what may follow."""

    def __init__(self) -> None:
        self.literal: dict[str, Tree] = {}
        self.variable: Tree | None = None
        self.leaves: dict[str, _Leaf] = {}

    def add(self, route: Route) -> None:
        """Add an operation.

        Raises:
            ValueError: there is one for that method and path.
        """
        node, names = self, []
        for part in route.path.strip("/").split("/"):
            if part.startswith("{"):
                names.append(part[1:-1])
                node.variable = node = node.variable or Tree()
            else:
                node = node.literal.setdefault(part, Tree())
        label = f"{route.method} {route.path}"
        if route.method in node.leaves:
            raise ValueError(f"{label} is there twice")
        node.leaves[route.method] = _Leaf(route, tuple(names), label)

    def find(self, segments: Sequence[str], method: str) -> Found | set[str]:
        """Find the operation, or the methods that the path has; fixed segments come first."""
        methods: set[str] = set()
        for node, values in self.ends(segments, 0, ()):
            leaf = node.leaves.get(method)
            if leaf is not None:
                return Found(leaf.route, dict(zip(leaf.names, values, strict=True)), leaf.label)
            methods |= set(node.leaves)
        return methods

    def ends(
        self, segments: Sequence[str], index: int, values: tuple[str, ...]
    ) -> Iterator[tuple["Tree", tuple[str, ...]]]:
        """Yield where a path can end, and its variable parts."""
        if index == len(segments):
            yield self, values
            return
        part = segments[index]
        fixed = self.literal.get(part)
        if fixed is not None:
            yield from fixed.ends(segments, index + 1, values)
        if self.variable is not None and part:
            yield from self.variable.ends(segments, index + 1, (*values, part))


class Trees:
    """One tree for each version."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._trees: dict[str, Tree] = {UNVERSIONED: Tree()}
        for route in routes:
            self.add(route)

    def add(self, route: Route) -> None:
        """Add an operation to the versions that have it."""
        for version in route.versions:
            self._trees.setdefault(version, Tree()).add(route)

    def version(self, text: str) -> str | None:
        """Return the version that answers: past its end, that is the oldest live one."""
        if text in self._trees:
            return text
        return DATED[0] if _QUARTER.fullmatch(text) and text < DATED[0] else None

    def find(self, version: str, segments: Sequence[str], method: str) -> Found | Trouble:
        """Find the operation in a version, or say what is wrong: 405 or 404."""
        found = self._trees[version].find(segments, method)
        if isinstance(found, Found):
            return found
        if found:
            return Trouble(405, {"error": f"method {method} not allowed"})
        return Trouble(404, {"error": f"/{'/'.join(segments)} not found"})
