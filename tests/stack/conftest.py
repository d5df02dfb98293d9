"""What the tests of the machine share: one thread, and a published model, fetched by what `wenjin models add` uses."""

from pathlib import Path

import pytest

from wenjin.stack.serve.bring import bring
from wenjin.stack.serve.errors import ServeError
from wenjin.stack.serve.known import KNOWN
from wenjin.stack.serve.local import glance
from wenjin.stack.serve.shelf import found
from wenjin.study.cli.fetching import fetch

DATA = Path(__file__).parents[2] / ".venv"  # kept between runs, out of git, and gone with the environment


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """SmolLM2-135M-Instruct as it is published, a GGUF of 98 MB in Q4_1; each of its bytes was checked."""
    try:
        return found(DATA, "smollm2", hashes=True).path
    except ServeError:
        pass
    try:
        return bring(DATA, KNOWN["smollm2"], fetch, look=glance, wait=True).path
    except ServeError:  # another run of the tests was faster
        return found(DATA, "smollm2", hashes=True).path
