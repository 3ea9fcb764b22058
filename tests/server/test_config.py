"""Flags, their environment variables, and what is refused before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from server import cli
from server.config import Address, ConfigError, is_loopback, read_config
from server.machine import memory_bytes


def test_defaults() -> None:
    config = read_config([], {"HOME": "/home/someone"})
    assert config.store == "file://./rewinddb-data"
    assert config.listen == Address("127.0.0.1", 5433)
    assert config.auth == "scram"
    assert config.log_format == "text"
    assert config.s3_endpoint is None
    assert config.admin_password is None
    assert config.cache_dir.is_relative_to("/home/someone/.cache/rewinddb")


def test_stores_do_not_share_a_cache() -> None:
    folders = {
        read_config(["--store", store], {}).cache_dir for store in ("s3://a/b", "s3://a/c", "file:///x")
    }
    assert len(folders) == 3


def test_flags_and_their_variables(tmp_path: Path) -> None:
    certificate = tmp_path / "c.pem"
    certificate.touch()
    flags = {
        "store": "s3://bucket/prefix",
        "listen": "[::1]:0",
        "s3_endpoint": "http://127.0.0.1:9000",
        "cache_dir": str(tmp_path),
        "cache_bytes": "5GB",
        "memory": "4 GB",
        "tenant_memory": "512mb",
        "auth": "trust",
        "tls_cert": str(certificate),
        "tls_key": str(certificate),
        "log_format": "json",
    }
    by_flags = read_config([f"--{name.replace('_', '-')}={value}" for name, value in flags.items()], {})
    by_environment = read_config([], {f"REWINDDB_{name.upper()}": value for name, value in flags.items()})
    assert by_flags == by_environment
    assert by_flags.listen == Address("::1", 0)
    assert by_flags.tls_key == certificate
    assert str(by_flags.listen) == "[::1]:0"
    assert by_flags.memory_bytes_max == 4 * 2**30
    assert by_flags.tenant_memory_bytes_max == 512 * 2**20
    assert by_flags.cache_bytes_max == 5 * 2**30


def test_memory_is_the_machine_s_unless_given() -> None:
    config = read_config([], {})
    assert config.memory_bytes_max <= memory_bytes() * 3 // 4
    assert config.tenant_memory_bytes_max <= min(config.memory_bytes_max // 4, 2 * 2**30)
    assert config.cache_bytes_max == 20 * 2**30
    small = read_config(["--memory", "1GB"], {})
    assert (small.memory_bytes_max, small.tenant_memory_bytes_max) == (2**30, 2**28)


def test_a_flag_wins_over_its_variable() -> None:
    assert read_config(["--listen", "127.0.0.1:1"], {"REWINDDB_LISTEN": "127.0.0.1:2"}).listen.port == 1


def test_the_password_comes_from_the_environment_only() -> None:
    assert read_config([], {"REWINDDB_ADMIN_PASSWORD": "secret"}).admin_password == "secret"


@pytest.mark.parametrize(
    ("arguments", "environ", "sentence"),
    [
        (["--listen", "5433"], {}, 'takes HOST:PORT, and "5433" is not that'),
        (["--listen", "h:70000"], {}, "takes HOST:PORT"),
        (["--auth", "md5"], {}, '--auth is scram or trust, not "md5"'),
        (["--auth", "trust", "--listen", "0.0.0.0:5433"], {}, "refused on 0.0.0.0"),
        ([], {"REWINDDB_AUTH": "trust", "REWINDDB_LISTEN": "[::]:5433"}, "not a loopback address"),
        (["--tls-cert", "c.pem"], {}, "belong together"),
        (["--tls-cert", "/no/c.pem", "--tls-key", "/no/k.pem"], {}, "there is no file /no/c.pem"),
        (["--log-format", "xml"], {}, 'text or json, not "xml"'),
        (["--metrics", "127.0.0.1:9187"], {}, "unrecognized arguments: --metrics"),
        (["--lis", "127.0.0.1:1"], {}, "unrecognized arguments"),
        (["--memory", "much"], {}, '--memory takes a size, and "much" is not one.'),
        (["--memory", "10kB"], {}, "--memory is 512MB at least, not 10kB"),
        (["--memory", "1GB", "--tenant-memory", "2GB"], {}, "more than the whole server's memory"),
        ([], {"REWINDDB_CACHE_BYTES": "-1"}, '--cache-bytes takes a size, and "-1" is not one.'),
        ([], {"REWINDDB_ADMIN_PASSWORD": ""}, "REWINDDB_ADMIN_PASSWORD is empty"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    arguments: list[str], environ: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(arguments, environ)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "::ffff:127.0.0.1"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "", "::ffff:10.0.0.1"])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(("words", "code"), [([], 2), (["dump"], 2), (["--help"], 0), (["--version"], 0)])
def test_commands(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == code
    printed = capsys.readouterr()
    assert (printed.out if code == 0 else printed.err).strip()


def test_a_wrong_command_line_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--listen", "nowhere"]) == 2
    assert capsys.readouterr().err == 'rewinddb serve: --listen takes HOST:PORT, and "nowhere" is not that.\n'
