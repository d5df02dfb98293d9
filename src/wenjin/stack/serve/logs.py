"""One line for each thing that happened, on the error stream: when, what, how long. Never what was asked or answered.

Proof    tests/stack/serve/test_security.py: line breaks and escape codes in an address make no line of their own
"""

import logging
import sys

log = logging.getLogger("wenjin.serve")


class OneLine(logging.Formatter):
    """Control characters in a message (an address, a name that somebody sent) never make lines of their own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in super().formatMessage(record))


def log_to_stderr(level: int = logging.INFO) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
