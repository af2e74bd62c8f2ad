import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from actions.errors import WrongSetting
from workers.discovery import NO_INSTALLED, Plugins, discover, examine
from workers.plugins import BadPlugin

Module = Callable[..., str]

PLUGIN = 'from workers.plugins import Plugin\nplugin = Plugin("{name}")\n'
SETTINGS = """
from msgspec import Struct
from actions.secret import Secret
from workers.plugins import Plugin

class Settings(Struct):
    url: str
    count: int = 3
    tags: list[str] = []
    token: Secret | None = None

plugin = Plugin("till", Settings)
"""
SET = {"TILL_URL": "http://till"}
numbers = itertools.count()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    """Write a module that can be imported, and return its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def module(text: str) -> str:
        name = f"shop_{next(numbers)}"
        (tmp_path / f"{name}.py").write_text(text)
        return name

    return module


def local(*modules: str, **environ: str) -> Plugins:
    return discover(modules, [NO_INSTALLED], environ)


def install(folder: Path, *entries: str, name: str = "acme") -> None:
    """Lay down what an installer leaves: entry points in the group of plugins."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("\n".join(["[backroom.plugins]", *entries, ""]))


def refused(modules: list[str], off: list[str] | None = None) -> str:
    with pytest.raises(BadPlugin) as raised:
        discover(modules, [NO_INSTALLED] if off is None else off, {})
    return str(raised.value)


def test_modules_are_loaded_in_the_order_they_are_named(module: Module, tmp_path: Path) -> None:
    second, first = module(PLUGIN.format(name="b")), module(PLUGIN.format(name="a"))
    loaded = local(first, second).loaded
    assert list(loaded) == ["a", "b"]
    assert loaded["a"].origin == str(tmp_path / f"{first}.py")


def test_a_module_may_hold_several_plugins(module: Module) -> None:
    text = PLUGIN.format(name="a") + 'other = Plugin("b")\nagain = other\n'
    assert list(local(module(text)).loaded) == ["a", "b"]


def test_a_module_may_be_named_twice(module: Module) -> None:
    name = module(PLUGIN.format(name="a"))
    assert list(local(name, name).loaded) == ["a"]


def test_a_plugin_may_be_imported_by_another_module(module: Module) -> None:
    first = module(PLUGIN.format(name="a"))
    second = module(f"from {first} import plugin\n")
    assert list(local(first, second).loaded) == ["a"]


def test_plugins_off_leaves_a_plugin_out(module: Module) -> None:
    name = module(PLUGIN.format(name="a") + 'other = Plugin("b")\n')
    assert list(discover([name], [NO_INSTALLED, "a"], {}).loaded) == ["b"]


def test_a_plugin_that_is_off_needs_no_settings(module: Module) -> None:
    assert discover([module(SETTINGS)], [NO_INSTALLED, "till"], {}).loaded == {}


def test_plugins_off_must_name_a_plugin() -> None:
    sentence = "PLUGINS_OFF names nobody, and there is no such plugin."
    assert refused([], [NO_INSTALLED, "nobody"]) == sentence


def test_two_plugins_of_one_name_are_refused(module: Module) -> None:
    first, second = module(PLUGIN.format(name="a")), module(PLUGIN.format(name="a"))
    said = refused([first, second])
    assert said.startswith("Two plugins are named a: ")
    assert f"{first}.py and " in said
    assert f"{second}.py; rename one" in said


def test_a_module_without_a_plugin_is_refused(module: Module) -> None:
    name = module("pluggin = 1\n")
    assert f'{name}.py holds no plugin: write plugin = Plugin("name") in it.' in refused([name])


BROKEN = {
    "raise OSError('no till.')": "line 1: OSError: no till.",
    "\n\nimport nowhere_at_all": "line 3: ModuleNotFoundError: No module named 'nowhere_at_all'.",
    "def post()\n": "line 1",
    "raise ValueError": "line 1: ValueError",
    "import sys\nsys.exit(7)": "line 2: SystemExit: 7.",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_module_that_cannot_be_imported_is_named_with_its_line(module: Module, text: str) -> None:
    name = module(text)
    said = refused([name])
    assert said.startswith(f"PLUGINS names {name}, which cannot be imported: ")
    assert f"{name}.py" in said
    assert BROKEN[text] in said
    assert said.count("\n") == 0


def test_the_line_is_the_one_that_failed_in_whatever_file(module: Module) -> None:
    inner = module("\n1 / 0\n")
    assert f"{inner}.py, line 2: ZeroDivisionError" in refused([module(f"import {inner}\n")])


def test_a_module_that_is_not_there_is_named() -> None:
    assert refused(["not_there"]) == (
        "PLUGINS names not_there, which cannot be imported: "
        "ModuleNotFoundError: No module named 'not_there'."
    )


def test_a_plugin_declared_wrongly_names_its_file(module: Module) -> None:
    name = module('from workers.plugins import Plugin\nplugin = Plugin("No Good")\n')
    said = refused([name])
    assert "Plugin name 'No Good' is no good" in said
    assert name in said


def test_settings_are_read_by_prefix(module: Module) -> None:
    more = {"TILL_COUNT": "7", "TILL_TAGS": "a, b,", "TILL_TOKEN": "s3cret", "URL": "not this"}
    settings = local(module(SETTINGS), **SET, **more).loaded["till"].settings
    assert (settings.url, settings.count, settings.tags) == ("http://till", 7, ["a", "b"])
    assert settings.token.reveal() == "s3cret"
    assert "s3cret" not in repr(settings)


def test_settings_have_defaults(module: Module) -> None:
    settings = local(module(SETTINGS), **SET).loaded["till"].settings
    assert (settings.count, settings.tags, settings.token) == (3, [], None)


@pytest.mark.parametrize("url", [None, "", "  "])
def test_a_setting_that_lacks_is_named(module: Module, url: str | None) -> None:
    name = module(SETTINGS)
    with pytest.raises(WrongSetting) as raised:
        local(name, **({} if url is None else {"TILL_URL": url}))
    assert str(raised.value) == f"TILL_URL is not set: {name}.Settings needs it."


def test_a_setting_that_is_wrong_is_named_and_not_shown(module: Module) -> None:
    with pytest.raises(WrongSetting, match=r"^TILL_COUNT is wrong: ") as raised:
        local(module(SETTINGS), **SET, TILL_COUNT="hunter2")
    assert "hunter2" not in str(raised.value)


def test_installed_plugins_are_found_by_entry_point(module: Module, tmp_path: Path) -> None:
    whole, one = module(PLUGIN.format(name="acme_a")), module(PLUGIN.format(name="acme_b"))
    install(tmp_path, f"a = {whole}", f"b = {one}:plugin")
    loaded = discover([], [], {}).loaded
    assert loaded["acme_a"].origin == f"{whole} (acme)"
    assert loaded["acme_b"].origin == f"{one}:plugin (acme)"


def test_an_installed_plugin_may_be_named_in_plugins_too(module: Module, tmp_path: Path) -> None:
    name = module(PLUGIN.format(name="acme_c"))
    install(tmp_path, f"c = {name}")
    assert "acme_c" in discover([name], [], {}).loaded


def test_an_installed_plugin_that_is_broken_stops_the_start(module: Module, tmp_path: Path) -> None:
    name = module("1 / 0\n")
    install(tmp_path, f"a = {name}")
    assert refused([], []).startswith(f"Entry point {name} (acme) cannot be imported: ")
    assert local().loaded == {}  # unless installed plugins are left out


def test_an_entry_point_must_lead_to_a_plugin(module: Module, tmp_path: Path) -> None:
    install(tmp_path, f"a = {module('value = 7')}:value")
    assert "holds no plugin" in refused([], [])


def test_all_that_is_wrong_can_be_asked_for_and_the_rest_is_loaded(module: Module) -> None:
    good, till = module(PLUGIN.format(name="a")), module(SETTINGS)
    names = ["not_there", till, good, module("pluggin = 1\n"), module(PLUGIN.format(name="a"))]
    plugins, refused = examine(names, [NO_INSTALLED, "nobody"], {"TILL_COUNT": "hunter2"})
    assert list(plugins.loaded) == ["a"]
    wanted = [
        "PLUGINS names not_there, which cannot be imported",
        "holds no plugin",
        "Two plugins are named a: ",
        "PLUGINS_OFF names nobody",
        "TILL_URL is not set",
        "TILL_COUNT is wrong",
    ]
    assert len(refused) == len(wanted)
    for error, words in zip(refused, wanted, strict=True):
        assert words in str(error)
    assert isinstance(refused[0].__cause__, ModuleNotFoundError)
