"""The server's log: one line an event on standard error, as text for people or JSON for machines.

An event is a short fixed sentence and fields (`extra={"fields": {...}}`); the text form puts the fields
behind the sentence, the JSON form beside it. What has line ends of its own is put on one line; only a
traceback follows on lines below. Passwords, parameters and query texts are not logged.
Warnings and errors of other packages, ours and foreign ones, come in the same form.
"""

from __future__ import annotations

import datetime
import json
import logging
import sys
from collections.abc import Mapping

from server.config import LogFormat

logger = logging.getLogger("rewinddb")


def configure(form: LogFormat) -> None:
    """Sends the log to standard error in the form asked for."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logger.setLevel(logging.INFO)


def event(
    sentence: str,
    fields: Mapping[str, object] | None = None,
    *,
    level: int = logging.INFO,
    cause: BaseException | None = None,
) -> None:
    """Logs `sentence` with its fields, and with the traceback of `cause`."""
    logger.log(level, sentence, extra={"fields": fields}, exc_info=cause)


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        text = " ".join(f"{record.getMessage()} {fields}".split())
        line = f"{_when(record)} {record.levelname} {text}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _when(record),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    return getattr(record, "fields", None) or {}


def _when(record: logging.LogRecord) -> str:
    moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
