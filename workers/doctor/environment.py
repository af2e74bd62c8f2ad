"""What can be said without Redis: the settings, and the plugins with theirs."""

from msgspec.structs import fields

from actions.errors import BackroomError, WrongSetting
from actions.vault import Vault
from workers.backlog import counted
from workers.discovery import examine
from workers.doctor.finding import Finding, Setup
from workers.environment import variable
from workers.settings import Settings


def settings(setup: Setup) -> list[Finding]:
    """Name every setting that cannot be used."""
    defaults = {variable(field): field.default for field in fields(Settings)}
    found = [
        Finding(
            "wrong",
            "settings",
            str(wrong),
            f"Set it right, or remove it: its default is {defaults[name] or 'none'}.",
        )
        for name, wrong in setup.refused.items()
    ]
    try:
        Vault(setup.settings.backroom_keys)
    except WrongSetting as wrong:
        found.append(Finding("wrong", "settings", str(wrong)))
    given = sum(bool(setup.environ.get(name, "").strip()) for name in defaults)
    said = f"{given} of {len(defaults)} are set, and can be used."
    return found or [Finding("ok", "settings", said)]


async def plugins(setup: Setup) -> list[Finding]:
    """Name every plugin that cannot be loaded, and every setting that one lacks."""
    ours = setup.settings
    found, refused = examine(ours.plugins, ours.plugins_off, setup.environ)
    if refused:
        return [Finding("wrong", "plugins", str(error), _mend(error)) for error in refused]
    if not found.subscribers:
        return [
            Finding(
                "warn",
                "plugins",
                "No subscriber is loaded, so events come in and nothing is done with them.",
                "Name modules in PLUGINS, such as PLUGINS=my_shop.ledger.",
            )
        ]
    loaded, wanting = counted(len(found.loaded), "plugin"), len(found.subscribers)
    return [Finding("ok", "plugins", f"{loaded} with {counted(wanting, 'subscriber')}.")]


def _mend(error: BackroomError) -> str:
    if isinstance(error, WrongSetting):
        return "Set it where `worker` runs."
    return "Mend it, or change PLUGINS or PLUGINS_OFF."
