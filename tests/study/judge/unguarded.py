"""The judge's worker as it is on a machine where nothing confines an answer: each guard is off. Started by name."""

from functools import partial

from wenjin.study.judge import worker
from wenjin.study.sandbox.inside.places import Guards
from wenjin.study.sandbox.pool import Sandbox

if __name__ == "__main__":
    off = Guards(seccomp=False, landlock=False)
    worker.Sandbox = partial(Sandbox, program=lambda: None, guards=off)  # type: ignore[misc, assignment]
    worker.main()
