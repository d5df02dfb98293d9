"""The review in a process of its own, so that no file can take its reader down: python -m wenjin.study.craft.main

in    {"root": "/…", "parts": ["style", …]}      as one argument
out   the review as JSON
"""

import json
import resource
import sys
from pathlib import Path

from wenjin.study.craft.review import review
from wenjin.study.craft.source import read

MEMORY = 1 << 30  # bytes
SECONDS = 30  # of a processor


def main(asked: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    told = json.loads(asked)
    sources, left = read(Path(told["root"]))
    print(json.dumps(review(sources, left, told["parts"]).as_dict(), ensure_ascii=True))


if __name__ == "__main__":
    main(sys.argv[1])
