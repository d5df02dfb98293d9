"""The first page: to a newcomer what this is; from then on, what to do today and why."""

from datetime import date, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from wenjin.kit.text import Text
from wenjin.study.memory.spoken import spoken
from wenjin.study.progress.news import waiting
from wenjin.study.progress.paper import scopes
from wenjin.study.progress.spoken import because, because_weak
from wenjin.study.progress.today import today
from wenjin.study.progress.ways import followed
from wenjin.study.web.review import counts
from wenjin.study.web.site import Site

TEMPLATES = ("home.html", "parts.html", "base.html")  # of the page; base also of all others
WEEKDAYS = ("一 Monday", "二 Tuesday", "三 Wednesday", "四 Thursday", "五 Friday", "六 Saturday", "日 Sunday")
THINGS = ("none", "one", "two", "three", "four", "five", "six")


def router(site: Site) -> APIRouter:
    routes = APIRouter()
    course = site.course
    written = sum(topic.written for topic in course.topics.values())
    exercises = [exercise.id for exercise in course.exercises.values() if exercise.written]

    @routes.get("/")
    def home(request: Request) -> Response:
        learner = site.record.learner()
        found = today(learner, site.cards.deck(), site.record.sittings().open())
        deck = found.deck
        return site.page(
            request,
            "home.html",
            place="home",
            today=found,
            counts=counts(deck),
            date=dated(datetime.now().astimezone().date()),
            things=THINGS[found.things],
            because=because(found.step) if found.step else None,
            beside=[(step, because(step)) for step in found.beside],
            paper=scopes(course).get(found.papers[0].of) if found.papers else None,
            because_weak=because_weak(found.weakest) if found.weakest else None,
            following=deck.following and spoken(deck.following - deck.now)[site.speaks(request)],
            followed=followed(learner.work.settings, course),
            passed=sum(id in learner.work.passed for id in exercises),
            exercises=len(exercises),
            written=written,
            news=waiting(learner.work.settings, lambda: site.met),
        )

    return routes


def dated(day: date) -> Text:
    """A day by its date and weekday."""
    zh, en = WEEKDAYS[day.weekday()].split()
    return Text(f"{day.month} 月 {day.day} 日，星期{zh}", f"{en}, {day:%B} {day.day}")
