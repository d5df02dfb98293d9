"""What the routes share: the course and its parts, and how a page is made of a template. One object, no globals."""

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import Response

from wenjin.kit.text import Language, Text
from wenjin.study.chat.commands import Commands
from wenjin.study.chat.talk import Talk
from wenjin.study.course.graph import Course, Exercise
from wenjin.study.course.marks import marks, met
from wenjin.study.course.render import Renderer
from wenjin.study.judge.client import Judge
from wenjin.study.labs.runner import Runner
from wenjin.study.progress.questions import Question
from wenjin.study.progress.state import Progress
from wenjin.study.store.chats import Chat
from wenjin.study.store.log import Log
from wenjin.study.store.notes import Note, Notes
from wenjin.study.store.places import Places
from wenjin.study.web import typeset
from wenjin.study.web.asking import Box
from wenjin.study.web.assets import Assets
from wenjin.study.web.atlas import Drawing, draw
from wenjin.study.web.cards import Cards
from wenjin.study.web.fetches import Fetches
from wenjin.study.web.record import Record
from wenjin.study.web.search import Search, documents, of_chats, of_notes, of_questions, of_runs, plain
from wenjin.study.web.security import Sessions
from wenjin.study.web.words import load_words

THEMES = ("auto", "light", "dark")
PATIENCE = 30.0  # seconds
YEAR = 365 * 24 * 3600
log = logging.getLogger("wenjin.web")


@dataclass(eq=False)
class Site:
    """
    language  what a visitor reads who never chose and whose browser asks for neither
    warming   the judge's answer to `warm`, once it was asked to; it holds the sandbox's tier
    commands  how the models of this machine are listed and served
    leaving   set when the server is told to stop: what streams ends then
    """

    course: Course
    log: Log
    judge: Judge
    runner: Runner
    places: Places
    sessions: Sessions
    renderer: Renderer
    language: Language
    version: str
    commands: Commands = field(default_factory=Commands)
    words: Mapping[str, Text] = field(default_factory=load_words)
    assets: Assets = field(default_factory=Assets)
    warming: "Future[dict[str, Any]] | None" = None
    leaving: threading.Event = field(default_factory=threading.Event)
    _once: threading.Lock = field(default_factory=threading.Lock)
    _noted: tuple[list[Note], Search] | None = None
    _asked: tuple[tuple[list[Question], list[tuple[str, str]]], Search] | None = None
    _said: tuple[list[Chat], Language, Search] | None = None

    @cached_property
    def environment(self) -> Environment:
        folder = Path(__file__).with_name("templates")
        environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.filters |= {
            "say": say,
            "ticks": typeset.ticks,
            "fold": typeset.fold,
            "inline": self._inline,
            "plain": plain,
            "local": local,
        }
        return environment

    @cached_property
    def notes(self) -> Notes:
        return Notes(self.log, self.places.workspace, self.course)

    @cached_property
    def box(self) -> Box:
        return Box(self.log, self.course, self.version, self.record)

    @cached_property
    def talk(self) -> Talk:
        return Talk(self.log, self.places, self.commands)

    @cached_property
    def fetches(self) -> Fetches:
        return Fetches(self.places.data)

    @cached_property
    def record(self) -> Record:
        return Record(self.log, self.course, self.places)

    @cached_property
    def cards(self) -> Cards:
        return Cards(self.log, self.course, self.record)

    @cached_property
    def _search(self) -> Search:
        return Search(documents(self.course))

    @cached_property
    def marks(self) -> Mapping[str, str]:
        """What stands for the present content of each topic; files are read once."""
        return marks(self.course)

    @cached_property
    def met(self) -> Mapping[str, str]:
        """The same of the topics that can be read."""
        return met(self.course, self.marks)

    @cached_property
    def drawing(self) -> Drawing:
        """The map."""
        topics = self.course.topics.values()
        stages = {stage: [topic.id for topic in topics if topic.stage == stage] for stage in self.course.stages}
        return draw(stages, {topic.id: topic.prerequisites for topic in topics})

    @property
    def busy(self) -> bool:
        """Does a run or an answer write into the log just now?"""
        return bool(self.runner.records.jobs.all()) or self.talk.answers.busy

    def forget(self) -> None:
        """The log was replaced by another: nothing that was read of the old one is used any more."""
        for name in ("notes", "box"):
            self.__dict__.pop(name, None)
        self.talk.chats.forget()

    def search(self) -> Search:
        with self._once:  # the first to ask builds it
            return self._search

    def search_notes(self) -> Search:
        """An index of the learner's notes as they stand; made anew when one has changed."""
        notes = self.notes.every()
        with self._once:
            if self._noted is None or self._noted[0] != notes:
                self._noted = (notes, Search(of_notes(notes, self.course)))
            return self._noted[1]

    def search_asked(self) -> Search:
        """The same of the learner's questions, and of their remarks on runs."""
        asked, runs = list(self.box.every().values()), [r for r in self.runner.runs().values() if r.remark.strip()]
        made_of = (asked, [(run.id, run.remark) for run in runs])
        with self._once:
            if self._asked is None or self._asked[0] != made_of:
                found = [*of_questions(asked, self.course), *of_runs(runs, self.course)]
                self._asked = (made_of, Search(found))
            return self._asked[1]

    def search_chats(self, language: Language) -> Search:
        """The same of the conversations with models."""
        chats = self.talk.chats.newest()
        with self._once:
            if self._said is None or self._said[:2] != (chats, language):
                self._said = (chats, language, Search(of_chats(chats, language)))
            return self._said[2]

    def warm(self) -> None:
        """Start what a first page or a first verdict would wait for."""
        self.warming = self.judge.warm()
        threading.Thread(target=self._prepare, daemon=True, name="warm").start()

    def _prepare(self) -> None:
        """The cards at once, which the first page asks for; the search, the map and the marks once the judge is warm: a
        first verdict has both processors to itself."""
        self.cards.due()
        if self.warming is not None:
            wait([self.warming], PATIENCE)
        try:
            self.search()
            _ = self.drawing, self.met
            self.talk.models.all()
        except Exception:
            log.exception("preparing the pages failed")  # they are then prepared when asked for, and say what is wrong

    def tier(self) -> dict[str, Any] | None:
        """The sandbox tier as proven; None while it is still being proven or when the judge could not start."""
        if self.warming is None or not self.warming.done() or self.warming.exception():
            return None
        result: dict[str, Any] | None = self.warming.result().get("result")
        return result

    @lru_cache(256)  # noqa: B019 - one site lives as long as the process
    def problem(self, exercise: str, variant: int) -> Mapping[str, Any]:
        """What a learner is shown of an exercise that is not answered by a program. Raises JudgeError."""
        return self.judge.problem(exercise, variant)

    def progress(self) -> Progress:
        return self.record.progress()

    def html(self, text: Text, language: Language) -> Markup:
        """A task, hint or card as HTML."""
        return Markup(self.renderer.markdown(text[language], language))

    @pass_context
    def _inline(self, context: Context, text: str) -> Markup:
        return Markup(self.renderer.markdown(text, context["language"], inline=True))

    def speaks(self, request: Request) -> Language:
        """The language of this visit: the address, else what was chosen, else what the browser asks for."""
        asked = request.query_params.get("lang") or request.cookies.get("wenjin-lang")
        if asked not in ("zh", "en"):
            accepted = [
                part.split(";")[0].strip()[:2] for part in request.headers.get("accept-language", "").split(",")
            ]
            asked = next((tongue for tongue in accepted if tongue in ("zh", "en")), self.language)
        return "zh" if asked == "zh" else "en"

    def page(self, request: Request, template: str, code: int = 200, **values: Any) -> HTMLResponse:
        """A template as a page in the reader's language and theme."""
        language = self.speaks(request)
        theme = request.cookies.get("wenjin-theme", "auto")

        def t(key: str, **blanks: object) -> str:
            return self.words[key][language].format(**blanks)

        def here(**changed: str) -> str:
            query = {k: v for k, v in parse_qsl(request.url.query) if k not in ("lang", "token")} | changed
            return request.url.path + (f"?{urlencode(query)}" if query else "")

        tier = self.tier()
        scope: dict[str, Any] = {
            "t": t,
            "here": here,
            "asset": self.assets,
            "link": link,
            "language": language,
            "other": "en" if language == "zh" else "zh",
            "theme": theme if theme in THEMES else "auto",
            "course": self.course,
            "version": self.version,
            "tier": t("frame.tier", label=tier["label"][language], tier=tier["tier"])
            if tier
            else t("frame.tier-unknown"),
            "nonce": request.state.nonce,
            "csrf": request.state.csrf,
            "session": request.state.session,
            "place": "",
            "due": self.cards.due,
            "paper": request.cookies.get("wenjin-paper", ""),
            "maths": None,
        }
        body = self.environment.get_template(template).render(scope | values)
        # Half a surrogate pair, which a terminal or an archive may bring, is no UTF-8: it is shown as a question mark.
        response = HTMLResponse(
            body.encode("utf-8", "replace"), code, headers={"cache-control": "no-cache, private", "vary": "Cookie"}
        )
        if request.query_params.get("lang") == language and request.state.session:
            remember(response, "wenjin-lang", language)
        return response

    def refuse(self, request: Request, status: int, key: str, text: Text | None = None) -> Response:
        """A refusal as a page, or, to a script, as JSON. It says what to do and nothing about the inside."""
        text = text or self.words[f"error.{key}-text"]
        if request.url.path.startswith("/api/") and not request.headers.get("hx-request"):
            return JSONResponse({"error": text.as_dict()}, status)
        return self.page(request, "error.html", status, status=status, key=key, text=text)

    def maths(self) -> str:
        """The address of the sheet for the formulas rendered so far: ask after rendering."""
        return f"/maths.css?v={self.renderer.maths.version()}"


@pass_context
def say(context: Context, text: Text) -> str:
    """A Text in the reader's language."""
    return text[context["language"]]


def local(at: datetime | str) -> str:
    """A moment of the record by the clock of this machine, which is the learner's."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def whole(text: str, digits: int = 9) -> int | None:
    """A number from a form, an address or a header; None where it is none or has more digits."""
    return int(text) if text.isdecimal() and len(text) <= digits else None


def link(exercise: Exercise) -> str:
    return f"/topics/{exercise.topic}/exercises/{exercise.name}"


def remember(response: Response, name: str, value: str) -> None:
    """Keep a choice of the reader in their browser."""
    response.set_cookie(name, value, max_age=YEAR, httponly=True, samesite="strict", path="/")
