"""The page of how well the reviews work: retention, the load to come, a year of days, what is set aside, the limits."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from wenjin.study.progress.recall import day_of
from wenjin.study.web.site import Site

WEEKS = 53
LEVELS = (1, 10, 30, 80)  # answers from which a day is drawn darker


def router(site: Site) -> APIRouter:
    routes = APIRouter()

    @routes.get("/review/statistics")
    def statistics(request: Request) -> Response:
        found, deck = site.cards.statistics(), site.cards.deck()
        language = site.speaks(request)
        now = datetime.now().astimezone()
        today = day_of(deck.now, now)
        fallen = [n for _, n in found.forecast]
        year = {day: n for day, n in found.days.items() if first_day(today) <= day <= today}
        words = site.words
        return site.page(
            request,
            "review_statistics.html",
            place="review",
            found=found,
            deck=deck,
            most=max(fallen),
            forecast_text=words["statistics.forecast-text"].format(today=fallen[0], all=sum(fallen), most=max(fallen))[
                language
            ],
            weeks=weeks(year, today),
            year_text=words["statistics.year-text"].format(days=len(year), answers=sum(year.values()))[language],
            months=months(year),
            aside=[(entry, entry.card and site.html(entry.card.front, language)) for entry in deck.aside],
            maths=site.maths(),
        )

    return routes


def first_day(today: date) -> date:
    """The Monday with which the drawn year begins."""
    return today - timedelta(days=today.weekday(), weeks=WEEKS - 1)


def weeks(days: Mapping[date, int], today: date) -> list[list[tuple[date, int, int]]]:
    """Each week with its days until today: how many answers, how dark."""
    all_days = [first_day(today) + timedelta(days=n) for n in range(7 * WEEKS)]
    told = [(day, days.get(day, 0)) for day in all_days if day <= today]
    drawn = [(day, n, sum(n >= least for least in LEVELS)) for day, n in told]
    return [drawn[at : at + 7] for at in range(0, len(drawn), 7)]


def months(days: Mapping[date, int]) -> list[tuple[str, int, int]]:
    """Each month with its days and its answers."""
    studied = Counter(f"{day:%Y-%m}" for day in days)
    answers = Counter[str]()
    for day, n in days.items():
        answers[f"{day:%Y-%m}"] += n
    return [(month, studied[month], answers[month]) for month in sorted(answers)]
