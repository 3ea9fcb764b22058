"""The tours in the packages' docstrings name only what exists."""

from __future__ import annotations

import importlib
import re

import pytest

TOURS = ("engine", "sql", "server")
NAMED = re.compile(r"`((?:engine|sql|server)\.[\w.]+)`")


def resolve(dotted: str) -> object:
    """The module, class or attribute of that name; AttributeError or ImportError when there is none."""
    parts = dotted.split(".")
    for split in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:split]))
        except ModuleNotFoundError as error:
            if error.name != ".".join(parts[:split]):
                raise
            continue
        for attribute in parts[split:]:
            found = getattr(found, attribute)
        return found
    raise ImportError(dotted)


@pytest.mark.parametrize("package", TOURS)
def test_every_name_of_the_tour_exists(package: str) -> None:
    tour = importlib.import_module(package).__doc__ or ""
    assert "Life of" in tour
    names = NAMED.findall(tour)
    assert len(names) >= 5
    for name in names:
        resolve(name)
