"""The container files, checked as far as that goes without a container engine: their shape, that the
server understands the command line and environment it is given there, and both run against SeaweedFS."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.config import read_config
from tests import services

ROOT = Path(__file__).parent.parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DEMO_SECONDS_MAX = 240


def service(name: str) -> Any:
    return COMPOSE["services"][name]


def host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def test_three_services_in_order() -> None:
    assert set(COMPOSE["services"]) == {"minio", "server", "demo"}
    assert service("server")["depends_on"] == {"minio": {"condition": "service_healthy"}}
    assert service("demo")["depends_on"] == {"server": {"condition": "service_healthy"}}
    assert "healthcheck" in service("minio")
    assert "healthcheck" in service("server")
    assert set(COMPOSE["volumes"]) == {"objects"}


def test_images_are_pinned() -> None:
    assert re.fullmatch(r"minio/minio:RELEASE\.\S+", service("minio")["image"])
    assert re.search(r"^FROM python:3\.11-slim$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_the_parts_fit_together() -> None:
    minio, server = service("minio")["environment"], service("server")["environment"]
    assert server["AWS_ACCESS_KEY_ID"] == minio["MINIO_ROOT_USER"]
    assert server["AWS_SECRET_ACCESS_KEY"] == minio["MINIO_ROOT_PASSWORD"]
    assert service("demo")["environment"]["REWINDDB_ADMIN_PASSWORD"] == server["REWINDDB_ADMIN_PASSWORD"]
    assert service("demo")["command"][:2] == ["demo", "--connect"]
    host, port = host_and_port(service("demo")["command"][2])
    assert host == "server"
    assert port == host_and_port(server["REWINDDB_LISTEN"])[1]
    assert service("server")["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_the_server_understands_what_it_is_given() -> None:
    command, *arguments = service("server")["command"]
    assert command == "serve"
    config = read_config(arguments, service("server")["environment"])
    assert config.store == "s3://rewinddb/compose"
    assert config.s3_endpoint == "http://minio:9000"
    assert config.auth == "scram"


def test_the_image_holds_all_packages_and_understands_its_own_defaults() -> None:
    text = (ROOT / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for name in ("engine", "sql", "server", "pyproject.toml", "README.md"):
        assert re.search(rf"^COPY (.* )?{re.escape(name)} ", text, re.MULTILINE), name
        assert f"!{name}" in ignored
    defaults = dict(re.findall(r"(REWINDDB_\w+)=(\S+)", text))
    config = read_config([], defaults)
    assert config.store == "file:///var/lib/rewinddb"
    assert config.cache_dir == Path("/var/cache/rewinddb")
    assert re.search(r"^USER rewinddb$", text, re.MULTILINE)


@pytest.mark.timeout(DEMO_SECONDS_MAX)
def test_the_same_command_and_environment_on_seaweedfs(
    seaweed_service: services.S3Service, tmp_path: Path
) -> None:
    """What compose runs, with SeaweedFS for MinIO and loopback for its network."""
    (port,) = services.free_ports(1)
    environment = {
        **service("server")["environment"],
        **seaweed_service.environment,
        "REWINDDB_S3_ENDPOINT": seaweed_service.endpoint,
        "REWINDDB_LISTEN": f"127.0.0.1:{port}",
        "REWINDDB_CACHE_DIR": str(tmp_path / "cache"),
    }
    log = tmp_path / "server.log"
    rewinddb = [sys.executable, "-m", "server"]
    with services.process(
        [*rewinddb, *service("server")["command"]],
        log,
        lambda: log.exists() and "listening on" in log.read_text(),
        environment=environment,
    ):
        demo = subprocess.run(
            [*rewinddb, "demo", "--connect", f"127.0.0.1:{port}"],
            env={**os.environ, **service("demo")["environment"]},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=DEMO_SECONDS_MAX,
        )
    assert demo.returncode == 0, demo.stdout + demo.stderr + log.read_text()
    assert "restored online in" in demo.stdout
