"""Who is connected. A session cannot be opened without a `Principal`, and only a proof makes one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """A role of a tenant that has proved its password (or came in by loopback trust).

    Made by `server.auth` after the proof and nowhere else. `admin` is the role's standing when it
    logged in; the catalog is asked again wherever it matters."""

    tenant: str
    role: str
    admin: bool

    @property
    def runs_the_cluster(self) -> bool:
        """An admin of the system tenant: may make and drop tenants, and restore any of them."""
        return self.admin and self.tenant == "sys"
