"""Run lm-eval in a process of its own, away from the network: scores over HTTP beside scores in process, as JSON.

python evaluated.py URL MODEL FOLDER          prints {"http": …, "inside": …}
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}

import torch
from datasets import Dataset
from lm_eval.api.model import LM
from lm_eval.api.task import ConfigurableTask
from lm_eval.evaluator import simple_evaluate
from lm_eval.models.openai_completions import LocalChatCompletion, LocalCompletionsAPI

from wenjin.stack.infer.generate import generate
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.serve.local import Local, opened

VERSES = [
    ("床前明月光", "疑是地上霜"),
    ("举头望明月", "低头思故乡"),
    ("春眠不觉晓", "处处闻啼鸟"),
    ("夜来风雨声", "花落知多少"),
]
WRONG = ["the moon", "你好 and the", "地上霜疑是"]


def rows(*_: Any, **__: Any) -> dict[str, Dataset]:
    """Which line comes next? The right one stands first, so that its score is not zero by chance alone."""
    return {
        "test": Dataset.from_list(
            [{"line": first, "choices": [second, *WRONG], "right": 0, "next": second} for first, second in VERSES]
        )
    }


CHOOSE: dict[str, Any] = {
    "task": "which-line",
    "custom_dataset": rows,
    "test_split": "test",
    "output_type": "multiple_choice",
    "doc_to_text": "{{line}}",
    "doc_to_choice": "{{choices}}",
    "doc_to_target": "{{right}}",
    "target_delimiter": "",
    "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
}
WRITE: dict[str, Any] = {
    "task": "next-line",
    "custom_dataset": rows,
    "test_split": "test",
    "output_type": "generate_until",
    "doc_to_text": "{{line}}",
    "doc_to_target": "{{next}}",
    "generation_kwargs": {"until": ["月"], "max_gen_toks": 24, "temperature": 0, "do_sample": False},
    "metric_list": [{"metric": "exact_match"}, {"metric": "bleu"}],
}


class Words:
    """What lm-eval needs of a tokenizer: the model's own, by ids."""

    def __init__(self, local: Local) -> None:
        self.local = local

    def encode(self, text: str) -> list[int]:
        return self.local.tokenizer.encode(text)


class Inside(LM):
    """The plain model in this process: the whole text at once, no cache, no engine."""

    def __init__(self, local: Local) -> None:
        super().__init__()
        self.local = local

    def loglikelihood(self, requests: list[Any], *_: Any, **__: Any) -> list[tuple[float, bool]]:
        return [self.likely(*request.args) for request in requests]

    def likely(self, context: str, more: str) -> tuple[float, bool]:
        first, whole = (self.local.tokenizer.encode(text) for text in (context, context + more))
        before, ids = len(first), first + whole[len(first) :]  # as lm-eval joins them, also where a token spans both
        with torch.no_grad():
            states = self.local.model.states(torch.tensor([ids]))
            chances = self.local.model.logits(states)[0].log_softmax(dim=-1)
        places = chances[before - 1 : -1]
        drawn = torch.tensor(ids[before:])
        return float(places.gather(1, drawn[:, None]).sum()), bool((places.argmax(dim=-1) == drawn).all())

    def loglikelihood_rolling(self, requests: list[Any], *_: Any, **__: Any) -> list[float]:
        raise ValueError("no task asks for it")

    def generate_until(self, requests: list[Any], *_: Any, **__: Any) -> list[str]:
        return [self.write(*request.args) for request in requests]

    def write(self, context: Any, settings: dict[str, Any]) -> str:
        ids = self.local.tokenizer.encode(context, allowed=self.local.tokenizer.specials)
        drawn = generate(
            self.local.model,
            torch.tensor([ids]),
            most=settings["max_gen_toks"],
            choose=Sampler(temperature=0),
            stop=self.local.stops,
        )
        text = self.local.tokenizer.decode([int(id) for id in drawn if int(id) not in self.local.stops])
        for stop in settings["until"]:
            text = text.split(stop)[0]
        return text

    def apply_chat_template(self, messages: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        assert self.local.template
        return self.local.template.render(messages, add_generation_prompt=add_generation_prompt)

    @property
    def tokenizer_name(self) -> str:
        return self.local.name


class Completions(LocalCompletionsAPI):  # type: ignore[misc]
    """As lm-eval has it, with our tokenizer in place of a downloaded one."""

    words: Words

    def tok_encode(self, string: str, **_: Any) -> list[int]:
        return self.words.encode(string)


def scores(model: LM, task: dict[str, Any], *, chat: bool = False) -> dict[str, Any]:
    made = ConfigurableTask(config=dict(task))
    found = simple_evaluate(model, tasks=[made], apply_chat_template=chat, bootstrap_iters=0, log_samples=True)
    results = {name: value for name, value in found["results"][task["task"]].items() if isinstance(value, float)}
    samples = sorted(found["samples"][task["task"]], key=lambda sample: sample["doc_id"])
    return {"scores": results, "answers": [sample["filtered_resps"] for sample in samples]}


def main(url: str, name: str, folder: Path) -> None:
    local = opened(folder, format="fp32", threads=1)
    inside = Inside(local)
    texts = Completions(
        base_url=f"{url}/v1/completions",
        model=name,
        tokenizer_backend=None,
        tokenized_requests=True,
        num_concurrent=1,
        max_retries=1,
    )
    texts.words = texts.tokenizer = Words(local)
    texts.tokenized_requests = True  # it gave that up when it found no tokenizer of its own
    chats = LocalChatCompletion(base_url=f"{url}/v1/chat/completions", model=name, num_concurrent=1, max_retries=1)
    told = {
        "http": {"choose": scores(texts, CHOOSE), "write": scores(chats, WRITE, chat=True)},
        "inside": {"choose": scores(inside, CHOOSE), "write": scores(inside, WRITE, chat=True)},
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
