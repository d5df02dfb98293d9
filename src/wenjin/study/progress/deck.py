"""The learner's cards: which are asked now, in which order, and what was answered today. Pure, from events.

A topic's cards are the learner's once one of its exercises was tried, or once they were taken; `recall` says from which
events, `mistakes` how a mistake becomes a card. A day ends at four in the morning of the learner's time zone, which is
that of `now`.

    limits     so many new cards a day, so many reviews; short steps are always asked
    siblings   cards of one section of a lesson, and mistakes of one exercise: one a day; the others are buried until
               the next. What is in its short steps is no sibling: it has been shown already
    in a row   neither the same card nor a sibling comes twice in a row while another waits; a card with other wordings
               is never asked in the same one twice in a row
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from wenjin.kit.text import Text
from wenjin.study.course.graph import Card, Course, Exercise, Topic
from wenjin.study.memory import schedule
from wenjin.study.memory.dice import dice
from wenjin.study.memory.schedule import Standing
from wenjin.study.progress import mistakes, retention
from wenjin.study.progress.recall import LEECH, NIGHT, NOTHING, Act, Kept, Recall, recall, undoable
from wenjin.study.progress.recall import Answer as Answer
from wenjin.study.progress.recall import Happening as Happening
from wenjin.study.progress.recall import day_of as day_of

NEW_A_DAY = 20
REVIEWS_A_DAY = 200
MOST = 9999
LATE = timedelta(hours=1)  # after which what was done on another day is not taken back
AHEAD = timedelta(minutes=20)  # a short step that ends within this is taken when nothing else is left


@dataclass(frozen=True, slots=True)
class Entry:
    """A card of the learner's, and where it stands. `id` is `topic/card` or `mistake:topic/exercise/mistake`: the
    latter has no `card` but an `exercise` and what it is to show again. `section` is the anchor that answers it."""

    id: str
    topic: Topic
    card: Card | None
    standing: Standing
    exercise: Exercise | None = None
    suspended: bool = False

    @property
    def mistake(self) -> str:
        return mistakes.parts(self.id)[1] if self.exercise else ""

    @property
    def sides(self) -> tuple[Text, Text] | None:
        """Question and answer in the wording of this time: after each answer the next one, in turn."""
        return self.card.sides[self.standing.reviews % len(self.card.sides)] if self.card else None

    @property
    def group(self) -> str:
        """What its siblings share."""
        return f"{self.topic.id}#{self.card.section}" if self.card else mistakes.parts(self.id)[0]

    @property
    def leech(self) -> bool:
        """It was forgotten so often that another way must be found."""
        return self.standing.lapses >= LEECH

    @property
    def numbers(self) -> int:
        """Which numbers its exercise shows this time."""
        return mistakes.numbers(self.standing.reviews, dice(self.id))


@dataclass(frozen=True, slots=True)
class Deck:
    """
    now        the present, as far as the clock is believed
    entries    the learner's cards by id, in the order of the course; then mistakes
    queue      the ids that are asked now: short steps, then due cards, then new ones, then steps a little early
    today      the answers of this day, in order
    begun      how many new cards were begun today; waiting: how many wait for another day
    put_off    how many due cards are beyond the day's limit
    following  when the next card is due that is not asked now; None when there is none
    buried     how many could be asked and are not on this day: siblings, and what was buried by hand
    last       what an undo takes back
    new_a_day  the limits of this day
    """

    now: datetime
    entries: Mapping[str, Entry]
    queue: tuple[str, ...]
    today: tuple[Answer, ...]
    begun: int
    waiting: int
    following: datetime | None
    put_off: int = 0
    buried: int = 0
    last: Answer | Act | None = None
    new_a_day: int = NEW_A_DAY
    reviews_a_day: int = REVIEWS_A_DAY

    @property
    def all_new(self) -> int:
        """The number of new cards a day with which none has to wait today."""
        return max(self.new_a_day, self.begun) + self.waiting

    @property
    def aside(self) -> tuple[Entry, ...]:
        """What is suspended, leeches among it."""
        return tuple(entry for entry in self.entries.values() if entry.suspended)

    def left(self, *phases: schedule.Phase) -> int:
        """How many cards of these phases are asked now, mistakes not among them; of all without any."""
        asked = (self.entries[id] for id in self.queue)
        return sum(not phases or (entry.card is not None and entry.standing.phase in phases) for entry in asked)

    @property
    def mistakes(self) -> int:
        """How many exercises are asked now for a mistake."""
        return sum(self.entries[id].exercise is not None for id in self.queue)

    def asked(self, wish: str = "") -> Entry | None:
        """The card to ask: the one that is wished for if it is in the queue, else the first."""
        if not self.queue:
            return None
        return self.entries[wish if wish in self.queue else self.queue[0]]

    def intervals(self, entry: Entry) -> tuple[timedelta, ...]:
        """How long until it comes back, for each rating."""
        return schedule.intervals(entry.standing, self.now, dice(entry.id), steps=entry.card is not None)


def deck(events: Iterable[Happening], course: Course, now: datetime, new_a_day: int | None = None) -> Deck:
    """The deck as these events, in their order, have left it; `new_a_day` instead of what was set."""
    return lay(recall(events, now), course, now, new_a_day)


def lay(found: Recall, course: Course, now: datetime, new_a_day: int | None = None) -> Deck:
    """The deck of now. Raises Replay when the clock went back further than `found` tells."""
    present = found.present(now)
    day = day_of(present, now)
    entries = mine(found, course, present)
    of_late = [deed for deed in found.recent if deed.card in entries or mistakes.is_mistake(deed.card)]  # or gone now
    of_today = [deed for deed in of_late if day_of(deed.reading.at, now) == day]
    today = [deed for deed in of_today if isinstance(deed, Answer) and not mistakes.is_mistake(deed.card)]
    answered = {deed.card for deed in of_today if isinstance(deed, Answer)}
    began = {id for id in answered if day_of(found.current[id].begun or present, now) == day}
    begun = sum(not mistakes.is_mistake(id) for id in began)
    new = limit(found, "new-a-day", NEW_A_DAY) if new_a_day is None else new_a_day
    reviews = limit(found, "reviews-a-day", REVIEWS_A_DAY)

    hidden = {deed.card for deed in of_today if isinstance(deed, Act) and deed.what == "bury"}
    open = {id: entry for id, entry in entries.items() if not entry.suspended and id not in hidden}
    steps, due, early, fresh = queues(open, present)
    shown = [id for id in answered if not (mistakes.is_mistake(id) and id in began)]
    seen = {group(id, entries): id for id in (*shown, *steps, *early)}
    due, put_off, twins = alone(due, entries, seen, max(0, reviews - len(answered - began)))
    fresh, waiting, more_twins = alone(fresh, entries, seen, max(0, new - begun))

    back = next((deed for deed in reversed(of_late) if undoable(deed)), None)
    last = next((deed.card for deed in reversed(of_today) if isinstance(deed, Answer)), None)
    queue = apart((*steps, *due, *fresh, *early), entries, last)
    dawn = datetime.combine(day + timedelta(days=1), time(), now.tzinfo) + NIGHT
    later = [e.standing.due for e in open.values() if e.standing.due and e.id not in set(queue)]
    return Deck(
        now=present,
        entries=entries,
        queue=queue,
        today=tuple(today),
        begun=begun,
        waiting=len(waiting),
        put_off=len(put_off),
        buried=len(twins) + len(more_twins) + sum(asks(entries[id], present) for id in hidden & entries.keys()),
        following=min((due if due > present else max(present, dawn) for due in later), default=None),
        last=back if back and (back in of_today or present - back.reading.at < LATE) else None,
        new_a_day=new,
        reviews_a_day=reviews,
    )


def mine(found: Recall, course: Course, now: datetime) -> dict[str, Entry]:
    """The learner's cards. One whose last answer has a time that is not believed is asked at once."""
    current, entries = found.current, dict[str, Entry]()
    for topic in course.topics.values():
        taken_topic = topic.id in found.topics
        for card in topic.cards:
            kept = current.get(id := f"{topic.id}/{card.id}", NOTHING)
            if taken_topic or kept.begun:
                entries[id] = Entry(id, topic, card, dated(kept, now), None, kept.suspended)
    exercises = course.exercises
    for id in filter(mistakes.is_mistake, current):
        exercise = exercises.get(mistakes.parts(id)[0])
        if exercise is not None and exercise.written and current[id].begun and not current[id].gone:
            topic = course.topics[exercise.topic]
            entries[id] = Entry(id, topic, None, dated(current[id], now), exercise, current[id].suspended)
    return entries


def dated(kept: Kept, now: datetime) -> Standing:
    found = kept.standing
    return found if kept.sure or found.due is None else replace(found, due=min(found.due, now))


def limit(found: Recall, name: str, usual: int) -> int:
    """A limit as it was set; the usual one where nothing that can be one was."""
    value = found.limits.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST else usual


def queues(entries: Mapping[str, Entry], now: datetime) -> tuple[list[str], list[str], list[str], list[str]]:
    """What is asked: short steps that have ended, due cards, short steps that soon end, new ones."""
    dated = sorted((e.standing.due, e.id, e.standing.phase) for e in entries.values() if e.standing.due)
    steps = [id for due, id, phase in dated if phase != "review" and due <= now]
    due = [id for due, id, phase in dated if phase == "review" and due <= now]
    early = [id for due, id, phase in dated if phase != "review" and now < due <= now + AHEAD]
    return steps, due, early, [e.id for e in entries.values() if e.standing.phase == "new"]


def asks(entry: Entry, now: datetime) -> bool:
    """Would it be asked now if nothing hid it?"""
    due = entry.standing.due
    return not entry.suspended and (due is None or due <= now)


def group(id: str, entries: Mapping[str, Entry]) -> str:
    """What a card's siblings share, also of a mistake that is gone."""
    return entries[id].group if id in entries else mistakes.parts(id)[0]


def alone(
    ids: Iterable[str], entries: Mapping[str, Entry], seen: dict[str, str], most: int
) -> tuple[list[str], list[str], list[str]]:
    """One of each group of which no other was seen: those for today, those beyond its limit; and their siblings."""
    shown: list[str] = []
    beyond: list[str] = []
    twins: list[str] = []
    for id in ids:
        one = seen.setdefault(entries[id].group, id)
        part = twins if one != id else shown if len(shown) < most else beyond
        part.append(id)
    return shown, beyond, twins


def apart(queue: tuple[str, ...], entries: Mapping[str, Entry], last: str | None) -> tuple[str, ...]:
    """The queue with something else first than what was answered last: of another group, or at least another card."""
    if last is None or not queue or entries[queue[0]].group != group(last, entries):
        return queue
    others = [id for id in queue if entries[id].group != group(last, entries)] or [id for id in queue if id != last]
    return (others[0], *(id for id in queue if id != others[0])) if others else queue


def statistics(found: Recall, cards: Deck, now: datetime) -> retention.Statistics:
    """How well the reviews work; `cards`: the deck of the same moment."""
    asked = [entry for entry in cards.entries.values() if not entry.suspended]
    due = [day_of(entry.standing.due, now) for entry in asked if entry.standing.due]
    phases = Counter(retention.phase(entry.standing) for entry in asked if entry.card)
    told = {name: phases[name] for name in ("new", "learning", "young", "mature")}
    told |= {"mistakes": sum(entry.card is None for entry in asked), "suspended": len(cards.aside)}
    return retention.statistics(found.tallies(), due, told, day_of(cards.now, now))
