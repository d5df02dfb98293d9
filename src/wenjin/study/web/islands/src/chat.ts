// Talking to a model: the page's own forms sent in the background, the answer as it is written, its tokens on demand.
//
// The page is made of forms and links that work without scripts (templates/chat.html, _turn.html). What changes is taken
// from the page that the server sends back:
//
//   #talk                          the conversation: replaced after each form and each branch
//   #chats                         the list of conversations: replaced with it
//   form#composer                  stays; its hidden parent, csrf and address follow the page. Enter sends
//   #chat-fault, #spoken           what could not be done; whole sentences for screen readers
//   article.turn[data-pieces]      an answer that is being written: server-sent events fill .turn-stream, .turn-meter
//   article.turn[data-tokens]      one that has ended: .turn-shows-tokens asks for its tokens
//   #chat-words                    what to say, in the page's language

import { meta } from "./api";
import { writing } from "./dom";
import { type Piece, Tokens, clean } from "./tokens";

const AGAIN = 2000; // ms to the next try after a lost stream
const SENTENCE = /[.!?。！？\n]/; // ends what is read aloud in one go

const words = JSON.parse(document.getElementById("chat-words")?.textContent ?? "{}") as Record<string, string>;
const say = (name: string, blanks: Record<string, string | number> = {}): string =>
  (words[name] ?? "").replace(/\{(\w+)\}/g, (_, blank: string) => String(blanks[blank] ?? ""));
const find = <T extends HTMLElement>(name: string, within: ParentNode = document): T | null => within.querySelector<T>(name);

let shows = localStorage.getItem("chat-tokens") === "yes"; // the next answers show their tokens, too

// ---- the page that the server sent takes its places ----

async function load(address: string, sent?: URLSearchParams, composed = false): Promise<void> {
  const state = find("#composer-state");
  if (state) state.textContent = sent ? say("sending") : "";
  let response: Response;
  let text: string;
  try {
    const headers: Record<string, string> = { accept: "text/html" };
    if (sent) headers["x-csrf-token"] = meta("csrf");
    response = await fetch(address, { method: sent ? "POST" : "GET", body: sent ?? null, headers });
    text = await response.text();
  } catch {
    return fault(say("unsent"));
  } finally {
    if (state) state.textContent = "";
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  const told = find("#chat-fault", page)?.textContent?.trim() ?? "";
  if (!response.ok || !find("#talk", page)) return fault(told || page.title);
  fault("");
  if (sent && composed) clear(sent);
  const url = new URL(response.url);
  if (url.pathname + url.search !== location.pathname + location.search) history.pushState(null, "", url);
  show(page);
}

function show(page: Document): void {
  document.title = page.title;
  for (const name of ["#talk", "#chats"]) {
    const [old, fresh] = [find(name), find(name, page)];
    if (!old || !fresh) continue;
    const held = old.contains(document.activeElement);
    old.replaceWith(document.adoptNode(fresh));
    if (held) fresh.focus({ preventScroll: true });
  }
  const [composer, fresh] = [find<HTMLFormElement>("form#composer"), find<HTMLFormElement>("form#composer", page)];
  if (!composer || !fresh) return location.reload(); // a removed conversation has none
  composer.action = fresh.action;
  const parent = find<HTMLInputElement>("[name=parent]", composer);
  if (parent) parent.value = find<HTMLInputElement>("[name=parent]", fresh)?.value ?? "";
  mount();
}

function fault(text: string): void {
  const place = find("#chat-fault");
  if (!place) return;
  place.textContent = text;
  place.hidden = !text;
}

// What was sent is gone from its field, unless more was typed meanwhile.
function clear(sent: URLSearchParams): void {
  for (const name of ["text", "title"]) {
    const field = find<HTMLInputElement>(`#composer [name=${name}]`);
    if (field && field.value === sent.get(name)) field.value = "";
  }
}

function send(form: HTMLFormElement, submitter?: HTMLElement | null): void {
  const data = new FormData(form, submitter);
  const composer = find<HTMLFormElement>("form#composer");
  const asks = form === composer || form.matches(".turn-edit form") || form.action.endsWith("/again");
  if (asks && composer) for (const [name, value] of new FormData(composer)) if (!data.has(name)) data.set(name, value);
  const sent = new URLSearchParams();
  for (const [name, value] of data) if (typeof value === "string") sent.set(name, value);
  void load(form.action, sent, form === composer);
}

// ---- an answer while it is written ----

function follow(turn: HTMLElement): void {
  const stream = find(".turn-stream", turn);
  const told = find(".turn-meter", turn);
  const bar = find("progress", turn);
  const aloud = find("#spoken");
  if (!stream || !told) return;
  stream.replaceChildren();
  const tokens = new Tokens(stream, say);
  let unsaid = "";
  let state = "";
  let meter = "";
  let after = 0;
  let ended = false;

  const speak = (text: string, all = false): void => {
    unsaid += clean(text);
    const at = all ? unsaid.length : unsaid.search(SENTENCE) + 1;
    if (!aloud || at <= 0) return;
    const line = document.createElement("p");
    line.textContent = unsaid.slice(0, at);
    unsaid = unsaid.slice(at);
    aloud.append(line);
    while (aloud.childElementCount > 20) aloud.firstElementChild?.remove();
  };
  const tell = (): void => void (told.textContent = [state, meter].filter(Boolean).join(" · "));

  const open = (): void => {
    const source = new EventSource(`${turn.dataset.pieces}?after=${after}`);
    const on = (name: string, does: (data: Record<string, unknown>, event: MessageEvent<string>) => void): void =>
      source.addEventListener(name, (event) => does(JSON.parse((event as MessageEvent<string>).data), event as MessageEvent<string>));
    on("state", (data) => {
      state = data.state === "writing" ? "" : say(String(data.state), { seconds: Number(data.seconds) });
      if (data.state === "writing") bar?.remove();
      tell();
    });
    on("pieces", (data, event) => {
      after = Number(event.lastEventId) || after;
      if (!turn.isConnected) return source.close();
      const near = turn.getBoundingClientRect().bottom < innerHeight + 60;
      for (const piece of data as unknown as Piece[]) {
        tokens.add(piece);
        speak(piece.text);
      }
      if (near) scrollBy(0, Math.max(0, turn.getBoundingClientRect().bottom - innerHeight));
    });
    on("meter", (data) => {
      const cache = data.cache as { used: number; all: number } | null;
      const parts = [say("writing", { count: Number(data.tokens) })];
      if (data.rate) parts.push(say("rate", { rate: Number(data.rate).toFixed(1) }));
      if (cache) parts.push(say("cache", { share: Math.round((100 * cache.used) / cache.all) }));
      meter = data.tokens ? parts.join(" · ") : "";
      tell();
    });
    on("end", () => {
      ended = true;
      source.close();
      speak(` ${say("done")}`, true);
      void over(turn);
    });
    source.addEventListener("error", () => {
      if (ended || !turn.isConnected) return source.close();
      told.textContent = say("away");
      if (source.readyState === EventSource.CLOSED) setTimeout(open, AGAIN); // else it tries again by itself
    });
    addEventListener("pagehide", () => source.close(), { once: true });
  };
  open();
}

// The finished turn, as the server shows it, takes the place of the one that was followed; what is being edited stays.
async function over(turn: HTMLElement): Promise<void> {
  try {
    const response = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = find(`#${turn.id}`, page);
    const [list, newer] = [find("#chats"), find("#chats", page)];
    if (list && newer) list.replaceWith(document.adoptNode(newer));
    if (!fresh || !turn.isConnected) return;
    const held = turn.contains(document.activeElement);
    turn.replaceWith(document.adoptNode(fresh));
    prepare(fresh);
    document.dispatchEvent(new Event("wenjin:shown"));
    if (held) find("#say")?.focus();
  } catch {
    setTimeout(() => void over(turn), AGAIN);
  }
}

// ---- what a turn offers ----

function prepare(turn: HTMLElement): void {
  for (const hidden of turn.querySelectorAll<HTMLElement>("[data-needs-script]")) hidden.hidden = false;
  if (turn.dataset.pieces) follow(turn);
  if (turn.dataset.tokens && shows) void toggle(turn, true);
}

async function toggle(turn: HTMLElement, on: boolean): Promise<void> {
  const button = find(".turn-shows-tokens", turn);
  const text = find(".turn-text", turn);
  if (!button || !text) return;
  button.setAttribute("aria-pressed", String(on));
  find(".turn-tokens", turn)?.remove();
  text.hidden = on;
  if (!on) return;
  const box = document.createElement("div");
  box.className = "turn-tokens";
  text.after(box);
  try {
    const response = await fetch(turn.dataset.tokens ?? "", { headers: { accept: "application/json" } });
    const tokens = new Tokens(box, say);
    for (const piece of (await response.json()) as Piece[]) tokens.add(piece);
    tokens.finish();
  } catch {
    text.hidden = false;
    box.textContent = say("none");
  }
}

function mount(): void {
  for (const turn of document.querySelectorAll<HTMLElement>(".turn")) prepare(turn);
  document.dispatchEvent(new Event("wenjin:shown"));
}

// ---- the page's own events, once for all that comes and goes in it ----

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || !form.closest(".chat-page")) return;
  event.preventDefault();
  send(form, event.submitter);
});

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const branch = target?.closest<HTMLAnchorElement>(".turn-branches a");
  const button = target?.closest<HTMLElement>(".turn-shows-tokens");
  if (branch && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const rel = branch.rel;
    const id = new URL(branch.href).hash;
    void load(branch.href).then(() => (find(`${id} [rel=${rel}]`) ?? find(`${id} .turn-branches a`))?.focus());
  }
  if (button) {
    shows = button.getAttribute("aria-pressed") !== "true";
    localStorage.setItem("chat-tokens", shows ? "yes" : "no");
    void toggle(button.closest<HTMLElement>(".turn")!, shows);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = event.target instanceof HTMLElement ? event.target : null;
  if (event.key === "Enter" && !event.shiftKey && field?.matches("#say, .turn-edit textarea")) {
    event.preventDefault();
    (field as HTMLTextAreaElement).form?.requestSubmit();
  } else if (event.key === "Escape" && (!writing(field) || field?.matches("#say")) && !find("dialog[open]")) {
    const stop = find<HTMLFormElement>(".turn-stop");
    if (stop) send(stop, find("button", stop));
  }
});

addEventListener("popstate", () => void load(location.href));
mount();
if (find("#composer") && !location.hash) find<HTMLElement>("#say:not([hidden])")?.focus({ preventScroll: true });
