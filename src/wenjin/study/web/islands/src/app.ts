// Every page: search by "/" and its results by arrows, theme and language, relative times, keyboard help; and what
// makes reading easier (reading.ts).
//
// Each of these only makes a page that works without it quicker to use. The markup it looks for:
//
//   <html lang="zh|en" data-theme="auto|light|dark">
//   <meta name="csrf" content="TOKEN">             sent as the header X-CSRF-Token with every POST, PUT
//   <script type="module" src="{app.js}">          `asset("app.js")` of the manifest
//   <input type="search" id="search" name="q">     in the header form that goes to /search; "/" puts the caret there
//   <form data-setting="theme"  method="post" action="/settings">  with <select name="theme"> (auto, light, dark),
//   <form data-setting="lang"   …>                 <select name="lang">, or buttons of that name with a value, and the
//                                                  hidden inputs csrf and back. A choice of theme is applied at once
//                                                  and sent in the background; a choice of language submits the form
//   <time datetime="2026-01-31T12:00:00Z">         shown as "3 minutes ago", the full time in its title
//   <dialog id="keys">                             keyboard help, opened by "?"; [data-opens="keys"] opens it too
//   <button data-copy="#id">                       copies the text of that element; starts `hidden`
//   [data-needs-script]                            starts `hidden`, is shown once scripts run

import { language, meta } from "./api";
import { local, writing } from "./dom";
import "./reading";
import { say } from "./words";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || writing(event.target)) return;
  const search = document.querySelector<HTMLInputElement>("#search");
  if (event.key === "/" && search) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "?") {
    event.preventDefault();
    openDialog("keys");
  }
});

// In the results of a search the arrows move; from the field Down leads into them, and Up from the first one back.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const hits = [...document.querySelectorAll<HTMLElement>(".hits h2 a")];
  const field = document.querySelector<HTMLElement>("main input[type=search]");
  if (!by || !hits.length || (writing(event.target) && event.target !== field)) return;
  const at = hits.findIndex((hit) => hit === document.activeElement);
  if (at < 0 && by < 0) return;
  event.preventDefault();
  (at + by < 0 ? field : hits[Math.min(at + by, hits.length - 1)])?.focus();
});

function openDialog(id: string): void {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const opens = target?.closest<HTMLElement>("[data-opens]")?.dataset.opens;
  if (opens) openDialog(opens);
  const copy = target?.closest<HTMLButtonElement>("[data-copy]");
  if (copy) void copyText(copy);
});

async function copyText(button: HTMLButtonElement): Promise<void> {
  const source = document.querySelector(button.dataset.copy ?? "");
  if (!source) return;
  await navigator.clipboard.writeText(source.textContent ?? "");
  const before = button.textContent;
  button.textContent = say("copied");
  setTimeout(() => (button.textContent = before), 1500);
}

// A theme is applied at once and remembered in the background; a language needs its page.
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-setting]")) {
  form.addEventListener("change", () => {
    const theme = form.dataset.setting === "theme" ? new FormData(form).get("theme") : null;
    if (typeof theme !== "string") return form.requestSubmit();
    document.documentElement.dataset.theme = theme;
    for (const other of document.querySelectorAll<HTMLSelectElement>('[data-setting="theme"] select[name="theme"]'))
      other.value = theme;
    void fetch(form.action, {
      method: "POST",
      body: new URLSearchParams({ theme, csrf: meta("csrf") }),
      headers: { "x-csrf-token": meta("csrf") },
      redirect: "manual",
    });
  });
}

for (const element of document.querySelectorAll<HTMLElement>("[data-needs-script]")) element.hidden = false;

// "3 minutes ago", kept true while the page stands open.
const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
] as const;
const relative = new Intl.RelativeTimeFormat(language === "zh" ? "zh-CN" : "en", { numeric: "auto" });

function tellTimes(): void {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.getAttribute("datetime") ?? "");
    const seconds = (at.getTime() - Date.now()) / 1000;
    if (Number.isNaN(seconds) || Math.abs(seconds) > 30 * 86400) continue;
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
    if (!time.hasAttribute("title")) time.setAttribute("title", local(at));
    time.textContent = relative.format(Math.trunc(seconds / size), unit);
  }
}

tellTimes();
document.addEventListener("wenjin:shown", tellTimes); // an island has put new ones into the page
setInterval(tellTimes, 60_000);
