"""Faults of the environment and of plugins: each has one line that says its cause and its mend."""

import pytest

from tests.end_to_end.doctor.conftest import HIDDEN, Patient, names

DEFAULT = "Set it right, or remove it: its default is "
FAR = {"LIGHTSPEED_ORIGIN": "https://{domain_prefix}.invalid"}
"""A store out in the internet, where none of the tests goes."""
CHANGE = "Mend it, or change PLUGINS or PLUGINS_OFF."


FAULTS: dict[str, tuple[dict[str, str], str, str]] = {
    "a port that is no number": (
        {"PORT": HIDDEN},
        "wrong settings PORT is wrong: expected `int`, got `str`.",
        DEFAULT + "8000.",
    ),
    "a bound of nothing": (
        {"OVERDUE_SECONDS": "0"},
        "wrong settings OVERDUE_SECONDS is wrong: expected `float` > 0.0.",
        DEFAULT + "60.",
    ),
    "a level that does not exist": (
        {"LOG_LEVEL": HIDDEN},
        "wrong settings LOG_LEVEL is wrong: it must be one of debug, error, info, warning.",
        DEFAULT + "info.",
    ),
    "a public URL without a scheme": (
        {"PUBLIC_URL": HIDDEN},
        "wrong settings PUBLIC_URL is wrong: expected `str` matching regex",
        DEFAULT + "none.",
    ),
    "three client secrets": (
        {"LIGHTSPEED_CLIENT_SECRET": f"a,b,{HIDDEN}"},
        "wrong settings LIGHTSPEED_CLIENT_SECRET is wrong: expected `array` of length <= 2.",
        DEFAULT + "none.",
    ),
    "no keys": (
        {"BACKROOM_KEYS": ""},
        "wrong settings BACKROOM_KEYS is not set: ",
        "make a key with `backroom keys new` and give the same one to every process.",
    ),
    "a key that is none": (
        {"BACKROOM_KEYS": HIDDEN},
        "wrong settings BACKROOM_KEYS holds a key that is not 32 bytes in base64: ",
        "make one with `backroom keys new`.",
    ),
    "a Redis URL that is none": (
        {"REDIS_URL": f"http://{HIDDEN}"},
        "wrong settings REDIS_URL is no Redis address: ",
        "write redis://host:6379/0, rediss:// or unix:///path.",
    ),
    "an unknown option of Redis": (
        {"REDIS_URL": f"redis://localhost?{HIDDEN}=1"},
        "wrong settings REDIS_URL has an option behind its `?` that is wrong.",
        DEFAULT + "redis://localhost:6379/0.",
    ),
    "a Redis that is not there": (
        {"REDIS_URL": f"redis://:{HIDDEN}@127.0.0.1:1/0"},
        "wrong redis No Redis answers at 127.0.0.1:1: ",
        "start one there, or set REDIS_URL to where it is.",
    ),
    "a plugin that is not there": (
        {"PLUGINS": "till,not_there"},
        "wrong plugins PLUGINS names not_there, which cannot be imported: ModuleNotFoundError: ",
        CHANGE,
    ),
    "a module without a plugin": (
        {"PLUGINS": "till,colorsys"},
        "colorsys.py holds no plugin: ",
        'write plugin = Plugin("name") in it.',
    ),
    "no plugin at all": (
        {"PLUGINS": ""},
        "warn plugins No subscriber is loaded, so events come in and nothing is done with them.",
        "Name modules in PLUGINS, such as PLUGINS=my_shop.ledger.",
    ),
    "a plugin that is off and not there": (
        {"PLUGINS_OFF": "*,ledger"},
        "wrong plugins PLUGINS_OFF names ledger, and there is no such plugin.",
        CHANGE,
    ),
    "a plugin's setting that lacks": (
        {"TILL_ACCOUNT": ""},
        "wrong plugins TILL_ACCOUNT is not set: till.Settings needs it.",
        "Set it where `worker` runs.",
    ),
    "a plugin's setting that is wrong": (
        {"TILL_ACCOUNT": HIDDEN},
        "wrong plugins TILL_ACCOUNT is wrong: expected `int`, got `str`.",
        "Set it where `worker` runs.",
    ),
    "no client secret": (
        {"LIGHTSPEED_CLIENT_SECRET": ""},
        "wrong secret LIGHTSPEED_CLIENT_SECRET is not set, so no signature can be verified.",
        "Copy it from the developer portal, or link every retailer with --unsigned.",
    ),
    "no public URL": (
        {"PUBLIC_URL": "", "PORT": "8000", **FAR},
        "warn address PUBLIC_URL is not set: Lightspeed cannot reach http://127.0.0.1:8000.",
        "Set it to the https address where the internet reaches `web`.",
    ),
    "a public URL of this network": (
        {"PUBLIC_URL": "https://192.168.1.7", **FAR},
        "warn address PUBLIC_URL is an address of this network: Lightspeed cannot reach https://192",
        "Set it to the https address where the internet reaches `web`.",
    ),
    "a public URL in the clear": (
        {"PUBLIC_URL": "http://hooks.invalid", **FAR},
        "warn address PUBLIC_URL is not https, so shoppers' data travels in the clear.",
        "Begin it with https://.",
    ),
    "a store in the clear": (
        {
            "LIGHTSPEED_ORIGIN": "http://{domain_prefix}.invalid",
            "PUBLIC_URL": "https://hooks.invalid",
        },
        "wrong address LIGHTSPEED_ORIGIN is not https, so tokens travel in the clear.",
        "Begin it with https://.",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_the_environment_is_named_with_its_mend(
    patient: Patient, fault: str
) -> None:
    more, cause, mend = FAULTS[fault]
    but = ("lightspeed", "hooks") if "LIGHTSPEED_ORIGIN" in more else ()
    level = "warn" if cause.startswith("warn") else "wrong"
    await names(patient, level, cause, mend, but, **more)


MODULES = {
    "it exits": ("import sys\nsys.exit(7)\n", "shop.py, line 2: SystemExit: 7", CHANGE),
    "it breaks": ("\n1 / 0\n", "shop.py, line 2: ZeroDivisionError: division by zero", CHANGE),
    "its name is another's": (
        'from workers.plugins import Plugin\nplugin = Plugin("till")\n',
        "wrong plugins Two plugins are named till: ",
        "shop.py; rename one, or leave it out of PLUGINS.",
    ),
}


@pytest.mark.parametrize("fault", MODULES)
async def test_a_plugin_that_cannot_be_loaded_is_named_with_its_mend(
    patient: Patient, fault: str
) -> None:
    text, cause, mend = MODULES[fault]
    (patient.folder / "shop.py").write_text(text)
    await names(patient, "wrong", cause, mend, PLUGINS="till,shop")
