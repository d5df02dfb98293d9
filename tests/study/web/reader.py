"""A process that reads a log for the first time, until it is killed: says "reading", then "read" if it was not.

python reader.py DATA
"""

import sys
from pathlib import Path

from wenjin.study.course.load import load
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places
from wenjin.study.web import kept
from wenjin.study.web.record import Record

kept.BATCH, kept.MIDWAY = 10, 50
here = places(Path(sys.argv[1]), environ={})
log = open_log(here, role="command")
record = Record(log, load(coverage=False), here, kept.until_read)
print("reading", flush=True)
record.learner()
print("read", flush=True)
