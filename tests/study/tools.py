"""Programs of the system that a test needs. Their absence is a failure: what was not run was not tested."""

import shutil

import pytest


def program(name: str, package: str = "") -> str:
    """Where it is."""
    path = shutil.which(name)
    if not path:
        pytest.fail(f"{name} is not there; install it (apt install {package or name}).", pytrace=False)
    return path
