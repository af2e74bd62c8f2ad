import msgspec
import pytest

from actions.errors import WrongSetting
from workers.settings import Settings, examined, read

WRONG = {
    "REDIS_URL": ["http://h.hunter2", "localhost", "redis://u:hunter2@h:port", "redis://[hunter2"],
    "PORT": ["hunter2", "-1", "65536", "80.5"],
    "PUBLIC_URL": ["hunter2", "ftp://hunter2", "https://", "https://h?hunter2", "https://h#x"],
    "LIGHTSPEED_CLIENT_SECRET": ["hunter2,a,b"],
    "INBOX_DAYS": ["hunter2", "-1", "366", "nan", "inf"],
    "OVERDUE_SECONDS": ["hunter2", "0", "-1", "604801", "nan", "inf"],
    "WEBHOOK_MAX_BYTES": ["hunter2", "1023", str((64 << 20) + 1)],
    "LOG_FORMAT": ["hunter2", "JSON"],
    "LOG_LEVEL": ["hunter2", "trace"],
}
PAIRS = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("name", "value"), PAIRS)
def test_a_wrong_value_names_its_variable_and_is_not_shown(name: str, value: str) -> None:
    with pytest.raises(WrongSetting) as raised:
        read({name: value})
    assert str(raised.value).startswith(f"{name} is ")
    assert "hunter2" not in str(raised.value)
    assert raised.value.exit_code == 2


def test_all_that_is_wrong_can_be_asked_for_and_the_rest_is_read() -> None:
    environ = {name: values[0] for name, values in WRONG.items()}
    settings, wrong = examined({**environ, "HOST": "10.0.0.1"})
    assert set(wrong) == set(WRONG)
    assert "hunter2" not in str(wrong)
    assert (settings.host, settings.port) == ("10.0.0.1", 8000)
    assert examined({"HOST": "10.0.0.1"}) == (read({"HOST": "10.0.0.1"}), {})


def test_nothing_is_needed_to_read_the_settings() -> None:
    settings = read({})
    assert settings == Settings()
    assert (settings.redis_url, settings.port) == ("redis://localhost:6379/0", 8000)
    assert (settings.inbox_days, settings.plugins) == (3, ())
    assert not settings.backroom_keys
    assert not settings.lightspeed_client_secret


def test_lists_are_written_with_commas() -> None:
    settings = read({"PLUGINS": "my_shop.ledger, my_shop.stock,", "PLUGINS_OFF": "acme"})
    assert settings.plugins == ("my_shop.ledger", "my_shop.stock")
    assert settings.plugins_off == ("acme",)


def test_secrets_are_read_and_not_shown() -> None:
    settings = read({"LIGHTSPEED_CLIENT_SECRET": "new, old", "BACKROOM_KEYS": "hunter2"})
    assert [one.reveal() for one in settings.lightspeed_client_secret] == ["new", "old"]
    assert "hunter2" not in repr(settings)
    assert "old" not in repr(settings)


@pytest.mark.parametrize(("days", "seconds"), [("0", 0), ("0.5", 43_200), ("365", 31_536_000)])
def test_inbox_days_may_be_parts_of_a_day(days: str, seconds: int) -> None:
    assert read({"INBOX_DAYS": days}).inbox_seconds == seconds


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"HOST": "10.0.0.1", "PORT": "80"}, "http://10.0.0.1:80"),
        ({"PUBLIC_URL": "https://hooks.example.nz/"}, "https://hooks.example.nz"),
        ({"PUBLIC_URL": "https://example.nz/backroom/"}, "https://example.nz/backroom"),
    ],
)
def test_the_base_url_is_the_public_one_or_else_host_and_port(
    environ: dict[str, str], url: str
) -> None:
    assert read(environ).base_url == url


@pytest.mark.parametrize("url", ["redis://h", "rediss://u:p@h:1/2", "unix:///tmp/redis.sock"])
def test_redis_may_be_reached_in_three_ways(url: str) -> None:
    assert read({"REDIS_URL": url}).redis_url == url


def test_settings_do_not_change() -> None:
    with pytest.raises(AttributeError):
        read({}).port = 1  # type: ignore[misc]


def test_every_setting_says_what_it_is_for() -> None:
    for field in msgspec.inspect.type_info(Settings).fields:  # type: ignore[attr-defined]
        description = (field.type.extra_json_schema or {}).get("description", "")
        assert description.endswith("."), field.name
