// A paper on the clock: the seconds as they pass, and the bell. What is typed is kept by typed.ts.
//
//   <section id="paper" data-open="/api/papers/ID/open" data-over="/papers/ID/report">
//     while the events of data-open are received, the time counts; they say what is left. When it is over, the paper
//     is handed in as it stands. Without a connection the clock stands, and the page says so.

import { language } from "./api";
import "./typed"; // first: when the page is left, what was typed goes before the clock is let go

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

let leaving = false;
let warned = false;

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
  addEventListener("pagehide", () => source.close());
}
