"""What whoever asked holds in hand: the answer as it comes, and the way to give it up.

Any thread may use it. Tokens are kept until they are fetched, so a slow reader holds nobody up.

Omits    asyncio: `listen` hands tokens to whatever loop the caller has
Proof    tests/stack/infer/test_engine.py
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from wenjin.stack.infer.request import Request, Token

Listener = Callable[[Token], None]


class Ticket:
    """One request's answer.

    seed     of its dice, drawn by the engine where the request names none
    shared   tokens of the prompt that were found, not read; known with the first token
    """

    def __init__(self, request: Request, seed: int) -> None:
        self.request, self.seed, self.shared = request, seed, 0
        self.tokens_so_far: list[Token] = []
        self.news = threading.Condition()
        self.listeners: list[Listener] = []

    def of(self, *, wait: Callable[[int], None], cancel: Callable[[], None]) -> None:
        """The engine says how to wait until there are more than so many tokens, and how to give up."""
        self._wait, self._cancel = wait, cancel

    @property
    def over(self) -> bool:
        return bool(self.tokens_so_far) and self.tokens_so_far[-1].finish is not None

    def tokens(self) -> Iterator[Token]:
        """One by one as they come; whoever stops asking before the last one cancels the rest."""
        place = 0
        try:
            while not (place and self.tokens_so_far[place - 1].finish):
                self._wait(place)
                yield self.tokens_so_far[place]
                place += 1
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Give it up, also while it waits. Does nothing when it is over."""
        self._cancel()

    def listen(self, listener: Listener) -> None:
        """Call this with every token, those so far too, in their order; from the engine's thread, so be quick.

        A listener that raises has its text ended."""
        with self.news:
            for token in self.tokens_so_far:
                listener(token)
            self.listeners.append(listener)

    def put(self, token: Token) -> None:
        """The engine adds a token. What comes after the last one is dropped. Of a failure every listener is told, the
        one that caused it too."""
        with self.news:
            if self.over:
                return
            self.tokens_so_far.append(token)
            self.news.notify_all()
            for listener in self.listeners:
                with suppress(*(Exception,) if token.finish == "error" else ()):
                    listener(token)
