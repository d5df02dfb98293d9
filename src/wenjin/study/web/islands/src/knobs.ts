// The knobs of a lesson: something small to turn, computed anew at every turn. Without scripts its text stays.
//
//   merges     byte-pair encoding by as many merges as the slider says, on words that one types
//   posterior  a thousand people and a test: who is sick, who is positive, and what a positive one may expect
//
// The merges are those of the library (wenjin.stack.text.bpe): a test compares them.

import { language } from "./api";
import { el } from "./dom";

const zh = language === "zh";
const say = (chinese: string, english: string): string => (zh ? chinese : english);

// A range with its name and value beside it.
function slider(name: string, range: { min: number; max: number; step: number; value: number }, told: (n: number) => string, turn: () => void) {
  const input = el("input", { type: "range", min: `${range.min}`, max: `${range.max}`, step: `${range.step}`, value: `${range.value}` });
  const output = el("output", {}, told(range.value));
  const box = el("label", { class: "knob-slider" }, `${name} `, input, " ", output);
  input.addEventListener("input", turn);
  return {
    box,
    input,
    value(): number {
      const n = Number(input.value);
      output.textContent = told(n);
      input.setAttribute("aria-valuetext", told(n));
      return n;
    },
  };
}

// ---- merges ----

type Word = { symbols: number[]; times: number };
type Merge = { left: number; right: number; made: number; times: number };
const BYTES = [...range(33, 127), ...range(161, 173), ...range(174, 256)];
const ORDER = [...BYTES, ...range(0, 256).filter((byte) => !BYTES.includes(byte))]; // id -> byte, as the library has it

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}

class Merges {
  readonly tokens: Uint8Array[] = ORDER.map((byte) => Uint8Array.of(byte));
  readonly learned: Merge[] = [];
  words: Word[] = [];
  private readonly first = new Map(ORDER.map((byte, id) => [byte, id]));

  constructor(text: string) {
    const counts = new Map<string, number>();
    for (const word of text.split(/\s+/).filter(Boolean)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const bytes = new TextEncoder();
    this.words = [...counts].map(([word, times]) => ({ symbols: [...bytes.encode(word)].map((b) => this.first.get(b) ?? 0), times }));
  }

  // The pairs of neighbors, most frequent first; of equals the one with the lower ids.
  pairs(): { left: number; right: number; times: number }[] {
    const found = new Map<string, { left: number; right: number; times: number }>();
    for (const { symbols, times } of this.words)
      for (let n = 0; n + 1 < symbols.length; n++) {
        const [left, right] = [symbols[n] ?? 0, symbols[n + 1] ?? 0];
        const key = `${left} ${right}`;
        const pair = found.get(key) ?? { left, right, times: 0 };
        pair.times += times;
        found.set(key, pair);
      }
    return [...found.values()].sort((a, b) => b.times - a.times || a.left - b.left || a.right - b.right);
  }

  step(): boolean {
    const best = this.pairs()[0];
    if (!best) return false;
    const token = Uint8Array.from([...(this.tokens[best.left] ?? []), ...(this.tokens[best.right] ?? [])]);
    let made = this.tokens.findIndex((one) => one.length === token.length && one.every((byte, n) => byte === token[n]));
    if (made < 0) made = this.tokens.push(token) - 1;
    this.learned.push({ ...best, made });
    for (const word of this.words) {
      const joined: number[] = [];
      for (let n = 0; n < word.symbols.length; n++) {
        const both = word.symbols[n] === best.left && word.symbols[n + 1] === best.right;
        joined.push(both ? made : (word.symbols[n] ?? 0));
        if (both) n++;
      }
      word.symbols = joined;
    }
    return true;
  }

  // A token as text; bytes that are no character by themselves stay bytes.
  shown(id: number): string {
    const bytes = this.tokens[id] ?? new Uint8Array();
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      return [...bytes].map((byte) => `⟨${byte.toString(16).toUpperCase()}⟩`).join("");
    }
  }
}

const MOST = 60; // merges
const LONGEST = 2000; // characters

function merges(place: HTMLElement, words: string): void {
  const box = el("textarea", { rows: "3", maxlength: `${LONGEST}`, spellcheck: "false", "aria-label": say("语料：词用空格分开", "The corpus: words with spaces between") });
  box.value = words;
  const knob = slider(say("合并次数", "Merges"), { min: 0, max: MOST, step: 1, value: 0 }, (n) => `${n}`, turn);
  const line = el("div", { class: "knob-words", "aria-live": "polite" });
  const table = el("table", { class: "plain-table" });
  const next = el("p", { class: "quiet" });
  place.append(box, knob.box, line, next, el("div", { class: "knob-table" }, table));
  box.addEventListener("input", turn);

  function turn(): void {
    const state = new Merges(box.value.slice(0, LONGEST));
    for (let n = knob.value(); n > 0 && state.step(); n--);
    line.replaceChildren(
      ...state.words.map((word) =>
        el("span", { class: "knob-word" }, ...word.symbols.map((id) => el("span", { class: "knob-token" }, state.shown(id))), word.times > 1 && el("small", {}, ` ×${word.times}`)),
      ),
    );
    const length = state.words.reduce((sum, word) => sum + word.symbols.length * word.times, 0);
    const first = state.pairs().slice(0, 4).map((pair) => `${state.shown(pair.left)} + ${state.shown(pair.right)} (${pair.times})`);
    next.textContent =
      say(`全文 ${length} 个词元。`, `${length} tokens in all. `) +
      (first.length ? say(`接下来最多的是：${first.join("，")}`, `Most frequent now: ${first.join(", ")}`) : say("没有可以合并的了。", "Nothing is left to merge."));
    const rows = state.learned.map((merge, n) =>
      el("tr", {}, el("th", { scope: "row" }, `${n + 1}`), el("td", {}, `${state.shown(merge.left)} + ${state.shown(merge.right)}`), el("td", {}, state.shown(merge.made)), el("td", {}, `${merge.times}`)),
    );
    const head = [say("第几次", "Merge"), say("左 + 右", "Left + right"), say("得到", "Makes"), say("出现次数", "Times")];
    table.replaceChildren(el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, ...rows));
    table.hidden = !rows.length;
  }
  turn();
}

// ---- posterior ----

const PEOPLE = 1000;
const ACROSS = 50;
const percent = (share: number): string => `${(100 * share).toPrecision(share < 0.1 ? 2 : 3)}%`;

function posterior(place: HTMLElement): void {
  const rate = slider(say("患病率", "Share that is sick"), { min: 0, max: 40, step: 1, value: 10 }, (n) => percent(10 ** (n / 15 - 3)), turn);
  const finds = slider(say("灵敏度", "Sensitivity"), { min: 0.5, max: 1, step: 0.01, value: 0.99 }, percent, turn);
  const spares = slider(say("特异度", "Specificity"), { min: 0.5, max: 1, step: 0.005, value: 0.99 }, percent, turn);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${ACROSS * 10} ${(PEOPLE / ACROSS) * 10}`);
  svg.setAttribute("role", "img");
  const dots = range(0, PEOPLE).map((n) => {
    const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    for (const [name, value] of [["cx", (n % ACROSS) * 10 + 5], ["cy", Math.floor(n / ACROSS) * 10 + 5], ["r", 3.6]] as const) dot.setAttribute(name, `${value}`);
    svg.append(dot);
    return dot;
  });
  const told = el("p", { "aria-live": "polite" });
  const legend = el("p", { class: "label knob-legend" });
  place.append(rate.box, finds.box, spares.box, el("div", { class: "knob-people" }), legend, told);
  place.querySelector(".knob-people")?.append(svg);

  function turn(): void {
    const p = 10 ** (rate.value() / 15 - 3);
    const [hit, spared] = [finds.value(), spares.value()];
    const positive = p * hit + (1 - p) * (1 - spared);
    const sick = Math.round(PEOPLE * p);
    const found = Math.round(PEOPLE * p * hit);
    const alarms = Math.round(PEOPLE * (1 - p) * (1 - spared));
    dots.forEach((dot, n) => {
      const kind = n < found ? "sick-positive" : n < sick ? "sick-negative" : n < sick + alarms ? "well-positive" : "well-negative";
      dot.setAttribute("class", `person-${kind}`);
    });
    const chance = positive > 0 ? (p * hit) / positive : 0;
    const counts = say(
      `一千人里：${found} 个病人阳性，${sick - found} 个病人漏掉，${alarms} 个没病的人阳性。`,
      `Of a thousand people: ${found} sick and positive, ${sick - found} sick and missed, ${alarms} well and positive.`,
    );
    legend.textContent = counts;
    svg.setAttribute("aria-label", counts);
    told.textContent = say(
      `阳性的人真有病的可能：${percent(p)} × ${percent(hit)} ÷ ${percent(positive)} = ${percent(chance)}`,
      `The chance that a positive one is sick: ${percent(p)} × ${percent(hit)} ÷ ${percent(positive)} = ${percent(chance)}`,
    );
  }
  turn();
}

const KNOBS: Record<string, (place: HTMLElement, words: string) => void> = { merges, posterior };

for (const knob of document.querySelectorAll<HTMLElement>("[data-knob]")) {
  const place = el("div", { class: "knob-place" });
  knob.querySelector(".knob-still")?.remove();
  KNOBS[knob.dataset.knob ?? ""]?.(place, knob.dataset.with ?? "");
  knob.append(place);
}
