"""Reviewing: one card at a time, its answer on demand, four ratings with their intervals, the last one undone.

The page works as plain forms; its island adds keys and sends a rating in the background, to the same effect. An answer
may be typed before it is seen: it is compared and not kept. A mistake is asked as a link to its exercise.
"""

from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field
from starlette.responses import Response

from wenjin.study.memory.schedule import RATINGS
from wenjin.study.memory.spoken import spoken
from wenjin.study.progress.deck import MOST, Deck, Entry
from wenjin.study.progress.typed import Expected, compare, expected
from wenjin.study.web.site import Site, link, whole

LONGEST = 3_600_000  # milliseconds that one answer may be said to have taken
NAMES = ("again", "hard", "good", "easy")

Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Rating = Annotated[int, Field(ge=1, le=4)]
CardId = Annotated[str, Field(max_length=300)]


class Rated(BaseModel):
    """An answer. `id` is drawn where it was given, so that sending it again is harmless; `seen` is how many reviews
    of the card it was given after: when there are more by now, another window was quicker, and it does not count."""

    card: CardId
    rating: Rating
    id: Id = Field(default_factory=lambda: uuid4().hex)
    seen: Annotated[int, Field(ge=0)] | None = None
    ms: Annotated[float, Field(ge=0)] | None = None


class Undone(BaseModel):
    """`event` is what to take back; without it, the last of today."""

    event: Id | None = None


class Limits(BaseModel):
    """How many new cards and how many reviews a day."""

    fresh: Annotated[int, Field(ge=0, le=MOST)]
    reviews: Annotated[int, Field(ge=0, le=MOST)]


def router(site: Site) -> APIRouter:
    routes = APIRouter()
    cards = site.cards

    def keep(given: Rated) -> None:
        ms = None if given.ms is None else round(min(given.ms, LONGEST))
        if not cards.rate(given.card, given.rating, given.id, ms, given.seen):
            raise HTTPException(404)

    @routes.get("/review")
    def review(request: Request, card: str = "", new: int | None = None) -> Response:
        return show(site, request, cards.deck(new), card, new)

    @routes.post("/review")
    def rate(given: Annotated[Rated, Form()], new: Annotated[str, Form()] = "") -> Response:
        keep(given)
        return RedirectResponse(address(number(new)), 303)

    @routes.post("/review/compare")
    def compared(
        request: Request,
        card: Annotated[str, Form()],
        typed: Annotated[str, Form()] = "",
        new: Annotated[str, Form()] = "",
    ) -> Response:
        """The card with its answer, and what was typed beside it. Nothing is kept."""
        found = cards.deck(number(new))
        if card not in found.entries:
            raise HTTPException(404)
        return show(site, request, found, card, number(new), typed)

    @routes.post("/review/undo")
    def undo(given: Annotated[Undone, Form()], new: Annotated[str, Form()] = "") -> Response:
        return RedirectResponse(address(number(new), cards.undo(given.event)), 303)

    @routes.post("/review/aside")
    def aside(
        card: Annotated[str, Form()],
        what: Annotated[Literal["bury", "suspend", "unsuspend"], Form()],
        new: Annotated[str, Form()] = "",
        back: Annotated[str, Form()] = "",
    ) -> Response:
        """Not today, not any more, or again."""
        if not cards.set_aside(card, what):
            raise HTTPException(404)
        return RedirectResponse("/review/statistics#aside" if back == "statistics" else address(number(new)), 303)

    @routes.post("/review/limits")
    def limits(given: Annotated[Limits, Form()]) -> Response:
        cards.limit("new-a-day", given.fresh)
        cards.limit("reviews-a-day", given.reviews)
        return RedirectResponse("/review/statistics#limits", 303)

    @routes.post("/review/cards")
    def take(topic: Annotated[str, Form()], back: Annotated[str, Form()] = "") -> Response:
        """Take the cards of a topic into the reviews."""
        if not cards.take(topic):
            raise HTTPException(404)
        return RedirectResponse(f"/topics/{topic}#cards" if back == "topic" else "/review", 303)

    @routes.post("/api/review")
    def rated(given: Rated) -> Response:
        """Keep an answer; when its card is due, and how many are left."""
        keep(given)
        found = cards.deck()
        due = found.entries[given.card].standing.due
        told = {"id": given.id, "card": given.card, "due": due and due.isoformat(), "left": len(found.queue)}
        return JSONResponse(told)

    @routes.post("/api/review/undo")
    def undone(given: Undone) -> Response:
        """Take back what was done last today; its card, or null when there was nothing to take back."""
        return JSONResponse({"card": cards.undo(given.event), "left": cards.due()})

    return routes


def number(text: str) -> int | None:
    """How many new cards a page asks for today; None where it leaves that to what was set."""
    return whole(text, digits=5)


def address(new: int | None, card: str | None = None) -> str:
    """The page of the next card, or of this one."""
    query = [f"card={card}"] * bool(card) + [f"new={new}"] * (new is not None)
    return "/review" + "?" * bool(query) + "&".join(query)


def show(site: Site, request: Request, found: Deck, wish: str, new: int | None, typed: str | None = None) -> Response:
    entry = found.asked(wish)
    language = site.speaks(request)
    card = entry.card if entry else None
    front, back = (entry and entry.sides) or (None, None)
    wanted = expected(card.kind, back[language]) if card and back else None
    if entry is None or entry.id != wish:
        typed = None  # another card by now
    topics = {each.topic.id for each in found.entries.values()}
    return site.page(
        request,
        "review.html",
        place="review",
        deck=found,
        counts=counts(found),
        asked=entry,
        front=front and site.html(front, language),
        back=back and site.html(back, language),
        wanted=wanted,
        typed=typed,
        compared=held_against(wanted, typed),
        exercise=entry and entry.exercise and f"{link(entry.exercise)}?variant={entry.numbers}",
        ratings=ratings(found, entry) if entry else [],
        draw=uuid4().hex,
        new="" if new is None else new,
        then=address(new),
        recalled=sum(answer.rating > 1 for answer in found.today),
        following=found.following and spoken(found.following - found.now)[language],
        others=[t for t in site.course.topics.values() if t.cards and t.id not in topics],
        maths=site.maths(),
    )


def held_against(wanted: Expected | None, typed: str | None) -> object:
    return compare(typed, wanted) if wanted and typed is not None and typed.strip() else None


def counts(found: Deck) -> list[tuple[str, int]]:
    """How many cards are asked now, by what they are."""
    steps = found.left("learning", "relearning")
    return [
        ("due", found.left("review")),
        ("mistakes", found.mistakes),
        ("steps", steps),
        ("new", found.left("new")),
    ]


def ratings(found: Deck, entry: Entry) -> list[dict[str, object]]:
    """The four buttons: number, name, and how long until the card comes back."""
    told = zip(RATINGS, NAMES, found.intervals(entry), strict=True)
    return [{"rating": rating, "name": name, "interval": spoken(interval)} for rating, name, interval in told]
