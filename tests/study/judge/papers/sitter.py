"""Someone who has a paper open until they are killed. python sitter.py DATA ID [ANSWERS]

Says when the clock began, by the machine's monotonic clock, which all its processes share; then keeps ANSWERS wrong
answers, one every tenth of a second, and says each.
"""

import sys
import time
from pathlib import Path

from wenjin.study.course.load import load
from wenjin.study.judge.client import local_judge
from wenjin.study.judge.sitting import Room
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places


def main(data: str, id: str, answers: str = "0") -> None:
    judge = local_judge()
    log = open_log(places(Path(data), environ={}), role="command")
    room = Room(log, load(coverage=False), lambda: judge)
    sat = room.get(id)
    assert sat is not None
    if int(answers):
        judge.warm().result(60)
    room.hold(sat)
    print(f"held {time.monotonic()}", flush=True)
    for n in range(int(answers)):
        item = sat.items[n % len(sat.items)][0]
        room.answer(sat, item, f'variant = 1\n[answer]\nx = "{n}"\n'.encode())
        print(f"kept {n}", flush=True)
        time.sleep(0.1)
    time.sleep(600)


if __name__ == "__main__":
    main(*sys.argv[1:])
