"""The last stage of pretraining: let the poet write, measure what it wrote, and lay the figures down for the card.

    for step in judge(home, corpus):             writes samples.jsonl and measured.json; card.py draws them
        print(step.zh, step.done)

Everything is measured three times by the same rules: verse of the poet, verse drawn from a count of 3-grams, and real
verse that neither has seen, on the same titles and forms. The 3-grams draw freely for the first figure, form; for all
others the form is imposed on them, since what they draw freely hardly ever has one. Losses are nats a character of
the same documents.

Proof   tests/poet/test_report.py: losses equal a plain loop; a run that was cut off goes on
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from wenjin.poet.data import Progress
from wenjin.poet.errors import PoetError
from wenjin.poet.measure import Counted, Written, measure, real, symbols
from wenjin.poet.places import Home
from wenjin.poet.write import Poet
from wenjin.stack.data.verse import FORMS, SPECIALS, Verse, VerseCorpus, document
from wenjin.stack.infer.sampling import Sampler

QUATRAINS = ("5x4", "7x4")
POEMS = 400  # that are written and measured
READ = 1000  # held-out poems over which losses are measured
TEMPERATURE = 0.8
IGNORED = -100


def judge(
    home: Home, corpus: VerseCorpus, *, poems: int = POEMS, temperature: float = TEMPERATURE, seed: int = 0
) -> Iterator[Progress]:
    """Measure a trained poet. What was written for the same weights and settings is not written again.

    Raises PoetError, DataError."""
    poet = Poet.load(home.model)
    read = poet.made.get("forms", FORMS)
    train, test = ([verse for verse in corpus.rows(split) if verse.form in read] for split in ("train", "test"))
    held = chosen(test, poems, QUATRAINS, seed)
    if not held:
        raise PoetError(
            "语料里没有留作检验的绝句：用整份语料再运行 wenjin poet data。",
            "The corpus holds no quatrains out: run wenjin poet data on the whole collection.",
        )
    asked = [(verse.form, verse.title) for verse in held]
    key = _key(home, corpus, asked, temperature, seed)
    yield Progress("写诗", "writing", 0.0, None)
    written = _kept(home.samples, key)
    if len(written) < len(asked):
        written = []
        for n, poem in enumerate(poet.write_all(asked, Sampler(temperature=temperature, seed=seed)), 1):
            written.append(poem)
            if n % 16 == 0:
                yield Progress("写诗", "writing", 0.5 * n / len(asked), None)
        _lay(home.samples, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in [key, *map(asdict, written)]))
    yield Progress("数 n 元组", "counting n-grams", 0.5, None)
    counted = Counted(train)
    free = sum(poem.in_form for poem in counted.write(asked, order=3, seed=seed)) / len(asked)
    filled = measure(list(counted.fill(asked, order=3, seed=seed)), train)
    yield Progress("与真诗比", "beside real verse", 0.7, None)
    reading = chosen(test, READ, None, seed)
    row = {
        "poet": home.name,
        "made": poet.made,
        "corpus": corpus.sha256,
        "temperature": temperature,
        "seed": seed,
        "measured": {
            "poet": measure(written, train).as_dict(),
            "counted": filled.as_dict() | {"form": free},
            "real": measure(real(held), train).as_dict(),
        },
        "losses": {f"{n}-gram": loss for n, loss in counted.losses(reading).items()}
        | {"poet": nats_per_character(poet, reading)},
        "read": len(reading),
        "samples": [asdict(poem) for poem in written[:24]],
    }
    _lay(home.measured, json.dumps(row, ensure_ascii=False, indent=1))
    yield Progress("量好了", "measured", 1.0, 0.0)


def chosen(verses: Sequence[Verse], most: int, forms: Sequence[str] | None, seed: int) -> list[Verse]:
    """So many poems of these forms, the same ones for the same seed; titles that a poet could not be asked are out."""
    fit = [v for v in verses if (forms is None or v.form in forms) and 0 < len(v.title) <= 24 and v.title.isprintable()]
    return sorted(fit, key=lambda verse: hashlib.sha256(f"{seed} {verse.id}".encode()).digest())[:most]


@torch.no_grad()
def nats_per_character(poet: Poet, verses: Sequence[Verse], *, together: int = 32) -> float:
    """Mean -log p over all characters of the documents, the first special token given; each special token counts as
    a character. A document longer than the model's context is cut there, and its rest is not counted."""
    total, count = 0.0, 0
    context = poet.model.context
    rows = sorted(((poet.tokens.encode(document(v), SPECIALS), v) for v in verses), key=lambda row: len(row[0]))
    for first in range(0, len(rows), together):
        group = rows[first : first + together]
        width = min(max(len(ids) for ids, _ in group), context + 1)
        batch = torch.full((len(group), width), IGNORED)  # (B, T + 1)
        for n, (ids, verse) in enumerate(group):
            batch[n, : min(len(ids), width)] = torch.tensor(ids[:width])
            whole = len(symbols(document(verse))) - 1
            count += whole if len(ids) <= width else round(whole * (width - 1) / (len(ids) - 1))
        states = poet.model.states(batch[:, :-1].clamp(min=0))  # (B, T, D)
        logits = (states @ poet.model.head.to(states.dtype).T).float()  # (B, T, V)
        total += float(
            F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten(), ignore_index=IGNORED, reduction="sum")
        )
    return total / count


def read(home: Home) -> dict[str, Any]:
    """What `judge` measured. Raises PoetError where it has not."""
    try:
        row: dict[str, Any] = json.loads(home.measured.read_text(encoding="utf-8"))
        return row
    except (OSError, ValueError):
        raise PoetError(
            f"{home.name} 还没有量过。运行 wenjin poet report --name {home.name}。",
            f"{home.name} has not been measured yet. Run wenjin poet report --name {home.name}.",
        ) from None


def _key(home: Home, corpus: VerseCorpus, asked: Sequence[tuple[str, str]], temperature: float, seed: int) -> Any:
    digest = hashlib.sha256((home.model / "model.safetensors").read_bytes()).hexdigest()
    titles = hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()
    return {"weights": digest, "corpus": corpus.sha256, "asked": titles, "temperature": temperature, "seed": seed}


def _kept(path: Path, key: Any) -> list[Written]:
    """The samples of an earlier run for the same key; none for another."""
    try:
        first, *rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [Written(**row) for row in rows] if first == key else []
    except (OSError, ValueError, TypeError):
        return []


def _lay(path: Path, text: str) -> None:
    """Whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.write_text(text, encoding="utf-8")
        os.replace(new, path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise PoetError(
            f"写不进 {path}（{error.strerror}）。腾出空间再运行一次。",
            f"{path} cannot be written ({error.strerror}). Make room and run it again.",
        ) from None
