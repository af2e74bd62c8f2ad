"""Users: the people who work in the store."""

from typing import Any

from msgspec import Struct

from actions.action import Action, PathId, Versioned, get
from actions.discreet import Discreet
from actions.lenient import Id, Number, Text, UtcTime


class UserRole(Struct, kw_only=True):
    """A role of a user; the vendor sends its ids as numbers too."""

    id: Text | None = None
    name: Text | None = None
    system_role_id: Text | None = None


class SecondFactor(Struct, kw_only=True):
    """How a user proves who they are beside the password."""

    id: Text | None = None
    type: Text | None = None
    """otp."""
    created_at: UtcTime | None = None


class User(Discreet, kw_only=True):
    """A user (vendor: OpenAPI 2026-07, users)."""

    id: Id
    username: Text | None = None
    display_name: Text | None = None
    email: Text | None = None
    account_type: Text | None = None
    """cashier, manager or admin."""
    is_primary_user: bool | None = None
    enabled: bool | None = None
    roles: list[UserRole] | None = None
    permissions: list[Text] | None = None
    """None in lists."""
    rules: dict[str, Any] | None = None
    restricted_outlet_id: Text | None = None
    """Deprecated by the vendor: see `restricted_outlet_ids`."""
    restricted_outlet_ids: list[Text] | None = None
    images: dict[str, Any] | None = None
    image_source: Text | None = None
    target_daily: Number | None = None
    target_weekly: Number | None = None
    target_monthly: Number | None = None
    seen_at: UtcTime | None = None
    email_verified_at: UtcTime | None = None
    enabled_mfa: SecondFactor | None = None
    switch_id: Text | None = None
    require_password_change: bool | None = None
    time_until_deletion: Text | None = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    deleted_at: UtcTime | None = None
    version: int | None = None


@get("/users", scope="users:read", title="List Users")
class ListUsers(Versioned[User]):
    """List users, oldest change first."""


@get("/users/{user_id}", scope="users:read", title="Get A Single User")
class GetUser(Action[User]):
    """Read one user."""

    user_id: PathId
