"""A trained poet, writing: a title and a form go in, characters come out as they are drawn.

    poet = Poet.load(home.model)
    for piece in poet.write("月", "5x4", Sampler(temperature=0.8, seed=7)):
        print(piece, end="")                         海 上 生 明 月 ，…

No rule holds the poet's hand: whether the lines have five characters and rhyme is the model's own doing.

Proof   tests/poet/test_write.py: streamed equals written at once; a title is never more than text
"""

import io
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch

from wenjin.poet.errors import PoetError
from wenjin.poet.measure import Written
from wenjin.stack.data.verse import END, FORM, FORMS, TITLE, VERSE
from wenjin.stack.files import safetensors
from wenjin.stack.files.errors import FormatError
from wenjin.stack.infer.generate import generate
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.models.config import ModelError
from wenjin.stack.models.llama import Llama
from wenjin.stack.text import tokenizer_json
from wenjin.stack.text.characters import Characters
from wenjin.stack.text.decode import Decoder, decoded
from wenjin.stack.text.errors import TextError
from wenjin.stack.text.tokenizer import Tokenizer

LONGEST = 24  # characters of a title: nearly all titles of the corpus are shorter
ROOM = 96  # tokens that a poem may take: 64 characters and their stops are eight lines of seven
TOGETHER = 64  # poems that are written in one batch


class Tokens(Protocol):
    """What the poet asks of a tokenizer: Tokenizer and Characters of stack/text have it."""

    specials: dict[str, int]

    def encode(self, text: str, allowed: Collection[str] = ()) -> list[int]: ...

    def stream(self, *, specials: bool = True) -> Decoder: ...


class Poet:
    """A model of verse with its tokenizer. `made`: what it tells of its making, as JSON."""

    def __init__(self, model: Llama, tokens: Tokens, made: Mapping[str, Any] | None = None) -> None:
        self.model, self.tokens, self.made = model.eval(), tokens, dict(made or {})

    def prompt(self, title: str, form: str) -> list[int]:
        """The tokens after which the poem follows. Raises PoetError for what is no title or no form."""
        if form not in FORMS:
            known = "、".join(f"{key}（{name}）" for key, name in FORMS.items())
            listed = ", ".join(f"{key} ({name})" for key, name in FORMS.items())
            raise PoetError(
                f"没有 {form!r} 这种体裁。有：{known}。", f"There is no form {form!r}. There are: {listed}."
            )
        if form not in (read := self.made.get("forms", FORMS)):
            raise PoetError(
                f"这位诗人没有读过{FORMS[form]}，只读过 {'、'.join(FORMS[one] for one in read)}；"
                "要它也写别的体裁，用 --forms all 训练。",
                f"This poet has read no {form}, only {', '.join(read)}; for other forms train one with --forms all.",
            )
        title = title.strip()
        if not 0 < len(title) <= LONGEST or not title.isprintable():
            raise PoetError(
                f"题目要有 1 到 {LONGEST} 个字，写在一行里。",
                f"A title has 1 to {LONGEST} characters, on one line.",
            )
        special = self.tokens.specials
        form_ids, title_ids = self.tokens.encode(FORMS[form]), self.tokens.encode(title)
        return [special[FORM], *form_ids, special[TITLE], *title_ids, special[VERSE]]

    def write(self, title: str, form: str, sampler: Sampler) -> Iterator[str]:
        """A poem, piece by piece as its tokens are drawn; a piece may be empty. Raises PoetError."""
        stream, end = self.tokens.stream(specials=False), self.tokens.specials[END]
        prompt = torch.tensor([self.prompt(title, form)])  # (1, T)
        for ids in generate(self.model, prompt, most=self._room(prompt), choose=sampler, stop={end}):
            if int(ids) != end:
                yield stream.push(int(ids))
        yield stream.end()

    def write_all(self, asked: Sequence[tuple[str, str]], sampler: Sampler) -> Iterator[Written]:
        """A poem for each (form, title), many at a time; those whose prompts are of one length come together."""
        end = self.tokens.specials[END]
        prompts = [self.prompt(title, form) for form, title in asked]
        order = sorted(range(len(asked)), key=lambda n: (len(prompts[n]), n))
        lengths = dict.fromkeys(len(prompts[n]) for n in order)
        for length in lengths:
            alike = [n for n in order if len(prompts[n]) == length]
            for group in (alike[at : at + TOGETHER] for at in range(0, len(alike), TOGETHER)):
                prompt = torch.tensor([prompts[n] for n in group])  # (B, T)
                drawn = list(generate(self.model, prompt, most=self._room(prompt), choose=sampler, stop={end}))
                for n, row in zip(group, torch.stack(drawn, dim=1).tolist(), strict=True):
                    ids = row[: row.index(end)] if end in row else row
                    yield Written(*asked[n], decoded(self.tokens.stream(specials=False), ids))

    def _room(self, prompt: torch.Tensor) -> int:
        """Tokens that may follow: the context ends every poem."""
        return min(ROOM, self.model.context - prompt.shape[1])

    # ---- as files ----

    def as_bytes(self) -> bytes:
        """All of it as one safetensors container."""
        told = {"settings": json.dumps(self.model.settings()), "made": json.dumps(self.made)}
        if isinstance(self.tokens, Characters):
            told["characters"] = self.tokens.to_json()
        else:
            assert isinstance(self.tokens, Tokenizer)
            told["tokenizer"] = json.dumps(tokenizer_json.to_json(self.tokens), ensure_ascii=False)
        file = io.BytesIO()
        safetensors.write(file, weights(self.model), told)
        return file.getvalue()

    @classmethod
    def from_file(cls, path: Path) -> "Poet":
        """What `as_bytes` gave. Raises PoetError for a file that is no poet."""
        try:
            told = safetensors.read_header(path).metadata
            model = Llama(**json.loads(told["settings"]))
            put(model, safetensors.load(path))
            tokens: Tokens
            if "characters" in told:
                tokens = Characters.from_json(told["characters"])
            else:
                tokens = tokenizer_json.from_json(json.loads(told["tokenizer"]))
            return cls(model, tokens, json.loads(told["made"]))
        except (OSError, FormatError, TextError, ModelError, ValueError, KeyError, TypeError) as error:
            raise broken(path, error) from None

    def save(self, folder: Path) -> None:
        """As a folder that transformers opens: config.json, model.safetensors, tokenizer.json; and made.json."""
        assert isinstance(self.tokens, Tokenizer)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            safetensors.save(folder / "model.safetensors", weights(self.model), {"format": "pt"})
            tokenizer_json.write(self.tokens, folder / "tokenizer.json")
            _write(folder / "made.json", json.dumps(self.made, ensure_ascii=False, indent=1))
            _write(folder / "config.json", json.dumps(self.model.config(), indent=1))  # last: with it the poet is whole
        except OSError as error:
            raise PoetError(
                f"写不进 {folder}（{error.strerror}）。腾出空间再运行一次。",
                f"{folder} cannot be written ({error.strerror}). Make room and run it again.",
            ) from None

    @classmethod
    def load(cls, folder: Path) -> "Poet":
        """Raises PoetError where there is no poet, or one that is broken."""
        if not (folder / "config.json").is_file():
            raise PoetError(
                f"{folder.parent} 里还没有练成的诗人。先运行 wenjin poet pretrain。",
                f"There is no trained poet in {folder.parent} yet. Run wenjin poet pretrain first.",
            )
        try:
            model = Llama.from_config(json.loads((folder / "config.json").read_text(encoding="utf-8")))
            put(model, safetensors.load(folder / "model.safetensors"))
            made = json.loads((folder / "made.json").read_text(encoding="utf-8"))
            return cls(model, tokenizer_json.read(folder / "tokenizer.json"), made)
        except (OSError, FormatError, TextError, ModelError, ValueError, KeyError, TypeError) as error:
            raise broken(folder, error) from None


def weights(model: Llama) -> dict[str, torch.Tensor]:
    """The tensors by their published names; a head that is the embedding is not kept twice."""
    tied = model.settings()["tied"]
    return {name: value for name, value in model.state_dict().items() if not (tied and name == "lm_head.weight")}


def put(model: Llama, tensors: Mapping[str, torch.Tensor]) -> None:
    """Raises ValueError for tensors that are not this model's."""
    wanted = {name: value.shape for name, value in weights(model).items()}
    if (found := {name: value.shape for name, value in tensors.items()}) != wanted:
        odd = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        raise ValueError(f"tensors are missing, or have another shape: {', '.join(odd[:3])}")
    model.load_state_dict(dict(tensors), strict=False)


def broken(path: Path, error: Exception) -> PoetError:
    why = " ".join(str(error).split())[:200]
    return PoetError(
        f"{path} 里的诗人读不了：{why}。重新训练，或换一个。",
        f"The poet in {path} cannot be read: {why}. Train it again, or take another.",
    )


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_text(text + "\n", encoding="utf-8")
    os.replace(new, path)
