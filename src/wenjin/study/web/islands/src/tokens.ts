// An answer as its tokens: a piece of text each, the alternatives of the one that is pointed at or walked to.
//
// A piece is what the server sent at once: mostly one token, more where only several together make a character. Tab
// reaches one piece; the arrows, Home and End go to the others.

import { el } from "./dom";

type Token = [text: string, logprob: number | null, top: [text: string, logprob: number][]];
export type Piece = { text: string; tokens: Token[] };
type Say = (name: string, blanks?: Record<string, string | number>) => string;

const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const UNSEEN = /^[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Mn}\p{Me}]*$/u;
const DARKEST = 6; // steps of the ground

// Text of any origin, safe to show: it turns no line around.
export function clean(text: string): string {
  return text.replace(HIDDEN, "");
}

// A token as it is named: what cannot be seen is told.
function named(text: string): string {
  const told = text.replace(HIDDEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const shown = told.replace(/\p{Default_Ignorable_Code_Point}/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
  return shown.replaceAll("\n", "⏎").replaceAll("\t", "⇥").replace(/^ | $/g, "␣") || "∅";
}

function percent(logprob: number): string {
  const share = 100 * Math.exp(logprob);
  return share < 0.1 ? "< 0.1%" : `${share < 10 ? share.toFixed(1) : share.toFixed(0)}%`;
}

export class Tokens {
  private readonly pieces: Piece[] = [];
  private readonly told: HTMLElement;
  private readonly line: HTMLElement;
  private current: HTMLElement | null = null;

  constructor(box: HTMLElement, say: Say) {
    this.say = say;
    this.line = el("div", { class: "tokens", role: "group", "aria-label": say("tokens"), dir: "auto" });
    this.told = el("div", { class: "token-told label", role: "status" });
    box.replaceChildren(this.line, this.told);
    this.line.addEventListener("pointerover", (event) => this.look(this.at(event)));
    this.line.addEventListener("focusin", (event) => this.look(this.at(event)));
    this.line.addEventListener("keydown", (event) => this.walk(event));
  }

  private readonly say: Say;

  add(piece: Piece): void {
    const span = el("span", { class: "token", tabindex: this.pieces.length ? "-1" : "0" }, clean(piece.text));
    if (UNSEEN.test(piece.text)) span.dataset.unseen = ""; // half an emoji, say: it has no width, and is to be pointed at
    const sure = piece.tokens.reduce((sum, [, logprob]) => sum + (logprob ?? 0), 0);
    span.dataset.n = String(this.pieces.length);
    span.dataset.odd = String(Math.min(DARKEST, Math.floor(-sure)));
    this.pieces.push(piece);
    this.line.append(span);
  }

  // All has come: what can be done with it is said.
  finish(): void {
    this.told.textContent = this.pieces.length ? this.say("how") : this.say("none");
  }

  private at(event: Event): HTMLElement | null {
    return event.target instanceof Element ? event.target.closest<HTMLElement>(".token") : null;
  }

  private look(span: HTMLElement | null): void {
    if (!span || span === this.current) return;
    this.current?.removeAttribute("aria-current");
    this.current = span;
    span.setAttribute("aria-current", "true");
    const piece = this.pieces[Number(span.dataset.n)];
    this.told.replaceChildren(...(piece?.tokens ?? []).map((token) => this.table(token)));
    if (!piece?.tokens.length) this.told.textContent = this.say("none");
  }

  private table([text, logprob, top]: Token): HTMLElement {
    const rows = top.some(([other]) => other === text) || logprob === null ? top : [...top, [text, logprob] as [string, number]];
    return el(
      "ol",
      { class: "token-top" },
      ...rows.map(([other, chance]) =>
        el(
          "li",
          other === text ? { "aria-current": "true" } : {},
          el("bdi", {}, el("code", {}, named(other))),
          " ",
          el("meter", { min: "0", max: "1", value: String(Math.exp(chance)), "aria-hidden": "true" }),
          ` ${percent(chance)}`,
          other === text && ` ← ${this.say("drawn")}`,
        ),
      ),
    );
  }

  private walk(event: KeyboardEvent): void {
    const here = this.at(event);
    if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = this.line.children;
    const n = Number(here.dataset.n);
    const to = { ArrowRight: n + 1, ArrowLeft: n - 1, Home: 0, End: all.length - 1 }[event.key];
    const next = to === undefined ? null : all[to];
    if (!(next instanceof HTMLElement)) return;
    event.preventDefault();
    here.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}
