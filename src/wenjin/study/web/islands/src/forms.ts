// The answers that are no programs: numbers, choices, orders. The form's fields -> the JSON that the judge reads.

import { el } from "./dom";
import { say } from "./words";

type Value = number | string | null | Value[];
export type Answer = Record<string, Value>;

// A number; what is none goes to the judge as it is, which says what is wrong with it; nothing is null.
export function readNumber(text: string): number | string | null {
  const plain = text.trim().replace(/[−－]/g, "-").replace(/[，．]/g, ".");
  if (plain === "") return null;
  return Number.isFinite(Number(plain)) ? Number(plain) : text.trim();
}

// field.NAME -> a number, field.NAME.0 -> a row, field.NAME.1.2 -> a matrix
export function collect(form: HTMLFormElement): Answer {
  const answer: Answer = {};
  const items = form.querySelectorAll<HTMLElement>("#items > li[data-key]");
  if (items.length) return { order: [...items].map((item) => item.dataset.key ?? "") };
  for (const [name, value] of new FormData(form)) {
    const [kind, key, ...at] = name.split(".");
    if (key === undefined || typeof value !== "string") continue;
    if (kind === "step") answer[key] = value;
    if (kind !== "field") continue;
    let place: Record<string, Value> = answer;
    let last = key;
    for (const index of at) {
      place = (place[last] ??= []) as unknown as Record<string, Value>;
      last = index;
    }
    place[last] = readNumber(value);
  }
  // A field with a blank in it counts as not filled in.
  for (const [key, value] of Object.entries(answer)) if (blank(value)) answer[key] = null;
  return answer;
}

function blank(value: Value): boolean {
  return Array.isArray(value) ? value.some(blank) : value === null;
}

// Put an earlier answer back into the fields.
export function fill(form: HTMLFormElement, answer: Answer): void {
  const list = form.querySelector("#items");
  if (list && Array.isArray(answer.order)) {
    for (const key of answer.order) {
      const item = [...list.children].find((child) => (child as HTMLElement).dataset.key === key);
      if (item) list.append(item);
    }
    return;
  }
  const set = (name: string, value: Value): void => {
    if (Array.isArray(value)) return value.forEach((part, at) => set(`${name}.${at}`, part));
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement) field.value = value === null ? "" : String(value);
  };
  for (const [key, value] of Object.entries(answer)) {
    set(`field.${key}`, value);
    const options = form.elements.namedItem(`step.${key}`);
    const radios = options instanceof RadioNodeList ? [...options] : [options];
    for (const radio of radios)
      if (radio instanceof HTMLInputElement && radio.type === "radio") radio.checked = radio.value === value;
  }
}

// Lines that are put in order by buttons instead of by numbers.
export function sortable(form: HTMLFormElement): void {
  for (const item of form.querySelectorAll<HTMLElement>("#items > li[data-key]")) {
    for (const input of item.querySelectorAll("input")) input.hidden = true;
    const move = (up: boolean) => (event: Event) => {
      const other = up ? item.previousElementSibling : item.nextElementSibling;
      if (up) other?.before(item);
      else other?.after(item);
      (event.currentTarget as HTMLElement).focus();
      form.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const button = (word: "up" | "down", sign: string) =>
      el("button", { type: "button", class: "button button-plain", "aria-label": say(word), onclick: move(word === "up") }, sign);
    item.append(el("span", { class: "item-moves" }, button("up", "↑"), button("down", "↓")));
  }
}
