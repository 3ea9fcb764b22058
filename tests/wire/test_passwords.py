"""Verifiers in PostgreSQL's format, and SASLprep by the examples of RFC 4013."""

from __future__ import annotations

import pytest

from sql.passwords import make_verifier, prepared, read_verifier, saslprep

POSTGRESQL = {
    "pencil": "SCRAM-SHA-256$4096:5d1DHtSwJ1oJMIu1X+r/6w==$"
    "SKqg7Cy/JQ1/J5DLUuIBiWpWDycrySVn6Hrs9XvAesU=:0qRvjxrH6KB21fkKPVJlNBkjmwzmJJT5Xrk1AfVhkFU=",
    "grün \U0001f600": "SCRAM-SHA-256$4096:idHMkWpp3AC3HTWAK2YS8Q==$"
    "ylJQeyyuJilWgSf5rdyC3wRajrBERH0Qmz8XYx43GvU=:/LAzdNhJrMv9SaB25tHjatpYB0dDANJN7y7Vavuflos=",
    "I\u00adX \u2168\u00aaA": "SCRAM-SHA-256$4096:wiBEGO/Yd+xFbEOmVsmElg==$"
    "FHVcvmdjyP9x4q3pqnzOgdcSgGQXaqwl4RmpKFwCIbA=:2oshAoXvcQXXvpTRZCJ71JFizV7o7z9Q6IOcwFtoZOw=",
}
"""What PostgreSQL 15 stored for CREATE ROLE … PASSWORD."""

PENCIL = POSTGRESQL["pencil"]


@pytest.mark.parametrize("password", POSTGRESQL)
def test_postgresqls_own_verifiers(password: str) -> None:
    stored = POSTGRESQL[password]
    read = read_verifier(stored)
    assert read is not None
    assert make_verifier(password, salt=read.salt) == stored
    assert str(read) == stored


def test_salts_are_random() -> None:
    assert make_verifier("x") != make_verifier("x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pencil",
        "md5" + "0" * 32,
        PENCIL.replace("4096", "0"),
        PENCIL.replace("SHA-256", "SHA-1"),
        PENCIL[:-4],
        PENCIL + "x",
        PENCIL.replace("5d1D", "5d D"),
    ],
)
def test_what_is_not_a_verifier(text: str) -> None:
    assert read_verifier(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("\u0007", None),
        ("\u0627\u0031", None),
        ("\u0627x\u0627", None),
        ("\u0627\u0628", "\u0627\u0628"),
        ("\u00ad", None),
        ("\U0001f600", None),
    ],
)
def test_saslprep(text: str, expected: str | None) -> None:
    assert saslprep(text) == expected


def test_forbidden_passwords_are_taken_as_they_are() -> None:
    assert prepared("\u0007bell") == b"\x07bell"
    assert prepared("\U0001f600") == "\U0001f600".encode()
