"""ALTER ROLE and ALTER USER: passwords. Whatever else PostgreSQL sets for a role is refused by name."""

from __future__ import annotations

from sql import statement as st
from sql.grammar.sessions import Sessions

_SELF = ("current_user", "current_role", "session_user")


class Roles(Sessions):
    def alter_role(self) -> st.Statement:
        """ALTER ROLE | USER name | CURRENT_USER [WITH] PASSWORD 'x', from the word ROLE or USER on."""
        command = f"ALTER {self.advance().text.upper()}"
        role = None
        if self.at(*_SELF):
            self.advance()
        else:
            role = self.name()
        self.take("with")
        return st.AlterRole(role, self._password(command))

    def tenant_password(self, tenant: str) -> st.Statement:
        """ALTER TENANT name ADMIN role PASSWORD 'x', from the role on."""
        return st.AlterTenantAdmin(tenant, self.name(), self._password("ALTER TENANT"))

    def _password(self, command: str) -> str:
        self.take("encrypted")
        if not self.at("password"):
            if self.token.kind != "word":
                raise self.wrong()
            raise self.unsupported(f"{command} … {self.token.text.upper()}")
        self.advance()
        if self.at("null"):
            raise self.unsupported(f"{command} … PASSWORD NULL")
        password = self.string()
        if self.token.kind == "word":
            raise self.unsupported(f"{command} … {self.token.text.upper()}")
        return password
