"""The queue of lab runs: who waits, who runs, and in whose hands.

A row is a run that is not over. Its holder is the process that works on it; "" while it waits. Whether a holder still
lives is for the caller to say: it names the holder that it takes the run from, so of two who try only one succeeds.
Each change is one transaction with the event that tells of it: the queue and the log never disagree.

Every change may be sent twice (a client does, when its owner dies in the middle) and counts once.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Float, Integer, MetaData, String, Table, Text, select
from sqlalchemy.types import BigInteger

from wenjin.study.store.log import Event

table = Table(
    "job",
    MetaData(),
    Column("seq", BigInteger, primary_key=True),
    Column("id", String),
    Column("lab", Text),
    Column("asked", Text),  # JSON in ASCII
    Column("sender", String),
    Column("holder", String),
    Column("beat", Float),
    Column("starts", Integer),
    Column("wish", String),
)


@dataclass(frozen=True, slots=True)
class Job:
    """
    id      of the run
    asked   what the learner asked for: {"arguments", "prediction"}
    sender  the process that put it here
    holder  the process that runs it; "" while it waits
    beat    when the holder last said that it lives: seconds since 1970
    starts  how many processes have begun it since it last came on
    wish    "stop" once the learner wants its end; else ""
    """

    id: str
    lab: str
    asked: Mapping[str, Any]
    sender: str
    holder: str = ""
    beat: float = 0.0
    starts: int = 0
    wish: str = ""

    @staticmethod
    def from_row(row: Mapping[str, Any]) -> "Job":
        return Job(**{**row, "asked": json.loads(row["asked"])})


class Jobs:
    """The queue as any process of this learner sees it. `ask` carries a request to the owner of the data folder and
    returns its answer (`SharedLog.jobs` makes one). Each call raises StoreError when it fails."""

    def __init__(self, ask: Callable[[Mapping[str, Any]], Any]) -> None:
        self._ask = ask

    def all(self) -> list[Job]:
        """In the order in which they came."""
        return [Job.from_row(row) for row in self._do("all")]

    def submit(self, job: Job, event: Event) -> None:
        """Put it at the end of the queue."""
        row = {name: getattr(job, name) for name in job.__slots__} | {"asked": json.dumps(dict(job.asked))}
        self._do("submit", row=row, event=event.as_dict())

    def take(self, id: str, mine: str, *, instead_of: str, dead: Iterable[str], now: float, event: Event) -> bool:
        """Begin the run in place of its holder. False if another was faster, or a living one runs something else:
        every other holder must be among the `dead`."""
        known = list(dead)
        return bool(
            self._do("take", id=id, mine=mine, instead_of=instead_of, dead=known, now=now, event=event.as_dict())
        )

    def beat(self, id: str, mine: str, now: float, *, well: bool = False) -> bool:
        """Say that the holder lives; `well`: the run came on, so its starts count from 0 again. False when it is not
        ours any more: stop working on it."""
        return bool(self._do("beat", id=id, mine=mine, now=now, well=well))

    def ask_to_stop(self, id: str) -> bool:
        """False when there is no such run in the queue."""
        return bool(self._do("wish", id=id))

    def release(self, id: str, mine: str) -> bool:
        """Give it back unfinished: it waits at its place for whoever comes next."""
        return bool(self._do("release", id=id, mine=mine))

    def end(self, id: str, mine: str, event: Event) -> bool:
        """The run is over: out of the queue, with the event that says how. False when it was not ours."""
        return bool(self._do("end", id=id, mine=mine, event=event.as_dict()))

    def _do(self, what: str, **more: Any) -> Any:
        return self._ask({"op": "jobs", "do": what, **more})


def answer(
    connection: Connection, insert: Any, append: Callable[[Connection, Event], bool], request: Mapping[str, Any]
) -> Any:
    """What a request asks of the queue, inside one transaction. `insert` is the dialect's; `append` puts an event into
    the log and says whether it is new."""
    match request["do"]:
        case "all":
            columns = [column for column in table.c if column.name != "seq"]
            return [dict(row) for row in connection.execute(select(*columns).order_by(table.c.seq)).mappings()]
        case "submit":
            if append(connection, Event.from_dict(request["event"])):
                connection.execute(insert(table).values(request["row"]).on_conflict_do_nothing(index_elements=["id"]))
            return None
        case "take":
            return _take(connection, append, request)
        case "beat":
            came_on = {"starts": 0} if request["well"] else {}
            return _change(connection, request, request["mine"], beat=request["now"], **came_on)
        case "wish":
            return bool(
                connection.execute(table.update().where(table.c.id == request["id"]).values(wish="stop")).rowcount
            )
        case "release":
            return _change(connection, request, request["mine"], holder="", beat=0.0, starts=0)
        case "end":
            event = Event.from_dict(request["event"])
            ours = (table.c.id == request["id"]) & (table.c.holder == request["mine"])
            if connection.execute(table.delete().where(ours)).rowcount:
                append(connection, event)
                return True
            return False
        case unknown:
            raise ValueError(unknown)


def _take(connection: Connection, append: Callable[[Connection, Event], bool], request: Mapping[str, Any]) -> bool:
    mine, rows = request["mine"], select(table).order_by(table.c.seq).with_for_update()
    found = {row["id"]: row for row in connection.execute(rows).mappings()}
    row = found.pop(request["id"], None)
    if row is None or row["holder"] not in (request["instead_of"], mine):
        return False
    if row["holder"] == mine:  # said twice
        return True
    if any(other["holder"] not in ("", *request["dead"]) for other in found.values()):
        return False
    _change(connection, request, request["instead_of"], holder=mine, beat=request["now"], starts=row["starts"] + 1)
    append(connection, Event.from_dict(request["event"]))
    return True


def _change(connection: Connection, request: Mapping[str, Any], instead_of: str, **values: Any) -> bool:
    """Change the run while this holder has it."""
    here = (table.c.id == request["id"]) & (table.c.holder == instead_of)
    return bool(connection.execute(table.update().where(here).values(**values)).rowcount)
