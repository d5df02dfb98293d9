"""A process that writes events until it is killed, and says which were acknowledged.

    python writer.py ROLE NAME [COUNT]

Prints "open", then one id a line, each as soon as `append` has returned; then "owns" or "client" and the end.
"""

import sys
from datetime import UTC, datetime
from itertools import count

from wenjin.study.store.log import Event, StoreError
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

role, name = sys.argv[1:3]
try:
    log = open_log(places(), role=role, url="http://127.0.0.1:9/" if role == "server" else None)
except StoreError as error:
    sys.exit(f"{error.text.zh}\n{error.text.en}")
print("open", flush=True)
for number in range(int(sys.argv[3])) if len(sys.argv) > 3 else count():
    identity = f"{name}-{number}"
    log.append(Event(identity, datetime(2026, 1, 1, tzinfo=UTC), "attempt", "topic/exercise", {"字": "答" * 50}))
    print(identity, flush=True)
print("owns" if log.owns else "client", flush=True)
sys.stdin.read()
log.close()
