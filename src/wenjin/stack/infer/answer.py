"""From states and scores to what one asker gets: the echo of the prompt, each chosen token and its text, the end.

Shapes   T rows of a pass   V vocabulary   D width of a state
Proof    tests/stack/infer/test_engine.py
"""

from collections.abc import Callable, Iterator, Sequence

from torch import Tensor

from wenjin.stack.infer.choose import Choice, likely
from wenjin.stack.infer.request import Finish, Token
from wenjin.stack.infer.scheduler import Text
from wenjin.stack.infer.stops import Stops
from wenjin.stack.infer.ticket import Ticket

ROWS = 32  # of a prompt whose scores are looked at at once: each row is as wide as the vocabulary


class Answer:
    """One request under way. `pieces`: id -> bytes; ids beyond its end are shown as nothing."""

    def __init__(self, ticket: Ticket, text: Text, pieces: Sequence[bytes], total: Tensor | None = None) -> None:
        self.ticket, self.request, self.text, self.pieces = ticket, ticket.request, text, pieces
        self.choice = Choice(ticket.request, ticket.seed)
        self.stops = Stops(ticket.request.stop_strings)
        self.told = 0  # tokens of the prompt that were echoed
        self.total, self.added = total, 0  # sum of the prompt's states, (D,), where it is asked for, and of how many
        self.over = False

    def echo(self, first: int, states: Tensor, logits: Callable[[Tensor], Tensor]) -> Iterator[Token]:
        """Tokens of the prompt that are known now: states (T, D) are those of ids[first:], each tells of the next."""
        ids, top = self.request.prompt, self.request.logprobs
        if not self.told:
            yield Token(ids[0], self._piece(ids[0]), of_prompt=True)
            self.told = 1
        last = len(ids) if top is None else min(first + states.shape[0] + 1, len(ids))
        while self.told < last:
            places = range(self.told, min(last, self.told + ROWS))
            chances: list[tuple[float | None, tuple[tuple[int, float], ...]]] = [(None, ())] * len(places)
            if top is not None:
                scores = logits(states[places.start - 1 - first : places.stop - 1 - first])  # (≤ ROWS, V)
                chances = [*likely(scores, ids[places.start : places.stop], top)]
            for place, (chance, best) in zip(places, chances, strict=True):
                yield Token(ids[place], self._piece(ids[place]), chance, best, of_prompt=True)
            self.told = places.stop

    def add(self, first: int, states: Tensor) -> None:
        """Count states (T, D) of ids[first:] in, those that were not yet."""
        if self.total is not None and first + states.shape[0] > self.added:
            self.total += states[self.added - first :].float().sum(dim=0)
            self.added = first + states.shape[0]

    def go_on(self, scores: Tensor, likeliest: Sequence[int], guesses: Sequence[int] = ()) -> list[Token]:
        """Choose the next token from scores (1 + guesses, V), and one more for each guess that it makes come true.

        Raises what choosing raises."""
        if not self.request.most:
            return [Token(-1, b"", finish="length")]
        tokens = [self._next(scores[0], likeliest[0])]
        for n, guess in enumerate(guesses, 1):
            if tokens[-1].finish or tokens[-1].id != guess:
                break
            tokens.append(self._next(scores[n], likeliest[n]))
        return tokens

    def _next(self, scores: Tensor, likeliest: int) -> Token:
        request, text = self.request, self.text
        id = self.choice.next(scores, likeliest, text.ids)
        chance, best = likely(scores[None], [id], request.logprobs)[0] if request.logprobs is not None else (None, ())
        if id in request.stop_ids:
            return Token(id, self.stops.flush(), chance, best, "stop")
        text.ids.append(id)
        self.choice.took(id)
        shown, stopped = self.stops.push(self._piece(id))
        finish: Finish | None = None
        if stopped or self.choice.done:
            finish = "stop"
        elif len(text.ids) - text.prompt >= request.most:
            finish = "length"
        if finish:
            shown += self.stops.flush()
        return Token(id, shown, chance, best, finish)

    def _piece(self, id: int) -> bytes:
        return self.pieces[id] if id < len(self.pieces) else b""
