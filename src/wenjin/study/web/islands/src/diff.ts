// The difference of two texts, line by line: the longest common subsequence of lines stays, the rest goes or comes.

import { el } from "./dom";

export type Line = { kind: "same" | "gone" | "come"; text: string };

const MOST = 1_500_000; // cells of the table; longer texts are shown as wholly replaced

export function difference(before: string, after: string): Line[] {
  let a = before.split("\n");
  let b = after.split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const top: Line[] = a.slice(0, head).map((text) => ({ kind: "same", text }));
  const bottom: Line[] = a.slice(a.length - tail).map((text) => ({ kind: "same", text }));
  a = a.slice(head, a.length - tail);
  b = b.slice(head, b.length - tail);
  return [...top, ...middle(a, b), ...bottom];
}

function middle(a: string[], b: string[]): Line[] {
  const gone = (text: string): Line => ({ kind: "gone", text });
  const come = (text: string): Line => ({ kind: "come", text });
  const width = b.length + 1;
  if (a.length * width > MOST) return [...a.map(gone), ...b.map(come)];
  // common[i * width + j] is the length of the longest common subsequence of a[i..] and b[j..].
  const common = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: Line[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const left = a[i];
    const right = b[j];
    if (left !== undefined && left === right) {
      lines.push({ kind: "same", text: left });
      i++;
      j++;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(gone(left));
      i++;
    } else if (right !== undefined) {
      lines.push(come(right));
      j++;
    }
  }
  return lines;
}

// <pre class="diff"> of lines: <del>, <ins> or <span>, each beginning with its sign, so that color is not needed.
export function differenceElement(before: string, after: string): HTMLElement {
  const pre = el("pre", { class: "diff", tabindex: "0" });
  for (const { kind, text } of difference(before, after)) {
    const sign = { same: "  ", gone: "− ", come: "+ " }[kind];
    const tag = ({ same: "span", gone: "del", come: "ins" } as const)[kind];
    pre.append(el(tag, {}, `${sign}${text}\n`));
  }
  return pre;
}
