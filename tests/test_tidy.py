"""Tidiness as a test: small modules and functions, docstrings, effects in one place, nothing left over."""

from __future__ import annotations

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("engine", "sql", "server")

MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60

EFFECTS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep"},
    "uuid": {"uuid1", "uuid4"},
    "asyncio": {"sleep"},
    "random": None,
    "datetime": {"now", "utcnow", "today"},
}
"""Calls that only the owners below may make; None: the whole module."""

EFFECT_OWNERS = {"engine/clock.py", "engine/ids.py"}
EFFECT_EXCEPTIONS = {
    ("engine/stores/s3.py", "datetime.now"): "when credentials expire is wall-clock time, for obstore",
}

PRINT_OWNERS = {"server/checking.py", "server/commands.py", "server/demo.py", "server/listener.py"}
ENTRY_POINTS = {
    "server.__main__",
    "server.cli",
    "engine.stores.memory",
    "engine.stores.faulty",
    "sql.dialect",
}
"""Modules that nothing in the packages imports, by design: commands, stores for tests, sqlglot's API."""

LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX(?!\d)|HACK)\b")


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    return name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


each_source = pytest.mark.parametrize("path", sources(), ids=name_of)


@each_source
def test_modules_are_short(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= MODULE_LINES_MAX


@each_source
def test_functions_are_short(path: Path) -> None:
    long = [
        f"{function.name}: {length} lines"
        for function in functions(path)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert long == []


@each_source
def test_modules_say_what_they_are(path: Path) -> None:
    docstring = ast.get_docstring(tree_of(path))
    assert docstring


@each_source
def test_docstrings_say_more_than_the_name(path: Path) -> None:
    def words(text: str) -> str:
        return re.sub(r"[^a-z]", "", text.lower())

    empty = [
        function.name
        for function in functions(path)
        if words(ast.get_docstring(function) or "-") == words(function.name)
    ]
    assert empty == []


@each_source
def test_effects_come_through_the_constructor(path: Path) -> None:
    if name_of(path) in EFFECT_OWNERS:
        return
    used = {f"{module}.{name}" for module, name in _effects(tree_of(path))}
    assert {effect for effect in used if (name_of(path), effect) not in EFFECT_EXCEPTIONS} == set()


def _effects(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if EFFECTS.get(alias.name, ()) is None:
                    yield alias.name, "*"
        elif isinstance(node, ast.ImportFrom) and node.module in EFFECTS:
            banned = EFFECTS[node.module]
            for alias in node.names:
                if banned is None or alias.name in banned:
                    yield node.module, alias.name
        elif isinstance(node, ast.Attribute):
            owner = node.value
            module = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            if node.attr in (EFFECTS.get(module) or ()):
                yield module, node.attr


@each_source
def test_nothing_is_left_over(path: Path) -> None:
    text = path.read_text()
    comments = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type in (tokenize.COMMENT, tokenize.STRING) and LEFTOVERS.search(token.string)
    ]
    assert comments == []
    calls = {
        node.func.id
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert "breakpoint" not in calls
    if name_of(path) not in PRINT_OWNERS:
        assert "print" not in calls


def test_every_module_is_imported_by_another() -> None:
    modules = {module_of(path) for path in sources()}
    imported: set[str] = set()
    for path in sources():
        imported |= set(_imports(path))
    packages = {module for module in modules if (ROOT / module.replace(".", "/")).is_dir()}
    assert sorted(modules - imported - packages - ENTRY_POINTS) == []


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, f"{name_of(path)} imports by a relative name"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_tree_names_no_place_it_was_made_in() -> None:
    pattern = re.compile("/" + r"(work|farm)/|/tmp/" + "bash_jobs")
    folders = (*PACKAGES, "tests", "bench", ".ci")
    named = [
        name_of(path)
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in (".py", ".sql", ".md", "") and "__pycache__" not in path.parts
        if pattern.search(path.read_text(errors="replace"))
    ]
    assert named == []
