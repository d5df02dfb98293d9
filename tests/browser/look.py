"""What is asked of every page that is shown: nothing inline, nothing cut off, no fault that axe-core finds.

axe-core (4.12, from the package axe-playwright-python) is put into the page by the browser's debugger, which the
page's Content-Security-Policy does not bind; the policy itself stays in force for the page.
"""

import importlib.util
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

EVALUATED = re.compile(r"\shx-on|\son[a-z]+\s*=|javascript:|\sjs:", re.IGNORECASE)
SERIOUS = ("serious", "critical")


def axe_source() -> str:
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")


def inline(source: str) -> list[str]:
    """Tags of a page's source that hold a style or something that is evaluated."""
    bare = re.sub(r"(?s)<script type=\"application/json\".*?</script>", "", source)
    tags = re.findall(r"<[a-zA-Z][^>]*>", bare)
    return [tag for tag in tags if EVALUATED.search(tag) or re.search(r"\sstyle\s*=|^<style", tag)]


def violations(page: Page, source: str, formulas: bool) -> list[str]:
    """What axe-core calls serious or critical.

    Without `formulas` a page of many keeps twenty and has a letter in place of each other one (do not look at it
    afterwards): they are nine tenths of a lesson's elements.
    """
    page.evaluate(source)
    found: list[dict[str, Any]] = page.evaluate(AXE, formulas)
    return [f"{v['id']} ({v['impact']}): {where}" for v in found if v["impact"] in SERIOUS for where in v["nodes"]]


def beyond(page: Page) -> list[str]:
    """What sticks out of the window, and text that its own box cuts off. Boxes that scroll show all they hold."""
    found: list[str] = page.evaluate(BEYOND)
    return found


AXE = """async (formulas) => {
  const many = [...document.querySelectorAll('.katex')];
  if (!formulas && many.length > 100) for (const one of many.slice(20)) one.replaceWith('x');
  const {violations} = await axe.run(document, {resultTypes: ['violations']});
  return violations.map(({id, impact, nodes}) => ({id, impact, nodes: nodes.slice(0, 8).map((node) => {
    const [why] = [...node.any, ...node.all, ...node.none];
    return node.target.join(' ') + ' · ' + (why?.message ?? '');
  })}));
}"""

BEYOND = """() => {
  const found = [];
  const {clientWidth: wide, scrollWidth: needed} = document.documentElement;
  if (needed > wide) found.push(`the page is ${needed} wide`);
  const name = (e) => e.tagName.toLowerCase() + (e.id && '#' + e.id) + [...e.classList].map((c) => '.' + c).join('');
  const held = (element) => {
    for (let box = element.parentElement; box; box = box.parentElement)
      if (box !== document.body && getComputedStyle(box).overflowX !== 'visible') return true;
    return false;
  };
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('.katex-mathml, .skip') || !element.checkVisibility()) continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    if ((box.right > wide + 1 || box.left < -1) && !held(element)) found.push(`${name(element)} sticks out`);
    const style = getComputedStyle(element);
    const cut = ['hidden', 'clip'].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
    if (cut && element.clientWidth > 2 && style.textOverflow !== 'ellipsis') found.push(`${name(element)} is cut off`);
  }
  return [...new Set(found)].slice(0, 8);
}"""
