// Links that are offered while they are typed: `[[` opens a list of topics and of the learner's own notes.
//
// The list is fetched when it is first wanted: GET /api/links -> [{name, title, kind}]; `name` is what a link holds.
// Arrows choose, Enter or Tab takes, Escape closes; whoever types on is not disturbed. A note saves as without it.

import { say } from "./words";

interface Offer {
  name: string;
  title: string;
  kind: "topic" | "note";
}

const MOST = 8; // offers at once
let offers: Promise<Offer[]> | null = null;
let number = 0;

function known(): Promise<Offer[]> {
  offers ??= fetch("/api/links")
    .then((answer) => (answer.ok ? (answer.json() as Promise<Offer[]>) : []))
    .catch(() => {
      offers = null; // asked again with the next link
      return [];
    });
  return offers;
}

/** What stands between `[[` and the cursor; null where no link is being typed. */
function begun(area: HTMLTextAreaElement): string | null {
  const before = area.value.slice(Math.max(0, area.selectionStart - 120), area.selectionStart);
  return /\[\[([^\[\]|\n]*)$/.exec(before)?.[1] ?? null;
}

function fits(offer: Offer, wanted: string): boolean {
  return `${offer.name} ${offer.title}`.toLowerCase().includes(wanted.toLowerCase());
}

export function complete(area: HTMLTextAreaElement): void {
  const list = document.createElement("ul");
  list.id = `links-${++number}`;
  list.className = "link-offers";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", say("note-links"));
  list.hidden = true;
  area.setAttribute("aria-autocomplete", "list");
  let at = -1;

  function close(): void {
    list.hidden = true;
    list.replaceChildren();
    at = -1;
    area.removeAttribute("aria-activedescendant");
    area.removeAttribute("aria-controls");
  }

  function choose(next: number): void {
    const rows = [...list.children];
    at = (next + rows.length) % rows.length;
    const row = rows[at];
    if (!row) return;
    rows.forEach((row, n) => row.setAttribute("aria-selected", String(n === at)));
    row.scrollIntoView({ block: "nearest" });
    area.setAttribute("aria-activedescendant", row.id);
  }

  function take(name: string): void {
    const wanted = begun(area) ?? "";
    const from = area.selectionStart - wanted.length;
    const closed = area.value.startsWith("]]", area.selectionStart) ? 2 : 0;
    area.setRangeText(`${name}]]`, from, area.selectionStart + closed, "end");
    close();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function offer(): Promise<void> {
    if (begun(area) === null) return close();
    const all = await known();
    const wanted = begun(area);
    const found = wanted === null ? [] : all.filter((one) => fits(one, wanted)).slice(0, MOST);
    if (!found.length) return close();
    list.replaceChildren(
      ...found.map((one, n) => {
        const row = document.createElement("li");
        row.id = `${list.id}-${n}`;
        row.setAttribute("role", "option");
        row.dataset.name = one.name;
        const title = document.createElement("span");
        title.textContent = one.title;
        const name = document.createElement("code");
        name.textContent = one.name;
        row.append(title, " ", name);
        row.addEventListener("pointerdown", (event) => {
          event.preventDefault(); // the field keeps the focus
          take(one.name);
        });
        return row;
      }),
    );
    if (!list.isConnected) area.after(list);
    list.hidden = false;
    area.setAttribute("aria-controls", list.id);
    choose(0);
  }

  area.addEventListener("input", () => void offer());
  area.addEventListener("blur", close);
  area.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(at + (event.key === "ArrowDown" ? 1 : -1));
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab")
      take((list.children[at] as HTMLElement).dataset.name ?? "");
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation(); // the note's own keys come after
  });
}
