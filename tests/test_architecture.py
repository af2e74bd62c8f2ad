"""House rules that no linter says: sizes, names, who may name arq, errors in one tree."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from actions.errors import BackroomError

ROOT = Path(__file__).parents[1]
FLOORS = ("ingress", "workers", "actions")
SOURCES = [file for floor in FLOORS for file in sorted((ROOT / floor).rglob("*.py"))]
LONGEST_MODULE = 250
LONGEST_FUNCTION = 30
BANNED = {"utils", "helpers", "common", "base", "manager", "handler"}
ARQ = {"workers/queue.py", "workers/engine.py"}
SIGNALS = {"workers.plugins.Retry", "workers.plugins.GiveUp"}
"""Raised by plugin authors, caught by us."""
INNER = {
    "ingress.intake.Busy",
    "ingress.refusals.Refused",
    "workers.deliver.TimedOut",
    "actions.lenient.Unusable",
}
"""Never leave their floor: caught where they are turned into an answer or an outcome."""


def named(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def modules() -> Iterator[ModuleType]:
    """Our modules; the simulator speaks in the vendor's errors and is left out."""
    for floor in FLOORS:
        package = importlib.import_module(floor)
        for found in pkgutil.walk_packages(package.__path__, f"{floor}."):
            if not found.name.endswith("__main__") and ".simulator" not in found.name:
                yield importlib.import_module(found.name)


@pytest.mark.parametrize("file", SOURCES, ids=named)
def test_a_module_fits_on_a_few_screens_and_is_a_noun(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= LONGEST_MODULE
    assert file.stem not in BANNED


@pytest.mark.parametrize("file", SOURCES, ids=named)
def test_a_function_fits_on_one_screen(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert body_lines(node) <= LONGEST_FUNCTION, f"{node.name} at line {node.lineno}"


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines without its signature and docstring."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or 0) - first.lineno + 1


def test_arq_is_named_in_two_modules_only() -> None:
    naming = {
        named(file)
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text()))
        if (isinstance(node, ast.Import) and any(one.name.startswith("arq") for one in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("arq"))
    }
    assert naming == ARQ


def test_pickle_is_nowhere() -> None:
    assert not [named(file) for file in SOURCES if "import pickle" in file.read_text()]


def test_every_error_that_reaches_a_user_derives_from_the_one_base() -> None:
    for module in modules():
        for name, value in vars(module).items():
            where = f"{module.__name__}.{name}"
            if not inspect.isclass(value) or value.__module__ != module.__name__:
                continue
            if issubclass(value, Exception) and where not in SIGNALS | INNER:
                assert issubclass(value, BackroomError), where


def test_every_error_class_says_in_its_docstring_what_happened() -> None:
    for module in modules():
        for value in vars(module).values():
            if inspect.isclass(value) and issubclass(value, BackroomError):
                assert value.__doc__


def test_the_plugin_that_we_bundle_uses_only_the_authors_door() -> None:
    tree = ast.parse((ROOT / "workers" / "journal.py").read_text())
    ours = {
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in FLOORS
    }
    assert ours <= {"workers.plugins", "workers.events", "workers.testing"}


def test_the_top_level_holds_what_was_agreed_and_nothing_else() -> None:
    out = subprocess.run(
        ["git", "ls-files"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    top = {line.split("/")[0] for line in out.stdout.splitlines()}
    assert top <= {
        *FLOORS,
        "tests",
        "docs",
        ".ci",
        ".gitignore",
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "Procfile",
        "README.md",
        "pyproject.toml",
        "requirements-bench.txt",
        "requirements-clients.txt",
        "requirements-dev.txt",
        "requirements.txt",
    }
