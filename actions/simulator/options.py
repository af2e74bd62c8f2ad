"""What a simulator is started with, and what is wrong with it, in one sentence."""

import random
import re
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from actions.simulator.faults import parse
from actions.simulator.resources.webhooks import TYPES
from actions.simulator.scopes import SCOPES
from actions.simulator.switches import Switches

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TAKEN: Final = {"api", "connect", "secure"}
"""They mean something else in the place where a store's name stands."""
_Port = Annotated[int, Meta(ge=0, le=65535)]


class Options(Struct, frozen=True, kw_only=True):
    """How many stores of what size, how time passes, and what goes wrong."""

    retailers: Annotated[tuple[str, ...], Meta(min_length=1)] = ("kowhai",)
    registers: Annotated[int, Meta(ge=1)] = 2
    products: Annotated[int, Meta(ge=0)] = 300
    seed: int = 1
    speed: Annotated[float, Meta(ge=0)] = 0
    """Sales a minute that the tills of each store make by themselves."""
    time_scale: Annotated[float, Meta(gt=0)] = 1
    faults: tuple[str, ...] = ()
    """As on the command line: `lost-answer:0.05`, `5xx:1:/sales*`."""
    switches: dict[str, Any] = {}
    client_id: str = ""
    """The application that may ask for consent; made from the seed when empty."""
    client_secret: str = ""
    personal_token: str = ""
    """A token that each store knows, besides those it makes itself."""
    webhooks: tuple[str, ...] = ()
    """`sale.update=http://…`: what the application has subscribed to at the first store."""
    redirect_uris: tuple[str, ...] = ()
    """What the application has registered; when empty, any address on this machine."""
    scopes: tuple[str, ...] = ()
    """Declared on the application, and given to personal tokens; all when empty."""
    dropped_scopes: tuple[str, ...] = ()
    """Asked for, consented to and yet not granted."""
    token_seconds: Annotated[int, Meta(ge=1)] = 86_400
    answer_seconds: Annotated[float, Meta(gt=0)] = 5.0
    """A webhook's receiver has so long: real seconds, since it does not live in our time."""
    host: str = "127.0.0.1"
    port: _Port = 0
    control_port: _Port = 0


def checked(options: Options) -> Options:
    """Return the options with what they leave open filled in.

    Raises:
        ValueError: one of them cannot be used; the message is a sentence.
    """
    try:
        msgspec.convert(msgspec.structs.asdict(options), Options)
        Switches().change(options.switches)
    except msgspec.ValidationError as error:
        raise ValueError(f"{error}.") from None
    for prefix in options.retailers:
        if not _LABEL.fullmatch(prefix) or prefix in _TAKEN:
            raise ValueError(f"{prefix!r} cannot be the name of a store: use a to z, 0 to 9 and -.")
    if len(set(options.retailers)) < len(options.retailers):
        raise ValueError("Two stores cannot have one name.")
    _parsed(options)
    for scope in (*options.scopes, *options.dropped_scopes):
        if scope not in SCOPES:
            raise ValueError(f"There is no scope {scope}.")
    made = random.Random(f"application {options.seed}")  # noqa: S311 - the same at each start
    return msgspec.structs.replace(
        options,
        client_id=options.client_id or f"{made.getrandbits(128):032x}",
        client_secret=options.client_secret or f"{made.getrandbits(128):032x}",
    )


def _parsed(options: Options) -> None:
    for text in options.faults:
        parse(text)
    for text in options.webhooks:
        subscription(text)


def subscription(text: str) -> tuple[str, str]:
    """Take `TYPE=URL` apart.

    Raises:
        ValueError: it is no such thing.
    """
    kind, _, url = text.partition("=")
    if kind not in TYPES or not url.startswith(("http://", "https://")):
        raise ValueError(f"{text!r} is no webhook: write TYPE=URL; types are {', '.join(TYPES)}.")
    return kind, url
