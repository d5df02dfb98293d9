"""Many texts at once through one model: asked from any thread, read and written in passes that all of them share.

    engine = Engine(model, pieces, batch=8)
    threading.Thread(target=engine.run).start()          or nobody: whoever waits for a token takes the steps then
    for token in engine.submit(Request(prompt, most=64)).tokens(): ...

One step: the scheduler says which tokens to read, the model reads them in one flat pass over the paged cache, each
text chooses its next token with its own dice. What goes wrong with one text ends that text, and no other.

The same request gives the same tokens in any company, up to the rounding of products of other shapes. A
`deterministic` engine rounds alike as well: `batch` rows in every pass that writes, `chunk` in every pass that reads,
filled up where texts are fewer, each text's attention by itself.

Omits    several devices, adapters chosen by request, beams
Shapes   D width of a state
Sources  Orca, OSDI 2022 (3); arXiv:2309.06180 (4)
Proof    tests/stack/infer/test_engine.py, test_engine_same.py: token for token what infer/generate.py writes, alone, in
         company, streamed or not, beginnings found or not; errors and cancellations end one text and free its pages
"""

import random
import threading
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from wenjin.stack.infer.answer import Answer
from wenjin.stack.infer.choose import SPOILED
from wenjin.stack.infer.generate import Causal
from wenjin.stack.infer.guessing import Guesser
from wenjin.stack.infer.paged import Pool
from wenjin.stack.infer.pages import PAGE, Pages
from wenjin.stack.infer.reading import Outcome, Reader
from wenjin.stack.infer.request import Failed, QueueFull, Request, Stats, Token
from wenjin.stack.infer.scheduler import Part, Scheduler, Text, pages_for
from wenjin.stack.infer.speculative import Draft
from wenjin.stack.infer.ticket import Ticket

ROOM = 8192  # tokens in pages where nobody says how many, or one whole context


class Engine:
    """`pieces`: id -> bytes, for what is shown and for stop strings.

    batch          texts that run at once
    room           tokens that the pages hold; None: ROOM, at least one text of the model's whole context
    chunk          tokens of prompts that a pass reads beside those that write
    prefix         keep what was read, for prompts that begin alike
    deterministic  bit for bit the same in any company; slower. Beginnings are then found in pieces of `chunk`
    queue          requests that may wait beside those that run
    draft          makes what guesses the next tokens of a text (infer/speculative.py): the same tokens in fewer passes
    """

    def __init__(
        self,
        model: Causal,
        pieces: Sequence[bytes],
        *,
        batch: int = 8,
        room: int | None = None,
        chunk: int = 256,
        prefix: bool = True,
        deterministic: bool = False,
        queue: int = 256,
        draft: Callable[[], Draft] | None = None,
    ) -> None:
        if draft and deterministic:
            raise ValueError("passes of a fixed shape have no room for guesses: deterministic or a draft, not both")
        self.model, self.pieces, self.batch, self.queue = model, pieces, batch, queue
        settings = model.settings()
        self.vocab, self.dim, self.context = (int(settings[name]) for name in ("vocab", "dim", "context"))
        count = pages_for(max(ROOM, self.context) if room is None else room)
        self.pages, self.pool = Pages(count, first=1), Pool(model, count)
        self.scheduler = Scheduler(self.pages, batch=batch, chunk=chunk, prefix=prefix, fixed=deterministic)
        self.reader = Reader(model, self.pool, batch=batch, chunk=chunk, fixed=deterministic)
        self.guesser = Guesser(draft) if draft else None
        self._answers: dict[Text, Answer] = {}
        self._under_way: set[Text] = set()  # read by the step that is being taken
        self._lock = threading.Condition()  # over all bookkeeping; never held while the model runs or anyone is told
        self._turn = threading.Lock()  # one step at a time
        self._looping, self._closed = False, False
        self._came, self._prompted, self._tokens, self._steps, self._guessed, self._kept = 0, 0, 0, 0, 0, 0
        self._ends = {"finished": 0, "cancelled": 0, "failed": 0}

    @property
    def longest(self) -> int:
        """Tokens that a prompt and its answer may have together."""
        return min(self.context, self.pages.count * PAGE)

    def submit(self, request: Request) -> Ticket:
        """Raises QueueFull, TooLong, and Refused for ids that the vocabulary has not."""
        return self._submit(request, None).ticket

    def embed(self, ids: Sequence[int]) -> Tensor:
        """The mean of the model's states over a text, (D,). Raises what `submit` raises, and Failed."""
        total = torch.zeros(self.dim, device=self.pool.device)  # (D,)
        last = list(self._submit(Request(tuple(ids), most=0), total).ticket.tokens())[-1]
        if last.finish != "length":
            raise last.error or Failed("计算向量时被取消了。", "The embedding was cancelled.")
        return total / len(ids)

    def step(self) -> bool:
        """Read and write once for all texts that run. False when there is nothing to do."""
        with self._turn:
            if self.guesser:
                self.guesser.guess(list(self.scheduler.running))
            with self._lock:
                passes = self.scheduler.plan()
                self._under_way = {part.text for parts in passes for part in parts}
                self._steps += bool(passes)
            for parts in passes:
                wide = self.reader.batch if self.reader.fixed else len(parts)
                for first in range(0, len(parts), wide):
                    self._pass(parts[first : first + wide])
            with self._lock:
                for text in self._under_way:
                    if text in self._answers and self._answers[text].over:
                        self._drop(text)
                self._under_way = set()
            return bool(passes)

    def run(self) -> None:
        """Take steps until `close`; for a thread of its own."""
        self._looping = True
        try:
            while not self._closed:
                try:
                    worked = self.step()
                except Exception as error:  # a mistake of the engine's own: nobody may wait for ever
                    for answer in list(self._answers.values()):
                        self._fail(answer, error)
                    continue
                if not worked:
                    with self._lock:
                        self._lock.wait_for(lambda: self._closed or self._answers)
        finally:
            self._looping = False

    def close(self) -> None:
        """Cancel everything and end `run`. Nothing is taken in afterwards."""
        with self._lock:
            self._closed = True
            answers = list(self._answers.values())
            self._lock.notify_all()
        for answer in answers:
            answer.ticket.cancel()

    def cancel(self, answer: Answer) -> None:
        """Its pages are free at once, or after the pass that is reading it."""
        if self._end(answer, "cancelled"):
            answer.ticket.put(Token(-1, b"", finish="cancelled"))

    def wait(self, ticket: Ticket, place: int) -> None:
        """Return when the ticket has more than `place` tokens; take steps until then if nobody else does."""
        while len(ticket.tokens_so_far) <= place:
            if self._looping or not self.step():
                with ticket.news:
                    ticket.news.wait_for(lambda: len(ticket.tokens_so_far) > place, timeout=0.2)

    def stats(self) -> Stats:
        with self._lock:
            return Stats(
                running=len(self.scheduler.running),
                waiting=len(self.scheduler.waiting),
                batch=self.batch,
                pages=self.pages.count,
                pages_used=self.pages.used,
                pages_kept=len(self.pages.unused),
                prompt_tokens=self._prompted,
                prefix_hits=self.scheduler.found,
                tokens=self._tokens,
                steps=self._steps,
                guessed=self._guessed,
                kept=self._kept,
                **self._ends,
            )

    def _submit(self, request: Request, total: Tensor | None) -> Answer:
        request.fit(vocab=self.vocab, longest=self.longest)
        seed = random.getrandbits(63) if request.seed is None else request.seed
        whole = total is not None or (request.echo and request.logprobs is not None)
        text = Text(list(request.prompt), request.most, whole=whole)
        answer = Answer(Ticket(request, seed), text, self.pieces, total)
        answer.ticket.of(wait=lambda place: self.wait(answer.ticket, place), cancel=lambda: self.cancel(answer))
        with self._lock:
            if self._closed:
                raise QueueFull("引擎正在结束，不再接受请求。", "The engine is closing and takes no more requests.")
            if len(self._answers) >= self.batch + self.queue:
                raise QueueFull(
                    f"已有 {len(self._answers)} 个请求在处理或等待，请稍后再试。",
                    f"{len(self._answers)} requests are running or waiting; try again later.",
                )
            self._came += 1
            text.turn = (-request.priority, self._came)
            self._answers[text] = answer
            self._prompted += len(request.prompt)
            self.scheduler.add(text)
            self._lock.notify_all()
        return answer

    def _pass(self, parts: list[Part]) -> None:
        """Read these parts together. Where that fails, each by itself: only those that fail alone are at fault."""
        try:
            outcomes = self.reader.read(parts)
        except Exception as error:
            if len(parts) == 1:
                self._fail(self._answers[parts[0].text], error)
            else:
                for part in parts:
                    self._pass([part])
            return
        for outcome in outcomes:
            answer = self._answers[outcome.part.text]
            try:
                with torch.inference_mode():
                    self._deliver(answer, outcome)
            except Exception as error:
                self._fail(answer, error)

    def _deliver(self, answer: Answer, outcome: Outcome) -> None:
        part, ticket = outcome.part, answer.ticket
        if not outcome.finite:
            raise SPOILED
        if answer.over:
            return
        ticket.shared = part.text.shared
        if part.first < part.text.prompt:
            answer.add(part.first, outcome.states)
            if answer.request.echo:
                for token in answer.echo(part.first, outcome.states, self.model.logits):
                    ticket.put(token)
        newest = part.newest
        tokens = answer.go_on(outcome.scores, outcome.likeliest, part.guesses) if newest else []
        right = max(0, len(tokens) - 1)
        with self._lock:
            self.scheduler.read(part, right)
            self._tokens += len(outcome.likeliest[: len(tokens)])
            self._guessed += len(part.guesses)
            self._kept += right
        if newest:
            part.text.whole = False
        for token in tokens:
            if not token.finish or self._end(answer, "finished"):
                ticket.put(token)

    def _fail(self, answer: Answer, error: Exception) -> None:
        self.pool.wipe(page for page in answer.text.table if page not in self.pages.names)
        if not isinstance(error, Failed):
            kind = type(error).__name__
            error = Failed(
                getattr(error, "zh", f"写这段文字时出了错（{kind}：{error}）。"),
                getattr(error, "en", f"Writing this text went wrong ({kind}: {error})."),
            )
        if self._end(answer, "failed"):
            answer.ticket.put(Token(-1, b"", finish="error", error=error))

    def _end(self, answer: Answer, way: str) -> bool:
        """Free what it holds, now or when the pass under way is over. False when it was over already."""
        with self._lock:
            if answer.over:
                return False
            answer.over = True
            self._ends[way] += 1
            if way != "cancelled" or answer.text not in self._under_way:
                self._drop(answer.text)
            return True

    def _drop(self, text: Text) -> None:
        self.scheduler.drop(text)
        del self._answers[text]
