// The history of an exercise: what was submitted, how it differs from now, and back to it.

import { ask, type Both, language } from "./api";
import { differenceElement } from "./diff";
import { el, local, ticks } from "./dom";
import { say, sayKnown } from "./words";

type Attempt = {
  id: string;
  at: string;
  verdict: string;
  name: string | null;
  feedback: Both | null;
  answer: string | null;
  source: string;
  ms: number | null; // what was not judged here may know neither
};

export class Attempts {
  // list    where they are shown, inside a <details>: filled when it opens
  // current what the learner has now, as text;  restore puts an earlier text there
  constructor(
    private readonly list: HTMLElement,
    private readonly api: string,
    private readonly current: () => string,
    private readonly restore: (text: string) => void,
  ) {
    this.outer?.addEventListener("toggle", () => void this.fresh());
  }

  private get outer(): HTMLDetailsElement | null {
    return this.list.closest("details");
  }

  // Read the list anew, if it is open.
  async fresh(): Promise<void> {
    if (this.outer && !this.outer.open) return;
    try {
      const { body } = await ask<{ attempts: Attempt[] }>("GET", `${this.api}/attempts`, undefined, { seconds: 10 });
      const rows = body.attempts.map((attempt) => this.row(attempt));
      this.list.replaceChildren(
        rows.length ? el("ol", { class: "rows attempts" }, ...rows) : el("p", { class: "quiet" }, say("no-attempts")),
      );
    } catch (error) {
      this.list.prepend(el("p", { class: "quiet", role: "alert" }, error instanceof Error ? error.message : say("unreachable")));
    }
  }

  private row(attempt: Attempt): HTMLElement {
    const time = new Date(attempt.at);
    const details = el(
      "details",
      { class: "attempt", "data-verdict": attempt.verdict },
      el(
        "summary",
        {},
        el("strong", {}, sayKnown(attempt.verdict)),
        attempt.name && " · ",
        attempt.name && el("code", {}, attempt.name),
        " ",
        el("span", { class: "label" }, [sayKnown(attempt.source), attempt.ms === null ? "" : `${attempt.ms.toFixed(0)} ms`].filter(Boolean).join(" · ")),
        el("time", { class: "label", datetime: attempt.at }, local(time)),
      ),
      attempt.verdict !== "pass" && attempt.feedback && el("p", { class: "verdict-text" }, ...ticks(attempt.feedback[language])),
    );
    details.addEventListener("toggle", () => {
      details.querySelector(".attempt-text")?.remove();
      if (details.open && attempt.answer !== null) details.append(this.compared(attempt.answer));
    });
    return el("li", { class: "row-line" }, details);
  }

  private compared(then: string): HTMLElement {
    const now = this.current();
    return el(
      "div",
      { class: "attempt-text" },
      el("p", { class: "label" }, now === then ? say("same") : say("attempt-difference")),
      differenceElement(then, now),
      now !== then &&
        el("button", { type: "button", class: "button", onclick: () => this.restore(then) }, say("restore")),
    );
  }
}
