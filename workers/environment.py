"""Environment variables → a Struct, or one sentence that names the variable."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.inspect import CollectionType, LiteralType, Metadata, Type, UnionType, type_info
from msgspec.structs import FieldInfo, fields

from actions.errors import WrongSetting
from actions.secret import Secret

S = TypeVar("S", bound=Struct)


def load(struct: type[S], environ: Mapping[str, str], prefix: str = "") -> S:
    """Read each field of `struct` from the variable of its name in capitals, after `prefix`.

    A list is written with commas. An empty variable counts as not set.

    Raises:
        WrongSetting: a variable lacks or does not fit; its value is never shown.
    """
    values, refused = _read(struct, environ, prefix)
    for first in refused.values():
        raise first
    try:
        return struct(**values)
    except (ValueError, TypeError):
        raise WrongSetting(
            f"The {prefix}… variables do not fit together: {_purpose(struct)} refuses them."
        ) from None


def wrong(
    struct: type[Struct], environ: Mapping[str, str], prefix: str = ""
) -> dict[str, WrongSetting]:
    """Return by variable all that `load` would refuse; what does not fit together is `…`."""
    _, refused = _read(struct, environ, prefix)
    if not refused:
        try:
            load(struct, environ, prefix)
        except WrongSetting as error:
            refused[f"{prefix}…"] = error
    return refused


def _read(
    struct: type[Struct], environ: Mapping[str, str], prefix: str
) -> tuple[dict[str, Any], dict[str, WrongSetting]]:
    """Return the fields that are set, and by variable what lacks or does not fit."""
    values: dict[str, Any] = {}
    refused: dict[str, WrongSetting] = {}
    for field in fields(struct):
        name = variable(field, prefix)
        text = environ.get(name, "").strip()
        if text:
            try:
                values[field.name] = _value(name, text, field.type)
            except WrongSetting as error:
                refused[name] = error
        elif field.required:
            refused[name] = WrongSetting(f"{name} is not set: {_purpose(struct)} needs it.")
    return values, refused


def variable(field: FieldInfo, prefix: str = "") -> str:
    """Return the environment variable that a field is read from."""
    return prefix + field.name.upper()


def _value(name: str, text: str, wanted: Any) -> Any:
    given: Any = text
    if _is_list(type_info(wanted)):
        given = [part.strip() for part in text.split(",") if part.strip()]
    try:
        return msgspec.convert(given, wanted, strict=False, dec_hook=_secret)
    except msgspec.ValidationError as error:
        raise WrongSetting(f"{name} is wrong: {_rule(error, wanted)}.") from None
    except NotImplementedError as error:
        raise WrongSetting(f"{name} cannot be read: {error}.") from None


def _rule(error: msgspec.ValidationError, wanted: Any) -> str:
    """Say the rule that was broken, without the value that broke it."""
    info = type_info(wanted)
    while isinstance(info, Metadata):
        info = info.type
    if isinstance(info, LiteralType):
        return f"it must be one of {', '.join(map(str, info.values))}"
    words = str(error).split(" - at")[0].split(" '")[0]
    return f"{words[0].lower()}{words[1:]}"


def _is_list(info: Type) -> bool:
    """Look through descriptions and `X | None` at X."""
    if isinstance(info, Metadata):
        return _is_list(info.type)
    if isinstance(info, UnionType):
        return any(map(_is_list, info.types))
    return isinstance(info, CollectionType)


def _secret(wanted: type, value: Any) -> Any:
    if wanted is Secret:
        return Secret(value)
    raise NotImplementedError(f"a setting cannot be a {wanted.__name__}")


def _purpose(struct: type[Struct]) -> str:
    return f"{struct.__module__}.{struct.__qualname__}"
