"""The end of a learner's process: it does its work, says what went wrong, and is gone whatever the work left behind."""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn


def run_and_exit(work: Callable[[], object]) -> NoReturn:
    """Exit code 0 when the work returned, 1 when it raised. No handler, thread or destructor of the learner's runs."""
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
