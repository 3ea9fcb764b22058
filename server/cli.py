"""The command `rewinddb`: a thin shell around `server.commands`, so that Ctrl-C never shows a traceback.

Reading all modules takes a second or two. Meanwhile, and again at the very end, an interrupt just ends the
process; in between it is `KeyboardInterrupt`, or the server's own to handle.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

INTERRUPTED = 130
"""What shells expect of a command that Ctrl-C has ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from server import commands

        signal.signal(signal.SIGINT, signal.default_int_handler)
        return commands.run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, before if arguments is not None else signal.SIG_DFL)
