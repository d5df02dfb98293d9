"""Let a model write only what a pattern or a JSON schema allows: before each token, which tokens may come.

    forms = Forms(pieces, ends={2})                   once for a model
    text = forms.schema({"type": "object", …})        or forms.regex(r"\\d{4}-\\d\\d"), forms.json()
    text.allowed()                                    (V,) bool: what may come; an end only where the text is complete
    text.push(id)                                     this came

A token is allowed if its bytes lead to a state of the language from which a text can still be completed. All tokens are
tried at once: the vocabulary is a tree, token bytes are the paths from its root, and a level of the tree is one look
into the automaton's table. A token may begin or end inside a character, since bytes are the letters here. The mask of
a state is kept. There is always a token that fits until the text is done, because any byte that a language uses can be
written as a token of its own; where a vocabulary lacks such a token, the language is used without that byte.

Omits    choosing between several languages while the text is written, tokens that a language should prefer
Shapes   V vocabulary
Sources  masks by state of an automaton over the vocabulary: arXiv:2307.09702 (3); over bytes, with rules that call
         one another: arXiv:2411.15100 (3.1)
Proof    tests/stack/infer/test_constrain.py: masks equal trying every token; whatever a random model writes matches
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wenjin.stack.infer.automaton import Automaton
from wenjin.stack.infer.bytegraph import BYTES
from wenjin.stack.infer.generate import Causal, Choose, generate
from wenjin.stack.infer.jsontext import RULES, VALUE
from wenjin.stack.infer.language import ConstraintError, Node
from wenjin.stack.infer.regex import parse
from wenjin.stack.infer.request import Constraint
from wenjin.stack.infer.schema import language

MASKS, FORMS = 256, 32  # masks kept for a form, forms kept for a model


@dataclass(frozen=True, slots=True)
class Level:
    """Nodes of the tree at one depth: where each hangs, by which byte; which of them end which tokens."""

    parents: NDArray[np.int32]
    bytes: NDArray[np.uint8]
    nodes: NDArray[np.int32]
    ids: NDArray[np.int64]


class Vocabulary:
    """The tokens as a tree of bytes. `pieces`: id -> bytes, empty for tokens that are no text; `ends`: ids that end a
    text; `size`: V, where a model has more rows than pieces."""

    def __init__(self, pieces: Sequence[bytes], ends: Collection[int] = (), size: int | None = None) -> None:
        self.pieces, self.ends, self.size = pieces, sorted(ends), size or len(pieces)
        single = frozenset(piece[0] for id, piece in enumerate(pieces) if len(piece) == 1 and id not in ends)
        self.usable = BYTES if len(single) == 256 else single
        self.levels: list[Level] = []
        left = sorted((piece, id, 0) for id, piece in enumerate(pieces) if piece and id not in ends)
        while left:
            depth, onward = len(self.levels), []
            known: dict[tuple[int, int], int] = {}
            nodes, ids = [], []
            for piece, id, parent in left:
                node = known.setdefault((parent, piece[depth]), len(known))
                if len(piece) == depth + 1:
                    nodes.append(node)
                    ids.append(id)
                else:
                    onward.append((piece, id, node))
            tree = np.array(list(known), dtype=np.int32)  # (nodes, 2), in the order of their numbers
            self.levels.append(
                Level(tree[:, 0], tree[:, 1].astype(np.uint8), np.array(nodes, np.int32), np.array(ids, np.int64))
            )
            left = onward


class Form:
    """A language over a vocabulary, with the masks found so far: shared by all texts that follow it."""

    def __init__(self, vocabulary: Vocabulary, node: Node, rules: Mapping[str, Node] | None = None) -> None:
        self.vocabulary = vocabulary
        self.automaton = Automaton(node, rules, vocabulary.usable)
        self.columns = [self.automaton.classes[level.bytes] for level in vocabulary.levels]
        self.masks: OrderedDict[int, Tensor] = OrderedDict()
        self.lock = threading.Lock()

    def mask(self, state: int) -> Tensor:
        """Tokens that may come in a state, (V,) bool; not to be written to. Raises ConstraintError."""
        with self.lock:
            if state not in self.masks:
                self.masks[state] = torch.from_numpy(self.tried(state))
                if len(self.masks) > MASKS:
                    self.masks.popitem(last=False)
            self.masks.move_to_end(state)
            return self.masks[state]

    def tried(self, state: int) -> NDArray[np.bool_]:
        """All tokens at once, from the root of the tree on."""
        fits = np.zeros(self.vocabulary.size, dtype=np.bool_)
        at = np.array([state], dtype=np.int32)  # the state at each node of a level
        for level, columns in zip(self.vocabulary.levels, self.columns, strict=True):
            at = self.automaton.rows(at[level.parents], columns)
            if not at.any():
                break
            fits[level.ids] = at[level.nodes] != 0
        fits[self.vocabulary.ends] = self.automaton.complete[state]
        return fits

    def after(self, state: int, piece: bytes) -> int:
        """The state after a token's bytes, 0 where they do not fit. Raises ConstraintError."""
        with self.lock:
            for byte in piece:
                state = self.automaton.step(state, byte)
            return state


class Text:
    """One text that follows a form, as far as it is written: the constraint of one request."""

    def __init__(self, form: Form, state: int | None = None, ended: bool = False) -> None:
        self.form = form
        self.state = form.automaton.start if state is None else state
        self.ended = ended

    def allowed(self) -> Tensor:
        """Tokens that may come next, (V,) bool; not to be written to. None when done."""
        if self.done:
            return torch.zeros(self.form.vocabulary.size, dtype=torch.bool)
        return self.form.mask(self.state)

    def push(self, id: int) -> None:
        """This token was taken. Raises ValueError where it was not allowed."""
        vocabulary = self.form.vocabulary
        piece = vocabulary.pieces[id] if id < len(vocabulary.pieces) else b""
        if id in vocabulary.ends:
            state = self.state if self.complete else 0
        else:
            state = self.form.after(self.state, piece) if piece else 0
        if self.done or not state:
            raise ValueError(f"token {id} ({piece[:40]!r}) is not allowed here")
        self.state, self.ended = state, id in vocabulary.ends

    @property
    def complete(self) -> bool:
        """What is written is a whole text of the language."""
        return self.form.automaton.complete[self.state]

    @property
    def done(self) -> bool:
        """An end came, or nothing can follow."""
        return self.ended or self.form.automaton.ends(self.state)

    def copy(self) -> "Text":
        return Text(self.form, self.state, self.ended)


class Forms:
    """The forms of one model's vocabulary. The last few are kept, with what was found out about them."""

    def __init__(self, pieces: Sequence[bytes], ends: Collection[int] = (), size: int | None = None) -> None:
        self.vocabulary = Vocabulary(pieces, ends, size)
        self.kept: OrderedDict[str, Form] = OrderedDict()
        self.lock = threading.Lock()

    def regex(self, pattern: str) -> Text:
        """Texts that match as a whole. Raises ConstraintError."""
        return self.text("regex " + pattern, lambda: (parse(pattern), None))

    def schema(self, schema: Any) -> Text:
        """JSON that the schema accepts; the schema is itself JSON that was read. Raises ConstraintError."""
        try:
            key = json.dumps(schema, allow_nan=False)
        except (ValueError, TypeError, RecursionError):
            raise ConstraintError("这份 JSON schema 不是合规的 JSON。", "This JSON schema is no proper JSON.") from None
        return self.text("schema " + key, lambda: language(schema))

    def json(self) -> Text:
        """Any JSON."""
        return self.text("json", lambda: (VALUE, RULES))

    def text(self, key: str, made: Any) -> Text:
        with self.lock:
            form = self.kept.pop(key, None)
        if form is None or form.automaton.crowded:
            try:
                form = Form(self.vocabulary, *made())
            except RecursionError:
                raise ConstraintError("这个约束嵌套太深。", "This constraint is nested too deeply.") from None
        with self.lock:
            self.kept[key] = form
            if len(self.kept) > FORMS:
                self.kept.popitem(last=False)
        return Text(form)


def generate_within(
    model: Causal, prompt: Tensor, *, most: int, choose: Choose, constraint: Constraint, stop: Collection[int] = ()
) -> Iterator[int]:
    """New tokens after `prompt` (1, T) that obey the constraint, until it is done; an end comes too, as in generate."""
    obeyed = constraint.copy()

    def choose_within(scores: Tensor, read: Tensor) -> Tensor:
        return choose(scores.masked_fill(~obeyed.allowed().to(scores.device), -torch.inf), read)

    for ids in generate(model, prompt, most=most, choose=choose_within, stop=stop):
        yield int(ids)
        obeyed.push(int(ids))
        if obeyed.done:
            return
