from datetime import UTC, datetime
from decimal import Decimal

from actions.lenient import decode
from actions.resources.users import SecondFactor, User, UserRole


def test_a_user_is_read_with_role_ids_as_numbers_and_without_permissions() -> None:
    user = decode(
        b"""{
        "id": "u-1", "username": "ada", "display_name": "Ada", "email": null,
        "account_type": "admin", "is_primary_user": true, "enabled": true,
        "roles": [{"id": 3, "name": "Admin", "system_role_id": 1}], "permissions": null,
        "rules": {}, "restricted_outlet_id": null, "restricted_outlet_ids": ["o-1"],
        "images": null, "image_source": "default", "target_daily": "100.5",
        "target_weekly": null, "target_monthly": 3000, "seen_at": "2026-07-27T10:03:38+00:00",
        "email_verified_at": null,
        "enabled_mfa": {"id": "m-1", "type": "otp", "created_at": "2026-07-27T10:03:38Z"},
        "switch_id": null, "require_password_change": false, "time_until_deletion": null,
        "created_at": "2026-07-27T10:03:38+00:00", "updated_at": "2026-07-27T10:03:38+00:00",
        "deleted_at": null, "version": 4312345678}""",
        User,
    )

    then = datetime(2026, 7, 27, 10, 3, 38, tzinfo=UTC)
    assert user == User(
        id="u-1",
        username="ada",
        display_name="Ada",
        account_type="admin",
        is_primary_user=True,
        enabled=True,
        roles=[UserRole(id="3", name="Admin", system_role_id="1")],
        rules={},
        restricted_outlet_ids=["o-1"],
        image_source="default",
        target_daily=Decimal("100.5"),
        target_monthly=Decimal(3000),
        seen_at=then,
        enabled_mfa=SecondFactor(id="m-1", type="otp", created_at=then),
        require_password_change=False,
        created_at=then,
        updated_at=then,
        version=4312345678,
    )


def test_a_user_shows_no_more_than_the_id() -> None:
    assert repr(User(id="u-1", email="ada@shop.example")) == "User(id='u-1')"
