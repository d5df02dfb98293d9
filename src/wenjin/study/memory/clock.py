"""Which readings of a clock to believe. A log keeps the order of events for certain, but their times only as a clock
showed them; clocks are set, run ahead, or start in 1970 when a battery is empty.

    a clock set back by up to a day    stands still until it has caught up: what is asked comes a day late at most
    by more                            the present is believed, and with it as many readings as never go back
    readings that are not believed     lie between those that are, as far apart as they say, and are marked:
                                       whoever counts from such a reading asks at once rather than years too late

So no interval is negative, and a clock that was wrong for a while costs only the gap in which it jumped.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

DAY = timedelta(days=1)
NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Reading:
    """When something happened, and whether the clock was believed when it said so."""

    at: datetime
    sure: bool = True


def believed(shown: Sequence[datetime]) -> list[Reading]:
    """For what a clock showed, in the order in which it was read, times that never go back. The last is the present."""
    times = still(shown)
    if all(one <= other for one, other in pairwise(times)):
        return [Reading(time) for time in times]
    placed = list(times)
    kept = rising(times)
    for n in reversed(range(kept[0])):
        placed[n] = placed[n + 1] - (max(NOTHING, times[n + 1] - times[n]) if n + 1 < kept[0] else NOTHING)
    for last, following in pairwise(kept):
        for n in range(last + 1, following):
            apart = max(NOTHING, times[n] - times[n - 1]) if n - 1 > last else NOTHING
            placed[n] = min(placed[n - 1] + apart, times[following])
    sure = set(kept)
    return [Reading(time, n in sure) for n, time in enumerate(placed)]


def still(shown: Sequence[datetime]) -> list[datetime]:
    """The readings of a clock that stands still where it was set back by no more than a day."""
    times = [shown[0]]
    for reading in shown[1:]:
        times.append(times[-1] if NOTHING < times[-1] - reading <= DAY else reading)
    return times


def rising(times: Sequence[datetime]) -> list[int]:
    """Where the longest run stands that never goes back and ends with the last reading (by patience sorting)."""
    ends: list[datetime] = []  # the least last reading of a run of each length
    places: list[int] = []
    before: list[int] = []  # for each reading, the place of the one before it in the best run that ends there
    for n, time in enumerate(times):
        length = bisect_right(ends, time)
        before.append(places[length - 1] if length else -1)
        ends[length : length + 1] = [time]
        places[length : length + 1] = [n]
    run = [len(times) - 1]
    while before[run[-1]] >= 0:
        run.append(before[run[-1]])
    return run[::-1]
