"""One process owns the data folder; the others send it their events and wait until it says that they are kept.

owner      holds the lock on `owner.lock` (flock: the system frees it when the process dies, however it dies), has the
           database open, and listens on `owner.sock`
command    becomes the owner when there is none, for as long as it lives; otherwise a client of the owner. When the
           owner dies in the middle of a call, it becomes owner or finds the new one, and repeats the same event id
server     `start`: takes over from a command by receiving the locked file itself, so that the lock is free at no
           moment; a second server is refused with the first one's process and address
"""

import json
import os
import socket
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, cast

from wenjin.kit.text import Text
from wenjin.study.store import faults, wire
from wenjin.study.store.database import Closed, Database
from wenjin.study.store.jobs import Jobs
from wenjin.study.store.log import Conflict, Draft, Event, StoreError
from wenjin.study.store.places import Places

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

Role = Literal["server", "command"]

PATIENCE = 15.0  # seconds that a client waits for an owner that does not answer
REFUSAL = 1.8  # seconds within which a second server is refused

NO_LOCKS = Text(
    "这个系统没有本程序所需的文件锁（flock）；在 Windows 上请在 WSL2 里运行。",
    "This system lacks the file locks (flock) that this program needs; on Windows run it inside WSL2.",
)
SECOND = Text(
    "数据目录 {data} 已由进程 {pid} 打开，页面在 {url}；请用那个页面，或先停止它，或用 --data 另选一个目录。",
    "The data folder {data} is already open in process {pid}, at {url}; use that page, stop that process, or choose "
    "another folder with --data.",
)
SILENT = Text(
    "数据目录 {data} 由进程 {pid}（主机 {host}）占用，但它没有回应；请结束该进程后再试，已确认的记录不会丢失。",
    "The data folder {data} is held by process {pid} on {host}, which does not answer; end that process and try again: "
    "nothing that was acknowledged is lost.",
)
OTHER_VERSION = Text(
    "占用数据目录的进程 {pid} 是另一个版本的程序，听不懂这个请求；请重新启动它。",
    "Process {pid}, which holds the data folder, is another version of this program and does not know this request; "
    "start it again.",
)


def open_log(places: Places, *, role: Role, url: str | None = None) -> "SharedLog":
    """The learner's log. `url` is the address of a server's page, told to whoever is refused."""
    return SharedLog(places, role, url)


class SharedLog:
    """The log as one process sees it: its own database, or the owner's over the socket; it may change in between."""

    def __init__(self, places: Places, role: Role, url: str | None) -> None:
        if fcntl is None:
            raise StoreError(NO_LOCKS)
        self._places = places
        self._me = {"pid": os.getpid(), "host": socket.gethostname(), "role": role, "url": url}
        self._owned: _Owned | None = None
        self._peer: socket.socket | None = None
        self._one = threading.RLock()  # one request at a time over the socket, and one change of ownership
        self._ended = False
        try:
            places.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise faults.of_system(error, places.data) from error
        lock = _lock(places.lock)
        if lock is None and role == "server":
            lock = self._take_over()
        if lock is not None:
            self._own(lock)

    @property
    def owns(self) -> bool:
        """Whether this process holds the database now."""
        owned = self._owned
        return owned is not None and not owned.ended

    def append(self, event: Event) -> None:
        self._do({"op": "append", "event": event.as_dict()})

    def events(self, kind: str | None = None, subject: str | None = None) -> list[Event]:
        owned = self._owned
        if owned is not None:
            with suppress(Closed):  # a server took over: ask it below
                return owned.database.events(kind, subject)  # as they are: a long log is not copied for each page
        return [Event.from_dict(row) for row in self._do({"op": "events", "kind": kind, "subject": subject})]

    def since(self, seq: int, kind: str | None = None, most: int | None = None) -> tuple[list[Event], int]:
        owned = self._owned
        if owned is not None:
            with suppress(Closed):
                return owned.database.since(seq, kind, most)
        last, *rows = self._do({"op": "since", "seq": seq, "kind": kind, "most": most})
        return [Event.from_dict(row) for row in rows], int(last["last"])

    def mark(self, seq: int) -> str | None:
        return cast("str | None", self._do({"op": "mark", "seq": seq}))

    def known(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that events of the log have."""
        return set(self._do({"op": "known", "ids": list(ids)}))

    def count(self, after: int = 0) -> int:
        return int(self._do({"op": "count", "after": after}))

    def extend(self, events: Sequence[Event]) -> int:
        return int(self._do({"op": "extend", "events": [event.as_dict() for event in events]}))

    def draft(self, subject: str) -> Draft | None:
        row = self._do({"op": "draft", "subject": subject})
        return None if row is None else Draft(**row)

    def drafts(self, after: str = "", most: int | None = None) -> list[Draft]:
        return [Draft(**row) for row in self._do({"op": "drafts", "after": after, "most": most})]

    def adopt(self, drafts: Sequence[Draft]) -> int:
        return int(self._do({"op": "adopt", "drafts": [_plain(draft) for draft in drafts]}))

    def check(self) -> str:
        """What is wrong with the database itself, in its own words; "" where nothing is."""
        return str(self._do({"op": "check"}))

    def replace(self, events: Iterable[Event], drafts: Iterable[Draft]) -> None:
        """These and no others, in one step. Only for the owner, while nobody else reads: ValueError otherwise."""
        owned = self._owned
        if owned is None or owned.ended:
            raise ValueError("another process owns the data folder")
        owned.database.replace(events, drafts)

    def save_draft(self, subject: str, text: str, revision: int) -> Draft:
        row = self._do({"op": "save_draft", "subject": subject, "text": text, "revision": revision})
        if "conflict" in row:
            raise Conflict(Draft(**row["conflict"]))
        return Draft(**row)

    @property
    def jobs(self) -> Jobs:
        """The queue of lab runs, kept by the owner too."""
        return Jobs(self._do)

    def close(self) -> None:
        with self._one:
            self._ended = True
            self._hang_up()
            if self._owned is not None:
                if self._owned.end():
                    os.close(self._owned.lock)
                self._owned = None

    def _do(self, request: Mapping[str, Any]) -> Any:
        deadline = time.monotonic() + PATIENCE
        while True:
            owned = self._owned
            if owned is not None:
                try:
                    return answer(owned.database, request)
                except Closed:  # a server took over
                    with self._one:
                        if self._owned is owned:
                            self._owned = None
            with self._one:
                if self._ended:
                    raise Closed
                with suppress(OSError):  # no owner there, or it died: look again
                    return self._ask(request, max(0.1, deadline - time.monotonic()))
                self._hang_up()
                if self._owned is None and (lock := _lock(self._places.lock)) is not None:
                    self._own(lock)
                    continue
            if time.monotonic() > deadline:
                raise StoreError(SILENT.format(data=self._places.data, **_name(self._places.lock)))
            time.sleep(0.02)

    def _ask(self, request: Mapping[str, Any], timeout: float) -> Any:
        if self._peer is None:
            self._peer = wire.connect(self._places.socket, timeout)
        self._peer.settimeout(timeout)
        wire.send(self._peer, request)
        reply = wire.receive(self._peer)[0]
        if "refused" in reply:
            raise StoreError(Text(**reply["refused"]))
        if "rows" in reply:  # as many messages, so that a long log needs no long message
            return [wire.receive(self._peer)[0] for _ in range(reply["rows"])]
        return reply["done"]

    def _hang_up(self) -> None:
        if self._peer is not None:
            self._peer.close()
            self._peer = None

    def _own(self, lock: int) -> None:
        try:
            self._owned = _Owned(self._places, lock, self._me)
        except OSError as error:
            os.close(lock)
            raise faults.of_system(error, self._places.data) from error
        except BaseException:
            os.close(lock)
            raise

    def _take_over(self) -> int:
        """The locked file, from the command that holds it."""
        deadline = time.monotonic() + REFUSAL
        while (left := deadline - time.monotonic()) > 0:
            with suppress(OSError), wire.connect(self._places.socket, left) as peer:
                wire.send(peer, {"op": "yield"})
                reply, lock = wire.receive(peer)
                if lock is not None:
                    return lock
                raise StoreError(SECOND.format(data=self._places.data, **reply["owner"]))
            if (free := _lock(self._places.lock)) is not None:
                return free
            time.sleep(0.02)
        name = _name(self._places.lock)
        told = SECOND if name["role"] == "server" else SILENT
        raise StoreError(told.format(data=self._places.data, **name))


class _Owned:
    """The data folder in this process's hands: database, socket, and the threads that answer on it."""

    def __init__(self, places: Places, lock: int, me: Mapping[str, Any]) -> None:
        self.lock = lock
        self.ended = False
        self._places, self._me = places, me
        self._peers: set[socket.socket] = set()
        self._one = threading.Lock()
        with suppress(OSError):  # a full disk must not keep anyone from reading
            os.ftruncate(lock, 0)
            os.pwrite(lock, json.dumps(me).encode(), 0)
        self.database = Database(places.database_url, places.backups)
        try:
            self._listener = wire.listen(places.socket)
        except BaseException:
            self.database.close()
            raise
        threading.Thread(target=self._accept, name="store", daemon=True).start()

    def end(self) -> bool:
        """Stop answering: every event acknowledged so far is on the disk. False if that was done before."""
        with self._one:
            if self.ended:
                return False
            self.ended = True
        self.database.close()
        self._places.socket.unlink(missing_ok=True)  # still under the lock, so it is surely ours
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._one:
            peers = set(self._peers)
        for peer in peers:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RD)
        return True

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                peer, _ = self._listener.accept()
                with self._one:
                    self._peers.add(peer)
                threading.Thread(target=self._serve, args=(peer,), name="store-peer", daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer, suppress(OSError, Closed):
            while True:
                request, file = wire.receive(peer)
                if file is not None:
                    os.close(file)
                if request.get("op") == "yield":
                    self._yield(peer)
                else:
                    self._reply(peer, request)
        with self._one:
            self._peers.discard(peer)

    def _yield(self, peer: socket.socket) -> None:
        if self._me["role"] == "server":
            wire.send(peer, {"owner": self._me})
        elif self.end():
            try:
                wire.send(peer, {"done": None}, self.lock)
            finally:
                os.close(self.lock)

    def _reply(self, peer: socket.socket, request: Mapping[str, Any]) -> None:
        try:
            done = answer(self.database, request)
        except StoreError as error:
            wire.send(peer, {"refused": error.text.as_dict()})
        except (KeyError, TypeError, ValueError):
            wire.send(peer, {"refused": OTHER_VERSION.format(pid=self._me["pid"]).as_dict()})
        else:
            if isinstance(done, list):
                wire.send(peer, {"rows": len(done)})
                for row in done:
                    wire.send(peer, row)
            else:
                wire.send(peer, {"done": done})


def answer(database: Database, request: Mapping[str, Any]) -> Any:
    """What a request asks of the database, as JSON: one way for the owner itself and for its clients."""
    match request["op"]:
        case "append":
            database.append(Event.from_dict(request["event"]))
            return None
        case "events":
            return [event.as_dict() for event in database.events(request["kind"], request["subject"])]
        case "since":
            rows, last = database.since(request["seq"], request["kind"], request["most"])
            return [{"last": last}, *(event.as_dict() for event in rows)]
        case "mark":
            return database.mark(request["seq"])
        case "known":
            return database.known(request["ids"])
        case "count":
            return database.count(request["after"])
        case "extend":
            return database.extend([Event.from_dict(row) for row in request["events"]])
        case "drafts":
            return [_plain(draft) for draft in database.drafts(request["after"], request["most"])]
        case "adopt":
            return database.adopt([Draft(**row) for row in request["drafts"]])
        case "check":
            return database.check()
        case "draft":
            draft = database.draft(request["subject"])
            return None if draft is None else _plain(draft)
        case "save_draft":
            try:
                return _plain(database.save_draft(request["subject"], request["text"], request["revision"]))
            except Conflict as conflict:
                return {"conflict": _plain(conflict.current)}
        case "jobs":
            return database.jobs(request)
        case unknown:
            raise ValueError(unknown)


def _plain(draft: Draft) -> dict[str, Any]:
    return {"subject": draft.subject, "text": draft.text, "revision": draft.revision}


def _lock(path: Path) -> int | None:
    """The lock file, open and locked; None when another process holds it."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise faults.of_system(error, path.parent) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    except OSError as error:
        os.close(file)
        raise faults.of_system(error, path) from error
    return file


def _name(path: Path) -> dict[str, Any]:
    """Who wrote its name into the lock file: for a sentence only, as a killed owner's name stays there."""
    unknown: dict[str, Any] = {"pid": "?", "host": "?", "role": "command", "url": None}
    with suppress(OSError, ValueError, TypeError):
        unknown |= json.loads(path.read_text(encoding="utf-8"))
    return unknown


def server(places: Places) -> str | None:
    """The address of the server that holds the data folder now; None when no server does."""
    if fcntl is None:
        return None
    try:
        file = os.open(places.lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # nobody holds it: what its text says is past
        return None
    except BlockingIOError:
        name = _name(places.lock)
        return str(name["url"]) if name["role"] == "server" and name["url"] else None
    finally:
        os.close(file)
