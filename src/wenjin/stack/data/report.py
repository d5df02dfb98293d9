"""The report on a prepared corpus: what came in, what was thrown away and why, what is left. JSON, and Markdown of it.

    facts = {"came": 78653, "left": …, "steps": [...], …}      what the pipeline counted
    markdown(facts)                                            the same for a reader, Chinese and English side by side

Proof    tests/poet/test_data.py: every figure of the page stands in the JSON, and the steps add up
"""

from typing import Any

from wenjin.stack.data.clean import FAULTS, REPAIRS
from wenjin.stack.data.tally import Tally

DOUBLES = {
    "equal": ("与另一首全同", "equal to another"),
    "variant": (
        "与另一首大半相同：异文，或一诗两属",
        "mostly equal to another: a variant, or one poem under two names",
    ),
}


def steps(faults: Tally, doubles: Tally, repairs: Tally) -> list[dict[str, Any]]:
    """The reasons of each step, with counts and examples, as JSON holds them."""
    return [
        {"zh": "丢掉：不是完整的诗", "en": "Thrown away: no whole poem", "reasons": _reasons(faults, FAULTS)},
        {"zh": "丢掉：已经有了", "en": "Thrown away: there already", "reasons": _reasons(doubles, DOUBLES)},
        {"zh": "修过，留下", "en": "Repaired and kept", "reasons": _reasons(repairs, REPAIRS)},
    ]


def _reasons(tally: Tally, names: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "zh": zh, "en": en, "count": tally.counts[name], "examples": tally.examples(name)}
        for name, (zh, en) in names.items()
        if tally.counts[name]
    ]


def markdown(facts: dict[str, Any]) -> str:
    """A page of `facts` as poet/data.py counts them."""
    came, left, sample = facts["came"], facts["left"], facts["recall"]["sample"]
    groups, largest = facts["clusters"]["count"], facts["clusters"]["largest"]
    page = [
        "# 语料报告 · Corpus report",
        "",
        *(
            f"- {one['source']}，{one['part']}：{one['rows']:,} 首 · poems，{one['license']}，SHA-256 `{one['sha256']}`"
            for one in facts["sources"]
        ),
        f"- 进来 {came:,} 首，留下 {left:,} 首（{left / came:.1%}） · {came:,} came in, {left:,} are left",
        f"- 数据 · data SHA-256 `{facts['sha256']}`",
        "",
    ]
    for one in facts["steps"]:
        page += [
            f"## {one['zh']} · {one['en']}",
            "",
            "| 原因 · reason | 首 · poems | 占进来的 · of all |",
            "| --- | ---: | ---: |",
        ]
        page += [f"| {r['zh']} · {r['en']} | {r['count']:,} | {r['count'] / came:.2%} |" for r in one["reasons"]]
        page.append("")
        for r in one["reasons"]:
            if r["examples"]:
                page += [f"**{r['zh']}**", "", *(f"- {example}" for example in r["examples"]), ""]
    page += [
        "## 近似查重漏了多少 · What the search for near duplicates missed",
        "",
        "| 相似度 · Jaccard | 真有 · exist | 找到 · found | 预期找到 · expected |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| ≥ {r['from']:.1f} | {r['exist']:,} | {r['found']:,} | {r['expected']:.1%} |"
            for r in facts["recall"]["bins"]
        ),
        "",
        f"随机取 {sample:,} 首，逐一与全部语料精确比较。 · {sample:,} poems drawn at random, compared with all others.",
        "",
        "## 留下的 · What is left",
        "",
        "| 体裁 · form | " + " | ".join(facts["splits"]) + " |",
        "| --- |" + " ---: |" * len(facts["splits"]),
        *(
            f"| {form} | " + " | ".join(f"{split[form]:,}" for split in facts["splits"].values()) + " |"
            for form in next(iter(facts["splits"].values()))
        ),
        "",
        f"有共同文字的诗归成一组，一组只进一边：{groups:,} 组，最大的有 {largest} 首。",
        f"Poems that share text form a cluster, which stands on one side: {groups:,}, the largest of {largest}.",
        "",
    ]
    return "\n".join(page)
