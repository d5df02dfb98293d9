"""Guesses of what texts will say next, read in the same pass as their newest tokens, and kept where they came true.

The engine takes guesses as they are, without odds: a text chooses its token as ever, with its own dice, and a guess
is right when it is the token that was chosen. So a draft changes the speed and no token.

Omits    drafts that draw: keeping more of those costs the same tokens in any company (infer/speculative.py has them)
Source   arXiv:2211.17192 (2.2)
Proof    tests/stack/infer/test_guessing.py: token for token the same, in fewer passes
"""

from collections.abc import Callable, Sequence

from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.infer.scheduler import Text
from wenjin.stack.infer.speculative import Draft

ROWS = 16  # of a pass that guesses and newest tokens share: with many texts a pass is full without guesses
LONGEST = 4  # guesses for one text


class Guesser:
    """`draft` makes one for each text: it may remember what it has read."""

    def __init__(self, draft: Callable[[], Draft]) -> None:
        self.draft, self.drafts = draft, dict[Text, Draft]()
        self.greedy = Sampler(temperature=0)

    def guess(self, running: Sequence[Text]) -> None:
        """Note guesses on each text that is writing."""
        self.drafts = {text: draft for text, draft in self.drafts.items() if text in running}
        writing = [text for text in running if len(text.ids) - text.held == 1]
        most = min(LONGEST, ROWS // len(writing) - 1) if writing else 0
        for text in running:
            text.guesses = ()
        for text in writing:
            left = text.prompt + text.most - len(text.ids) - 1
            if min(most, left) > 0:
                draft = self.drafts.setdefault(text, self.draft())
                text.guesses = draft.guess(text.ids, min(most, left), self.greedy).ids
