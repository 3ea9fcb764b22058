"""The tour that the packages' docstrings give is true: every dotted name in backticks exists."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

STOPS_MIN = 5
"""A life of a connection, query or commit that passes fewer places tells nothing."""

NAME = re.compile(r"`((?:engine|sql|server)(?:\.\w+)+)`")


def mentioned(package: str) -> list[str]:
    return sorted(set(NAME.findall(inspect.getdoc(importlib.import_module(package)) or "")))


def resolve(name: str) -> object:
    """The module, class, function or method of a dotted name; AttributeError when there is none."""
    parts = name.split(".")
    found: object = importlib.import_module(parts[0])
    for position, part in enumerate(parts[1:], start=2):
        if not hasattr(found, part) and inspect.ismodule(found):
            importlib.import_module(".".join(parts[:position]))
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("package", ["engine", "sql", "server"])
def test_a_package_tells_the_way_through_it(package: str) -> None:
    names = mentioned(package)
    assert len(names) >= STOPS_MIN
    for name in names:
        resolve(name)
