"""The first page: to a newcomer what this is; from then on, what to do today."""

from datetime import date, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from wenjin.kit.text import Text
from wenjin.study.memory.spoken import spoken
from wenjin.study.progress.today import today
from wenjin.study.web.review import counts
from wenjin.study.web.site import Site

WEEKDAYS = ("一 Monday", "二 Tuesday", "三 Wednesday", "四 Thursday", "五 Friday", "六 Saturday", "日 Sunday")


def router(site: Site) -> APIRouter:
    routes = APIRouter()
    course = site.course
    written = sum(topic.written for topic in course.topics.values())

    @routes.get("/")
    def home(request: Request) -> Response:
        now = datetime.now().astimezone()
        found = today(site.log.events(), course, site.cards.deck())
        language = site.speaks(request)
        deck = found.deck
        return site.page(
            request,
            "home.html",
            place="home",
            today=found,
            counts=counts(deck),
            date=dated(now.date()),
            things=sum(map(bool, (found.run, deck.queue, found.step))),
            following=deck.following and spoken(deck.following - deck.now)[language],
            written=written,
        )

    return routes


def dated(day: date) -> Text:
    """A day by its date and weekday."""
    zh, en = WEEKDAYS[day.weekday()].split()
    return Text(f"{day.month} 月 {day.day} 日，星期{zh}", f"{en}, {day:%B} {day.day}")
