// Notes beside the sections of a lesson: saved while they are typed, shown as they will be read once the hand rests.
//
// The page is made of forms that work without scripts (templates/_note.html). The markup that this file looks for:
//
//   <div class="note" data-note="/api/notes/TOPIC/ANCHOR">
//     <div class="note-text" hidden>the note as HTML, made by the server</div>
//     <details class="note-edit"><summary data-write="…" data-change="…">
//       <form><input name="revision"><textarea name="text"></textarea><button> <p class="note-state" role="status">
//       <div class="conflict" hidden></div>
//
// Endpoint: GET -> {text, revision}; PUT {text, revision, settled} -> {revision} and, when settled, {html, maths, fault};
// 409 {text, revision} when another window, or the note's file, has changed it since.

import { complete } from "./complete";
import { Draft, type Settled, unsaved } from "./draft";

const LARGEST = 1_000_000; // bytes: what one request may carry, less what it is wrapped in
const LONG = 20_000; // characters from which the field no longer grows with its text, which would cost at each key

function find<T extends HTMLElement>(box: HTMLElement, name: string): T {
  const found = box.querySelector<T>(name);
  if (!found) throw new Error(`The note ${box.id} lacks ${name}.`);
  return found;
}

function note(box: HTMLElement): { open(): void } {
  const address = box.dataset.note ?? "";
  const edit = find<HTMLDetailsElement>(box, ".note-edit");
  const summary = find(box, "summary");
  const area = find<HTMLTextAreaElement>(box, "textarea");
  const shown = find(box, ".note-text");
  let draft: Draft | null = null;

  function start(): Draft {
    draft ??= new Draft(
      {
        api: address,
        address,
        state: find(box, ".note-state"),
        conflict: find(box, ".conflict"),
        show: (text) => (area.value = text),
        words: { saved: "note-saved", "conflict-title": "note-conflict" },
        largest: LARGEST,
        settled: (answer) => show(answer, area.value),
      },
      area.value,
      Number(find<HTMLInputElement>(box, "[name=revision]").value),
    );
    return draft;
  }

  // The server's own HTML of a Markdown text, in which it lets no HTML through; scripts in it would not run either.
  function show({ html, maths }: Settled, text: string): void {
    const empty = text.trim() === "";
    const page = new DOMParser().parseFromString(html, "text/html");
    shown.replaceChildren(...page.body.childNodes);
    shown.hidden = empty;
    summary.textContent = (empty ? summary.dataset.write : summary.dataset.change) ?? "";
    if (![...document.querySelectorAll("link")].some((link) => link.getAttribute("href") === maths))
      document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: maths }));
  }

  async function done(): Promise<void> {
    await start().save(false, true);
    edit.open = false;
    summary.focus();
    box.scrollIntoView({ block: "nearest" });
  }

  complete(area); // before the keys of the note itself
  edit.addEventListener("toggle", () => {
    if (edit.open) void start().refresh(); // the page may have stood open for long
    else void draft?.save(false, true);
  });
  area.addEventListener("input", () => {
    area.classList.toggle("long", area.value.length > LONG);
    start().changed(area.value);
  });
  area.addEventListener("blur", () => void draft?.save(false, true));
  area.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey) return;
    const finish = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    const keep = event.key === "s" && (event.ctrlKey || event.metaKey);
    if (finish || event.key === "Escape") void done();
    else if (keep) void start().save(false, true);
    else return;
    event.preventDefault();
  });
  find<HTMLFormElement>(box, "form").addEventListener("submit", (event) => {
    event.preventDefault();
    void done();
  });
  summary.addEventListener("click", () => setTimeout(() => edit.open && area.focus()));

  return {
    open(): void {
      edit.open = true;
      start();
      box.scrollIntoView({ block: "nearest" });
      area.focus({ preventScroll: true });
    },
  };
}

const lost = unsaved();
for (const box of document.querySelectorAll<HTMLElement>("[data-note]")) {
  const made = note(box);
  box.addEventListener("wenjin:note", () => made.open());
  if (lost.has(box.dataset.note ?? "")) find<HTMLDetailsElement>(box, ".note-edit").open = true; // starts it, by its toggle
}
