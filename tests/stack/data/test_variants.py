"""Which poems count as one, by hand; what stays when several are the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.stack.data.deduplicate import clusters
from wenjin.stack.data.variants import SAME, Found, Pair, compared, without_variants

LONG = (  # 白居易，赋得古原草送别
    "离离原上草一岁一枯荣野火烧不尽春风吹又生远芳侵古道晴翠接荒城又送王孙去萋萋满别情"
)
HALF = LONG[:20]
READING = LONG.replace("远芳", "遥芳").replace("接荒城", "入荒城")
QUOTING = "月落乌啼霜满天江枫渔火对愁眠野火烧不尽姑苏城外寒山寺夜半钟声到客船"  # a line of the first poem in another
OTHER = "白日依山尽黄河入海流欲穷千里目更上一层楼"
FEW = settings(max_examples=40, deadline=None)


def run(texts: list[str]) -> Found:
    work = compared(texts)
    shares = []
    try:
        while True:
            shares.append(next(work))
    except StopIteration as end:
        assert shares == sorted(shares)
        assert 0 < shares[0] <= shares[-1] < 1
        found: Found = end.value
        return found


def test_a_reading_is_the_same_a_half_is_linked_a_quotation_is_neither() -> None:
    found = run([LONG, HALF, READING, QUOTING, OTHER])
    by = {(pair.a, pair.b): pair for pair in found.pairs}
    assert by.keys() == {(0, 1), (0, 2), (1, 2)}
    assert by[0, 2].likeness >= SAME > by[0, 1].likeness
    assert clusters(5, found.linked()).tolist() == [0, 0, 0, 3, 4]
    kept, gone = without_variants(range(5), found.pairs)
    assert (kept, [n for n, *_ in gone]) == ([0, 1, 3, 4], [2])


def test_a_quatrain_cut_from_a_long_poem_is_linked_with_it() -> None:
    whole = "".join(chr(0x4E00 + 7 * n) for n in range(400))
    found = run([whole, whole[200:220], whole[100:107] + OTHER])  # the last quotes one line
    assert [(pair.a, pair.b) for pair in found.pairs] == [(0, 1)]
    assert found.pairs[0].likeness < 0.1


def test_the_lower_rank_stays() -> None:
    pairs = [Pair(0, 1, 0.9, 9)]
    assert without_variants([1, 0], pairs)[0] == [1]
    assert without_variants([0, 1], pairs)[0] == [0]


def test_a_chain_of_readings_loses_only_what_is_like_one_that_stays() -> None:
    kept, gone = without_variants(range(3), [Pair(0, 1, 0.6, 9), Pair(1, 2, 0.6, 9)])
    assert kept == [0, 2]
    assert gone == [(1, 0, 0.6)]


@FEW
@given(
    st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda p: p[0] < p[1])), st.permutations(range(10))
)
def test_none_that_stay_are_the_same_and_each_that_goes_has_one_that_stays(
    links: set[tuple[int, int]], ranks: list[int]
) -> None:
    kept, gone = without_variants(ranks, [Pair(a, b, 0.7, 9) for a, b in links])
    assert not any(a in kept and b in kept for a, b in links)
    for number, stays, _ in gone:
        assert stays in kept
        assert (min(number, stays), max(number, stays)) in links
        assert ranks[stays] < ranks[number]
    assert sorted([*kept, *(n for n, *_ in gone)]) == list(range(10))


def test_the_sample_tells_what_the_search_missed() -> None:
    found = run([LONG, READING, LONG, OTHER])
    lowest = found.recall["bins"][0]
    assert found.recall["sample"] == 4
    assert (lowest["from"], lowest["exist"], lowest["found"]) == (SAME, 3, 3)
