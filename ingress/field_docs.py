"""What the source says of each field: the text that stands under it."""

import ast
import inspect
import re
import sys
import threading
import typing
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from msgspec import Struct
from msgspec import inspect as types

_PARSING: Final = threading.Lock()
"""Python 3.11 raises SystemError where two threads do it at once (python/cpython#106905)."""
_NONE: Final = re.compile(r"\bNone\b")


def outside(text: str) -> str:
    """Return what a docstring says, in the words of those who see JSON."""
    return _NONE.sub("null", inspect.cleandoc(text))


def fields_told(kinds: Iterable[Any]) -> dict[str, dict[str, str]]:
    """Return what is said of the fields of every Struct within these types.

    By the Struct's name, and by its name with its module's, as msgspec tells two of one name apart.
    """
    found: dict[str, dict[str, str]] = {}
    for kind in _structs(types.multi_type_info(kinds)):
        said: dict[str, str] = {}
        for one in reversed(kind.__mro__):
            said |= _told(one.__module__).get(one.__qualname__, {})
        found[kind.__name__] = found[f"{kind.__module__}.{kind.__qualname__}"] = said
    return found


def _structs(infos: Iterable[Any]) -> Iterator[type[Struct]]:
    """Yield every Struct in some types, each once."""
    seen: set[type[Struct]] = set()
    left = list(infos)
    while left:
        info = left.pop()
        if isinstance(info, types.StructType):
            kind = typing.get_origin(info.cls) or info.cls
            if kind in seen:
                continue
            seen.add(kind)
            yield kind
            left += [field.type for field in info.fields]
        elif isinstance(info, types.UnionType):
            left += info.types
        elif isinstance(info, types.Metadata):
            left.append(info.type)
        elif isinstance(info, types.ListType | types.VarTupleType):
            left.append(info.item_type)
        elif isinstance(info, types.DictType):
            left.append(info.value_type)


@cache
def _told(module: str) -> dict[str, dict[str, str]]:
    """Return what a module says of its classes' fields; nothing where its source is not there."""
    if not module.startswith(("actions.", "ingress.", "workers.")):
        return {}
    try:
        with _PARSING:
            tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, KeyError):
        return {}
    return {node.name: dict(_pairs(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _pairs(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, after in zip(node.body, node.body[1:], strict=False):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            yield field.target.id, outside(str(after.value.value))
