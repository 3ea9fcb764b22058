"""The log's two forms."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from server import log


@pytest.fixture
def unconfigured() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("unconfigured")
def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("text")
    log.event("session opened", {"tenant": "acme", "tls": True})
    line = capsys.readouterr().err
    assert line.endswith("Z INFO session opened tenant=acme tls=True\n")


@pytest.mark.usefixtures("unconfigured")
def test_text_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("text")
    logging.getLogger("sql.failures").warning("failed: %s", "Binder Error\n\nLINE 1: SELECT\n         ^")
    assert capsys.readouterr().err.endswith("Z WARNING failed: Binder Error LINE 1: SELECT ^\n")


@pytest.mark.usefixtures("unconfigured")
def test_json_with_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json")
    try:
        raise ValueError("grün")
    except ValueError as error:
        log.event("internal error", {"tenant": "acme"}, level=logging.ERROR, cause=error)
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["event"], line["tenant"]) == ("error", "internal error", "acme")
    assert "ValueError: grün" in line["traceback"]


@pytest.mark.usefixtures("unconfigured")
def test_other_packages_warn_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json")
    logging.getLogger("sql.failures").error("internal error")
    logging.getLogger("boto3").info("chatter")
    assert json.loads(capsys.readouterr().err)["event"] == "internal error"
