"""A model with spoiled weights: whoever meets them is told so at once, whole or streamed, and nobody else is harmed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.stack.serve import tiny
from tests.stack.serve.conftest import Running, start
from wenjin.stack.models.llama import Llama
from wenjin.stack.models.weights import from_pretrained, save_pretrained
from wenjin.stack.text import tokenizer_json

BAD = "Z"


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tiny.make(tmp_path_factory.mktemp("spoiled") / "tiny")
    model = from_pretrained(folder)
    assert isinstance(model, Llama)
    (bad,) = tokenizer_json.read(folder / "tokenizer.json").encode(BAD)
    with torch.no_grad():
        model.model.embed_tokens.weight[bad] = torch.nan
    kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".json"}
    save_pretrained(model, folder)
    for name, data in kept.items():
        Path(folder / name).write_bytes(data)
    running = start(folder, tmp_path_factory.mktemp("spoiled-log"))
    yield running
    assert running.stop() == 0


@pytest.mark.parametrize("settings", [{}, {"temperature": 0}, {"top_p": 0.5, "n": 3}, {"echo": True, "logprobs": 2}])
def test_it_is_said_at_once(spoiled: Running, settings: dict[str, object]) -> None:
    told = spoiled.complete(f"a{BAD}b", max_tokens=8, **settings)
    assert told.status_code == 500
    assert told.json()["error"]["code"] == "engine_error"
    assert "not finite" in told.json()["error"]["message"]
    assert spoiled.complete("床前", max_tokens=4).status_code == 200


def test_a_stream_says_it_and_ends(spoiled: Running) -> None:
    told = spoiled.complete(f"a{BAD}b", max_tokens=8, stream=True)
    assert told.status_code == 200
    *_, last, done = [line for line in told.text.splitlines() if line]
    assert "not finite" in json.loads(last.removeprefix("data: "))["error"]["message"]
    assert done == "data: [DONE]"
    assert spoiled.quiet(1)["pages_used"] == 0
