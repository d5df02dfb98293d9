// A paper on the clock: the seconds as they pass, what is typed as it is typed, and the bell.
//
//   <section id="paper" data-open="/api/papers/ID/open" data-over="/papers/ID/report">
//     while the events of data-open are received, the time counts; they say what is left. When it is over, the paper
//     is handed in as it stands. Without a connection the clock stands, and the page says so.

import { language } from "./api";

const sheet = document.querySelector<HTMLElement>("#paper");
const form = document.querySelector<HTMLFormElement>("#answer");
const left = document.querySelector<HTMLElement>("#left");
const state = document.querySelector<HTMLElement>("#clock-state");
const running = state?.textContent ?? "";
const STANDS =
  language === "zh"
    ? "连不上课程服务，计时停着；确认 wenjin start 还在运行，这一页会自己接上。"
    : "The course cannot be reached: the clock stands. Make sure that wenjin start is running; this page goes on by itself.";
const SOON = 60; // seconds: said once, to a screen reader too
const MOST = 60_000; // characters that a browser sends for a page that is gone
const WAIT = 800; // milliseconds after the last key until what was typed is kept

let leaving = false;
let warned = false;
let timer = 0;

if (sheet && form && left && state) {
  const source = new EventSource(sheet.dataset.open ?? "");
  source.addEventListener("left", (event) => {
    const seconds = Math.max(0, Math.round((JSON.parse((event as MessageEvent<string>).data) as { left: number }).left));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds <= SOON && !warned) {
      warned = true;
      state.textContent = language === "zh" ? "还剩一分钟" : "one minute left";
    } else if (state.textContent === STANDS) state.textContent = running;
    if (seconds === 0 && !leaving) {
      leaving = true;
      form.requestSubmit(document.querySelector<HTMLButtonElement>('button[form="answer"][value="end"]'));
    }
  });
  source.addEventListener("over", () => {
    source.close();
    if (!leaving) location.replace(sheet.dataset.over ?? "/checkpoint");
  });
  source.addEventListener("error", () => {
    if (!leaving) state.textContent = STANDS;
  });
  document.addEventListener("submit", () => {
    leaving = true;
  });
  addEventListener("pagehide", () => {
    flush(form);
    source.close();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") flush(form);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => flush(form), WAIT);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer); // the form itself brings what was typed
    timer = 0;
  });
}

// Keep what was typed and is not kept yet, also when the page is being left.
function flush(form: HTMLFormElement): void {
  if (!timer) return;
  clearTimeout(timer);
  timer = 0;
  void keep(form);
}

// What was typed, kept but not judged: a closed tab or a crash does not take it away.
async function keep(form: HTMLFormElement): Promise<void> {
  const data = new FormData(form);
  data.set("do", "draft");
  const typed = new URLSearchParams();
  for (const [name, value] of data) if (typeof value === "string") typed.append(name, value);
  try {
    // A browser takes little along from a page that is left; of a page that stays it takes all.
    await fetch(form.action, { method: "POST", body: typed, keepalive: typed.toString().length < MOST });
  } catch {
    // The clock says that the course cannot be reached; the next key tries again.
  }
}
