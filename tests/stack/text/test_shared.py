"""The longest shared run equals a plain search for every run."""

from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.stack.text.shared import longest_shared

TEXTS = st.lists(st.text("月山水𠀀a", max_size=9), max_size=5)


def plain(text: str, corpus: list[str]) -> int:
    runs = [text[a:b] for a in range(len(text)) for b in range(a + 1, len(text) + 1)]
    return max((len(run) for run in runs if any(run in one for one in corpus)), default=0)


@settings(max_examples=300, deadline=None)
@given(texts=TEXTS, corpus=TEXTS)
def test_it_equals_a_plain_search_for_every_run(texts: list[str], corpus: list[str]) -> None:
    assert longest_shared(texts, corpus) == [plain(text, corpus) for text in texts]


def test_by_hand() -> None:
    corpus = ["白日依山尽黄河入海流", "床前明月光"]
    assert longest_shared(["白日依山尽黄河流", "举头望山月", "尽床前", ""], corpus) == [7, 1, 2, 0]
