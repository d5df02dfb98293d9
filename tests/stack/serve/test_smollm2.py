"""A published model, as people have it: it chats, and greedily says what the model says in process."""

import torch

from tests.stack.serve.conftest import Running
from wenjin.stack.infer.generate import generate
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.serve.local import Local


def test_it_answers_a_question(smollm2_server: Running) -> None:
    answer = smollm2_server.chat("What is the capital of France?", temperature=0, max_tokens=20).json()
    assert "Paris" in answer["choices"][0]["message"]["content"]
    assert answer["model"] == "smollm2"


def test_it_says_what_the_model_says_in_process(smollm2_server: Running, smollm2_local: Local) -> None:
    prompt = "The moon is"
    ids = smollm2_local.tokenizer.encode(prompt)
    drawn = generate(smollm2_local.model, torch.tensor([ids]), most=24, choose=Sampler(temperature=0))
    told = smollm2_server.complete(prompt, temperature=0, max_tokens=24).json()["choices"][0]["text"]
    assert smollm2_local.tokenizer.decode([int(id) for id in drawn]) == told
