"""What is told of a text: chances as the other routes tell them, odds as texts are drawn, heads switched off."""

import math
from typing import Any

import httpx
import pytest
import torch

from tests.stack.serve.conftest import Running
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.serve.inspect import draw, glances

PROMPT = "床前明月光"


def asked(server: Running, prompt: Any = PROMPT, **fields: Any) -> httpx.Response:
    return server.http.post("/v1/inspect", json={"model": server.model, "prompt": prompt} | fields)


def test_chances_are_those_that_completions_tell(server: Running) -> None:
    found = asked(server, temperature=0).json()
    echoed = server.complete(PROMPT, echo=True, logprobs=5, max_tokens=1, temperature=0).json()["choices"][0][
        "logprobs"
    ]
    chances = [token["chance"] for token in found["tokens"]]
    assert chances[0] is None
    for mine, other in zip(chances[1:], echoed["token_logprobs"][1:], strict=False):
        assert math.log(mine) == pytest.approx(other, abs=0.05)
    assert echoed["tokens"][-1] in (found["drawn"]["token"], "bytes:" + found["drawn"]["token"])
    assert found["next"]["kept"] == 1, "greedy leaves one"


def test_weights_and_figures_of_the_heads(server: Running) -> None:
    found = asked(server, layer=1, head=1).json()
    count = len(found["tokens"])
    for number, row in enumerate(found["weights"]):
        assert sum(row) == pytest.approx(1, abs=1e-3)
        assert not any(row[number + 1 :]), "nobody sees what is to come"
    assert len({len(layer) for layer in found["heads"]}) == 1
    rows, glance = found["weights"][1:], found["heads"][1][1]
    assert glance["first"] == pytest.approx(sum(row[0] for row in rows) / (count - 1), abs=1e-3)
    assert glance["previous"] == pytest.approx(sum(row[n] for n, row in enumerate(rows)) / (count - 1), abs=1e-3)
    assert glance["own"] == pytest.approx(sum(row[n + 1] for n, row in enumerate(rows)) / (count - 1), abs=1e-3)
    entropy = -sum(x * math.log(x) for row in rows for x in row if x) / (count - 1)
    assert glance["entropy"] == pytest.approx(entropy, abs=5e-3)


def test_a_head_that_is_off_changes_what_follows(server: Running) -> None:
    whole, without = asked(server, seed=1).json(), asked(server, off=[[0, 0], [1, 1]], seed=1).json()
    assert whole["whole"] is None
    assert whole["divergence"] is None
    assert without["divergence"] > 0
    assert [one["id"] for one in without["whole"]["likeliest"]] == [one["id"] for one in whole["next"]["likeliest"]]
    assert without["next"] != without["whole"]


def test_settings_do_what_they_do_when_texts_are_drawn(server: Running) -> None:
    found = asked(server, temperature=0.5, top_k=3, top=20, seed=7).json()
    odds = [one["odds"] for one in found["next"]["likeliest"]]
    assert found["next"]["kept"] == 3
    assert sum(odds) == pytest.approx(1, abs=1e-6)
    assert odds[3:] == [0] * 17
    scores = torch.tensor([[one["score"] for one in found["next"]["likeliest"]]])
    meant = Sampler(temperature=0.5, top_k=3).odds(scores, torch.zeros(1, 0, dtype=torch.long))[0]
    assert odds == pytest.approx(meant.tolist(), abs=1e-6)
    assert asked(server, temperature=0.5, top_k=3, top=20, seed=7).json()["drawn"] == found["drawn"]
    reached = 0.0
    for one in found["next"]["likeliest"]:
        if reached <= found["drawn"]["number"] < reached + one["odds"]:
            assert found["drawn"]["id"] == one["id"]
        reached += one["odds"]


@pytest.mark.parametrize("settings", [{"temperature": 5e-324}, {"temperature": 1e-300, "repetition_penalty": 0.01}])
def test_a_temperature_next_to_nothing_is_greedy(server: Running, settings: dict[str, float]) -> None:
    found = asked(server, **settings).json()
    assert found["next"]["kept"] == 1
    written = server.complete(PROMPT, max_tokens=3, **settings).json()["choices"][0]["text"]
    greedy = server.complete(PROMPT, max_tokens=3, **settings | {"temperature": 0}).json()["choices"][0]["text"]
    assert written == greedy


def test_draws_fall_as_the_odds_say() -> None:
    odds = torch.tensor([0.2, 0.0, 0.5, 0.3])
    found = [draw(odds, (n + 0.5) / 1000) for n in range(1000)]
    assert [found.count(id) for id in range(4)] == [200, 0, 500, 300]
    assert draw(odds, 0.0) == 2
    assert draw(odds, 1 - 1e-12) == 0


def test_a_text_of_one_token_looks_at_itself() -> None:
    (layer,) = glances(torch.ones(1, 2, 1, 1))
    assert [(head.own, head.entropy) for head in layer] == [(1.0, 0.0)] * 2


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"layer": 99}, "head"),
        ({"off": [[0, 99]]}, "off"),
        ({"off": [[0]]}, "off.0"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [10**6]}, "prompt"),
        ({"prompt": "月" * 500}, "prompt"),
        ({"temperature": -1}, "temperature"),
        ({"top": 0}, "top"),
        ({"model": "another"}, "model"),
        ({"heads": 3}, "heads"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_its_name(server: Running, fields: dict[str, Any], param: str) -> None:
    refused = asked(server, **fields)
    assert refused.status_code in (400, 404), refused.text
    assert (refused.json()["error"]["param"] or "").startswith(param.partition(".")[0])
    assert asked(server).status_code == 200
