"""A small GPT is born: random weights, classical verse, and a quatrain now and then to see what it has learned.

Regulated verse of the Tang and Song, cleaned, variants kept on one side of the division. A character is a token; the
model has blocks as in Qwen 3 and is trained by Muon and AdamW, as `wenjin poet pretrain` does. Beside it stand models
that only count: 2- to 5-grams of the same text, whose losses are measured on the same held-out poems.

    nats per character    of whole documents: form, title, verse; the first special token is given
    perplexity            e to that: among how many characters it hesitates, as it were
    samples               on your title, at temperature 0.8, with no rule at decoding

See      it begins with how frequent each character is and learns what follows what; lines of the right length come
         first, rhymes later, sense last, if at all
Try      15 minutes; depth 2 against depth 6 in the same time; your own title
Source   n-grams: doi:10.1006/csla.1999.0128; a neural model beside them: doi:10.1162/153244303322533223
Omits    tokens longer than a character, compiling, lyrics: `wenjin poet` has them
"""

import json
import math
import tarfile
import tempfile
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Annotated, Literal

from wenjin.kit.lab import Band, Cause, Cell, Claim, Frame, Keep, Lab, Level, Point, Progress, Slider, Table, Used
from wenjin.poet import recipe
from wenjin.poet.data import prepare
from wenjin.poet.dial import turned
from wenjin.poet.measure import DULL, Counted, Written, repeated
from wenjin.poet.places import Places
from wenjin.poet.pretrain import measured
from wenjin.poet.report import chosen, nats_per_character
from wenjin.poet.write import Poet
from wenjin.stack.data.batches import Batches
from wenjin.stack.data.pack import gathered, pack
from wenjin.stack.data.sources import DataError
from wenjin.stack.data.verse import END, REGULAR, SPECIALS, VerseCorpus, document, open_corpus
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.text.characters import Characters
from wenjin.stack.train.checkpoint import Keeper
from wenjin.stack.train.health_observe import Observer
from wenjin.stack.train.health_watch import Facts, Watch
from wenjin.stack.train.loop import fit

EARLY = 100  # steps: fewer than any run of a minute takes, so that runs of any length can be compared there
EVERY = 50  # steps between two looks at the held-out poems
HELD = 200  # held-out poems over which losses are measured
COUNTED = 20_000  # training poems that the n-grams count, at most
LEAST = 1  # times that a character must occur
JUDGED = 64  # quatrains that are written at the end
PREPARING = 60.0  # seconds that the corpus takes where nobody prepared it; for the bar only
ORDERS = (2, 3, 4, 5)


def poet(
    keep: Keep,
    minutes: Annotated[float, Slider(0.1, 30, log=True)] = 3.0,
    depth: Annotated[int, Slider(2, 8)] = 4,
    title: str = "月",
    form: Literal["5x4", "7x4"] = "5x4",
    seed: int = 0,
) -> Iterator[Frame]:
    whole = PREPARING + 60 * minutes
    yield Progress(0, whole)
    with tempfile.TemporaryDirectory(prefix="wenjin-poet-") as folder:
        here = Path(folder)
        corpus = yield from prepared(here / "verse", whole)
        excerpt = any(source["source"].startswith("an excerpt") for source in corpus.manifest["sources"])
        names = sorted({source["source"] for source in corpus.manifest["sources"]})
        yield Used("classical-poems", ", ".join(names), corpus.manifest["left"], corpus.sha256, excerpt)
        yield from trained(keep, corpus, here, whole, minutes, depth, title, form, seed)


def prepared(folder: Path, whole: float) -> Generator[Frame, None, VerseCorpus]:
    """The corpus that `wenjin poet data` left, else one made here."""
    with suppress(DataError):
        return open_corpus(Places().corpus)
    for step in prepare(folder):
        yield Progress(PREPARING * step.done, whole)
    return open_corpus(folder)


def trained(
    keep: Keep,
    corpus: VerseCorpus,
    here: Path,
    whole: float,
    minutes: float,
    depth: int,
    title: str,
    form: str,
    seed: int,
) -> Iterator[Frame]:
    train, held = ([v for v in corpus.rows(split) if v.form in REGULAR] for split in ("train", "valid"))
    held = chosen(held, HELD, None, 0)  # the same for every seed
    lines: dict[int, float] = json.loads(keep.load("lines") or "{}")
    if not lines:
        lines = Counted(train[:COUNTED], most=max(ORDERS)).losses(held)
        keep.save("lines", json.dumps(lines).encode())
    lines = {int(order): loss for order, loss in lines.items()}
    for order in ORDERS:
        yield Level(f"gram_{order}", lines[order])
    yield Point("loss", 0, {f"gram_{order}": lines[order] for order in ORDERS})

    tokens = Characters.of((document(v) for v in train), specials=SPECIALS, least=LEAST)
    documents = gathered(tokens.encode(document(v), SPECIALS) for v in train)
    plan = turned(vocab=tokens.size, corpus=len(documents.tokens), machine=measured(), depth=depth)
    plan = replace(plan, minutes=minutes, steps=None)
    packing = pack(documents, length=plan.context, whole=True, pad=tokens.specials[END], longer="cut")
    model = recipe.made(plan, seed, recipe.counted(documents, tokens.size))
    writer, moved = Poet(model, tokens), recipe.optimizers(model, plan)
    writer.prompt(title, form)  # refuses what is no title before time is spent
    keeper = Keeper(here / "checkpoints", config={"depth": depth, "seed": seed, "vocabulary": tokens.size})
    unpack(keep.load("checkpoint"), keeper.folder)
    rows: list[tuple[Cell, ...]] = [tuple(row) for row in json.loads(keep.load("rows") or "[]")]
    watch = Watch(Facts(classes=tokens.size, rows=packing.rows))
    steps = fit(
        model.train(),
        recipe.objective(model),
        Batches(packing, size=plan.rows, seed=seed),
        moved,
        minutes=minutes,
        schedule=recipe.schedule(plan),
        clip=None,
        evaluate=lambda: nats_per_character(writer, held),
        evaluate_every=EVERY,
        keeper=keeper,
        save_every=EVERY,
        observe=Observer(model, moved, classes=tokens.size, logits=model),
    )
    last = math.nan
    try:
        for record in steps:
            yield Progress(PREPARING + 60 * minutes * record.done, whole)
            loss = {"training": record.loss}
            if record.validation is not None:
                last = record.validation
                loss |= {"held_out": last} | {f"gram_{order}": lines[order] for order in ORDERS}
                rows = [row for row in rows if float(row[0]) < record.step]
                rows.append((record.step, round(last, 3), round(math.exp(last), 1), sample(writer, title, form)))
                keep.save("rows", json.dumps(rows).encode())
                keep.save("poet", saved(writer, record.step, last))
                keep.save("checkpoint", packed(keeper.folder))
                yield Table("samples", ("step", "loss", "perplexity", "verse"), tuple(reversed(rows)))
                yield Level("loss", last)
                yield Level("perplexity", math.exp(last))
                if record.step == EARLY:
                    yield Level("early", last)
            yield Point("loss", record.step, loss)
            for name, facts in watch.see(record):
                yield Cause(
                    name, {key: fact if isinstance(fact, int | float) else str(fact) for key, fact in facts.items()}
                )
    finally:
        steps.close()
        with suppress(FileNotFoundError):
            keep.save("checkpoint", packed(keeper.folder))
    model.eval()
    judged = list(writer.write_all([("5x4", v.title) for v in held[:JUDGED]], Sampler(temperature=0.8, seed=seed)))
    yield from figures(judged)


def figures(poems: list[Written]) -> Iterator[Frame]:
    formed = [poem for poem in poems if poem.in_form]
    yield Level("form", len(formed) / len(poems))
    yield Level("rhyme", sum(poem.rhymed for poem in formed) / max(1, len(formed)))
    if (share := repeated(poems)) > DULL:
        yield Cause("too-repetitive", {"percent": round(100 * share)})


def sample(writer: Poet, title: str, form: str) -> str:
    """A quatrain of the model as it is; whether it was training is as before."""
    training = writer.model.training
    try:
        return "".join(writer.write(title, form, Sampler(temperature=0.8, seed=0)))
    finally:
        writer.model.train(training)


def saved(writer: Poet, step: int, loss: float) -> bytes:
    writer.made = {"steps": step, "nats per character": loss}
    return writer.as_bytes()


def packed(folder: Path) -> bytes:
    """The newest checkpoint as bytes. Raises FileNotFoundError where there is none."""
    found = sorted(folder.glob("step-*"))
    if not found:
        raise FileNotFoundError(folder)
    bytes_ = BytesIO()
    with tarfile.open(fileobj=bytes_, mode="w") as archive:
        archive.add(found[-1], arcname=found[-1].name)
    return bytes_.getvalue()


def unpack(data: bytes | None, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if data:
        with tarfile.open(fileobj=BytesIO(data)) as archive:
            archive.extractall(folder, filter="data")


def below(order: int) -> Claim:
    return Claim(f"below_{order}", lambda level: level["loss"] < level[f"gram_{order}"])


lab = Lab(
    poet,
    expect=(Band("early"), *(Band(f"gram_{order}") for order in ORDERS)),
    claims=(below(2),),
)
