"""Every environment variable of Backroom, once."""

import os
from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from actions.database import Database, place
from actions.errors import WrongSetting
from actions.secret import Secret
from actions.vendor import API_VERSION, AUTHORIZE_URL, ORIGIN
from workers.environment import load, wrong

_RETURN = r"^(https://[^/?#@\\\s]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(/[^?#@\\\s]*)?$"


class Settings(Struct, frozen=True, kw_only=True):
    """What the environment says. Each field is the variable of its name in capitals."""

    redis_url: Annotated[
        str,
        Meta(description="Where Redis is: `redis://`, `rediss://` or `unix://`."),
    ] = "redis://localhost:6379/0"
    host: Annotated[
        str,
        Meta(description="The address `web` listens on; `0.0.0.0` for every interface."),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=0, le=65535, description="The port `web` listens on; 0 takes a free one."),
    ] = 8000
    public_url: Annotated[
        str,
        Meta(
            pattern="^https?://[^/?#]+[^?#]*$",
            description="How Lightspeed reaches `web`, for the webhook URLs; else host and port.",
        ),
    ] = ""
    lightspeed_client_id: Annotated[
        str,
        Meta(description="The app's client id, from the developer portal; needed for OAuth."),
    ] = ""
    lightspeed_client_secret: Annotated[
        tuple[Secret, ...],
        Meta(
            max_length=2,
            description="The app's client secret; two, with a comma, during a rotation.",
        ),
    ] = ()
    lightspeed_api_version: Annotated[
        str,
        Meta(pattern=r"^\d{4}-\d{2}$", description="The dated version that actions are sent to."),
    ] = API_VERSION
    lightspeed_origin: Annotated[
        str,
        Meta(
            pattern=r"^https?://[^?#]*\{domain_prefix\}[^?#]*$",
            description="Where a store is; a simulator's is `http://localhost:8089/{domain_prefix}`.",
        ),
    ] = ORIGIN
    lightspeed_authorize_url: Annotated[
        str,
        Meta(pattern=r"^https?://", description="The page where a retailer consents."),
    ] = AUTHORIZE_URL
    return_urls: Annotated[
        tuple[Annotated[str, Meta(pattern=_RETURN)], ...],
        Meta(description="Where link sessions may send a browser back to: origins, with a path."),
    ] = ()
    backroom_keys: Annotated[
        tuple[Secret, ...],
        Meta(description="Keys from `backroom keys new`: the first seals, every one opens."),
    ] = ()
    plugins: Annotated[
        tuple[str, ...],
        Meta(description="Modules that hold plugins, beside the installed ones."),
    ] = ()
    plugins_off: Annotated[
        tuple[str, ...],
        Meta(description="Names of plugins to leave out; `*` for every installed one."),
    ] = ()
    inbox_days: Annotated[
        float,
        Meta(ge=0, le=365, description="Days that a handled delivery stays in the inbox."),
    ] = 3
    shutdown_seconds: Annotated[
        float,
        Meta(ge=0, le=3600, description="Seconds that running jobs may go on after SIGTERM."),
    ] = 20
    overdue_seconds: Annotated[
        float,
        Meta(
            gt=0,
            le=604_800,
            description="An event or a job that waits longer turns `/ready` and `doctor` red.",
        ),
    ] = 60
    webhook_max_bytes: Annotated[
        int,
        Meta(ge=1024, le=64 << 20, description="The largest webhook body that is taken."),
    ] = 1 << 20
    log_format: Annotated[
        Literal["auto", "console", "json"],
        Meta(description="`auto` is console on a terminal and JSON elsewhere."),
    ] = "auto"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="The least grave line that is logged."),
    ] = "info"

    @property
    def inbox_seconds(self) -> int:
        """How long a handled delivery is kept, in seconds."""
        return int(self.inbox_days * 86_400)

    @property
    def base_url(self) -> str:
        """The start of every URL that we hand out, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    Raises:
        WrongSetting: one of them cannot be used.
    """
    settings = load(Settings, environ)
    place(settings.redis_url)
    return settings


def examined(environ: Mapping[str, str]) -> tuple[Settings, dict[str, WrongSetting]]:
    """Read what can be read: what is wrong gets its default, and is returned by variable."""
    refused = wrong(Settings, environ)
    good = {name: text for name, text in environ.items() if name not in refused}
    settings = load(Settings, good)
    try:
        Database(settings.redis_url)
    except WrongSetting as error:
        refused["REDIS_URL"] = error
    return settings, refused
