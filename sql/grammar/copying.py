"""COPY's options, as PostgreSQL writes them now (in parentheses) and as it wrote them before 9.0."""

from __future__ import annotations

from typing import Any

from sql.answers import CopyOptions
from sql.grammar.queries import Queries
from sql.lexer import NUMBER, STRING, Token

_TRUE = frozenset(["true", "on", "1"])
_FALSE = frozenset(["false", "off", "0"])


class CopyClauses(Queries):
    def copy_options(self, direction: str) -> CopyOptions:
        token = self.token
        with_ = self.take("with")
        found: dict[str, Any] = {}
        if self.at_operator("("):
            self._listed_options(found)
        else:
            self._old_options(found)
            if with_ and not found:
                raise self.wrong()
        if self.at("where"):
            raise self.unsupported("COPY … WHERE")
        return self._checked(found, direction, token)

    def _set(self, found: dict[str, Any], key: str, value: Any, token: Token) -> None:
        if key in found:
            raise self.refused("42601", "conflicting or redundant options", token)
        found[key] = value

    def _listed_options(self, found: dict[str, Any]) -> None:
        self.expect_operator("(")
        while True:
            token = self.token
            name = self.label()
            match name:
                case "format":
                    self._set(found, "format", self._format(token), token)
                case "delimiter" | "null" | "quote" | "escape":
                    self._set(found, name, self.string(), token)
                case "header":
                    self._set(found, name, self._boolean(), token)
                case "force_quote" | "force_null" | "force_not_null":
                    star = name == "force_quote" and self.take_operator("*")
                    self._set(found, name, None if star else self.names(), token)
                case "encoding":
                    self._encoding()
                case "freeze" | "default" | "on_error":
                    raise self.unsupported(f"COPY option {name.upper()}", token)
                case _:
                    raise self.refused("42601", f'option "{name}" not recognized', token)
            if not self.take_operator(","):
                break
        self.expect_operator(")")

    def _old_options(self, found: dict[str, Any]) -> None:
        while True:
            token = self.token
            if self.take("binary"):
                raise self.unsupported("COPY BINARY", token)
            if self.take("csv"):
                self._set(found, "format", "csv", token)
            elif self.take("header"):
                self._set(found, "header", True, token)
            elif self.at("delimiter", "null", "quote", "escape"):
                name = self.advance().text
                self.take("as")
                self._set(found, name, self.string(), token)
            elif self.take("delimiters"):
                self.take("as")
                self._set(found, "delimiter", self.string(), token)
            elif self.take("force", "quote"):
                self._set(
                    found, "force_quote", None if self.take_operator("*") else self._bare_names(), token
                )
            elif self.take("force", "not", "null"):
                self._set(found, "force_not_null", self._bare_names(), token)
            elif self.take("force", "null"):
                self._set(found, "force_null", self._bare_names(), token)
            elif self.take("encoding"):
                self._encoding()
            elif self.take("freeze"):
                raise self.unsupported("COPY option FREEZE", token)
            else:
                return

    def _bare_names(self) -> tuple[str, ...]:
        names = [self.name()]
        while self.take_operator(","):
            names.append(self.name())
        return tuple(names)

    def _format(self, token: Token) -> str:
        name = self.advance().text if self.token.kind == STRING else self.label()
        if name == "binary":
            raise self.unsupported("COPY BINARY", token)
        if name not in ("text", "csv"):
            raise self.refused("22023", f'COPY format "{name}" not recognized', token)
        return name

    def _boolean(self) -> bool:
        token = self.token
        if self.at_operator(",", ")"):
            return True
        if token.kind not in (STRING, NUMBER, "word"):
            raise self.wrong()
        text = self.advance().text.lower()
        if text == "match":
            raise self.unsupported("COPY HEADER MATCH", token)
        if text not in _TRUE | _FALSE:
            raise self.refused("42601", 'header requires a Boolean value or "match"', token)
        return text in _TRUE

    def _encoding(self) -> None:
        token = self.token
        name = self.string() if token.kind == STRING else self.label()
        if name.lower().replace("-", "") not in ("utf8", "unicode"):
            raise self.unsupported(f"COPY encoding {name}", token)

    def _checked(self, found: dict[str, Any], direction: str, token: Token) -> CopyOptions:
        csv = found.get("format") == "csv"
        if not csv:
            for key in ("quote", "escape", "force_quote", "force_null", "force_not_null"):
                if key in found:
                    words = key.replace("_", " ") if key.startswith("force") else key
                    raise self.refused("0A000", f"COPY {words} available only in CSV mode", token)
        if direction == "to" and (found.get("force_null") or found.get("force_not_null")):
            raise self.refused("0A000", "COPY force not null only available using COPY FROM", token)
        if direction == "from" and found.get("force_quote", ()) != ():
            raise self.refused("0A000", "COPY force quote only available using COPY TO", token)
        defaults = CopyOptions(format="csv", delimiter=",", null="") if csv else CopyOptions()
        if csv and "quote" in found:
            found.setdefault("escape", found["quote"])
        options = CopyOptions(
            **{
                key: found.get(key, getattr(defaults, key))
                for key in (
                    *("format", "delimiter", "null", "header", "quote", "escape"),
                    *("force_quote", "force_null", "force_not_null"),
                )
            }
        )
        self._check_characters(options, token)
        return options

    def _check_characters(self, options: CopyOptions, token: Token) -> None:
        for key in ("delimiter", "quote", "escape"):
            value = getattr(options, key)
            if len(value.encode()) != 1:
                raise self.refused("0A000", f"COPY {key} must be a single one-byte character", token)
        if options.delimiter in "\r\n":
            raise self.refused("22023", "COPY delimiter cannot be newline or carriage return", token)
        if "\r" in options.null or "\n" in options.null:
            raise self.refused(
                "22023", "COPY null representation cannot use newline or carriage return", token
            )
        if options.format == "text" and options.delimiter in "\\.abcdefghijklmnopqrstuvwxyz0123456789":
            raise self.refused("22023", f'COPY delimiter cannot be "{options.delimiter}"', token)
        if options.delimiter in options.null:
            raise self.refused("0A000", "COPY delimiter must not appear in the NULL specification", token)
        if options.format == "csv" and options.delimiter == options.quote:
            raise self.refused("0A000", "COPY delimiter and quote must be different", token)
        if options.format == "csv" and options.quote in options.null:
            raise self.refused(
                "0A000", "CSV quote character must not appear in the NULL specification", token
            )
