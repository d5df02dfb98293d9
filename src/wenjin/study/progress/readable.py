"""Can all that is derived from a log read these events? Pure.

A log is only added to: an event that no page can read would stand in it for good. What comes from elsewhere is
therefore read once by every fold before it is taken in.
"""

from collections.abc import Callable
from datetime import tzinfo

from wenjin.study.course.graph import Course
from wenjin.study.progress import diary, ledger
from wenjin.study.progress.recall import Happening

FAULTS = (LookupError, TypeError, ValueError, AttributeError, OverflowError)  # what a fold may raise of such an event


def reader(course: Course, zone: tzinfo | None) -> Callable[[Happening], bool]:
    """Takes one event after another, in their order; False for one that cannot be read. `zone`: where the learner
    lives."""
    known, weeks = ledger.empty(course, zone), diary.empty(zone)

    def reads(event: Happening) -> bool:
        try:
            known.take(event)
            weeks.take(event)
        except FAULTS:
            return False
        return event.kind != "note" or isinstance(event.data.get("text"), str)

    return reads
