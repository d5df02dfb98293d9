// The verdict and the output of a run as elements. All of it is text that a program or a learner wrote.

import { type Both, language } from "./api";
import { el, ticks } from "./dom";
import { say, sayKnown } from "./words";

export type Verdict = {
  verdict: "pass" | "wrong" | "error" | "timeout" | "memory" | "blocked";
  name: string | null;
  feedback: Both;
  case: Both | null;
  section: string | null;
  more: Both | null;
  output: string;
  passed: number;
  total: number;
  ms: number;
  tier: string;
  unkept: Both | null;
};

export type Ran = { output: string; error: Both | null; unconfined: boolean; ms: number };

const box = (kind: string, text: string) => el("pre", { class: kind, tabindex: "0" }, text);

// Where nothing confines an answer, each run is asked for: the form of the page takes the press.
const confirm = (doing: "judge" | "run") =>
  el("p", {}, el("button", { class: "button", form: "answer", name: "do", value: `${doing}-unconfined` }, say("unconfined")));

export function verdictElement(given: Verdict, lesson: string): HTMLElement {
  return el(
    "div",
    { class: "verdict", "data-verdict": given.verdict },
    el(
      "p",
      { class: "verdict-line" },
      el("strong", {}, sayKnown(given.verdict)),
      " ",
      given.total > 0 && el("span", { class: "verdict-count" }, `${given.passed} / ${given.total}`),
      " ",
      given.name && el("code", { class: "verdict-name" }, given.name),
      " ",
      el("span", { class: "verdict-ms" }, `${given.ms.toFixed(0)} ms`),
    ),
    given.unkept && noticeElement(given.unkept[language]),
    el("p", { class: "verdict-text" }, ...ticks(given.feedback[language])),
    given.name === "unconfined" && confirm("judge"),
    given.case && box("verdict-case", given.case[language]),
    given.section &&
      el("p", { class: "verdict-section" }, el("a", { href: `${lesson}#${given.section}` }, say("section"))),
    given.more &&
      el("details", { class: "verdict-more" }, el("summary", {}, say("more")), box("", given.more[language])),
    given.output && el("div", { class: "verdict-output" }, el("h3", {}, say("output")), box("", given.output)),
  );
}

export function ranElement(ran: Ran): HTMLElement {
  return el(
    "div",
    { class: "run-output" },
    el("h3", {}, say("ran"), " ", el("span", { class: "verdict-ms" }, `${ran.ms.toFixed(0)} ms`)),
    ran.error && el("p", {}, ...ticks(ran.error[language])),
    ran.unconfined && confirm("run"),
    ran.output ? box("", ran.output) : !ran.error && el("p", { class: "quiet" }, say("nothing")),
  );
}

export function noticeElement(text: string): HTMLElement {
  return el("p", { class: "notice", role: "alert" }, ...ticks(text));
}
