"""The course on another day: `python later.py 2026-03-02T09:00 start …` runs `wenjin start …` with a clock that stands
there when it begins, and goes on from there. What it starts, the judge and the labs, keeps the machine's clock."""

import datetime
import sys
import time

_now, _datetime = time.time, datetime.datetime


class _Alike(type):
    """What C code makes is a plain datetime: it counts as one of ours."""

    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, _datetime)


def move(begins: str) -> None:
    """From now on it is that moment, in local time, for all that is imported after this."""
    shift = _datetime.fromisoformat(begins).timestamp() - _now()

    class Later(datetime.datetime, metaclass=_Alike):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Later":
            return cls.fromtimestamp(_now() + shift, tz)

    time.time = lambda: _now() + shift
    datetime.datetime = Later  # type: ignore[misc]


if __name__ == "__main__":
    move(sys.argv.pop(1))
    from wenjin.cli import main

    main()
