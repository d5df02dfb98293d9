// The page of a run, and of two: charts that can be followed; while the run lasts, its frames as they come.
//
//   <section id="run" data-run="ID" data-frames="/api/runs/ID/frames?after=N">   present while the run lasts
//     #run-place, #run-progress, #run-meter, #run-stop, #run-away, #levels
//   <form id="remark"> with <textarea name="text">, #remark-state               saved when the learner pauses
//   <script type="application/json" id="run-words">                             what to say, in the page's language
//
// When the run ends, the server's own page of it takes the place of #run.

import { ask, meta } from "./api";
import { el } from "./dom";
import { read, spell } from "./numbers";
import { Plot } from "./plot";

type Row = { frame: string } & Record<string, unknown>;
type Meter = { seconds: number; left: number | null; memory: number; done: number; of: number };

const AGAIN = 2000; // ms to the next try after a failure
const PAUSE = 900; // ms without typing after which a remark is saved

const words = JSON.parse(document.getElementById("run-words")?.textContent ?? "{}") as Record<string, string>;
let plots = new Map<string, Plot>();

function mount(): void {
  for (const plot of plots.values()) plot.destroy();
  plots = new Map(
    [...document.querySelectorAll<HTMLElement>("figure[data-chart]")].map((figure) => [figure.dataset.chart ?? "", new Plot(figure)]),
  );
}

function redraw(): void {
  for (const plot of plots.values()) plot.draw();
}

// ---- while it lasts ----

function follow(run: HTMLElement): void {
  const [path, query] = (run.dataset.frames ?? "").split("?");
  let after = new URLSearchParams(query).get("after") ?? "0";
  const away = run.querySelector<HTMLElement>("#run-away")!;

  const open = () => {
    const source = new EventSource(`${path}?after=${after}`);
    source.addEventListener("open", () => (away.hidden = true));
    source.addEventListener("frames", (event) => {
      after = event.lastEventId || after;
      const rows = JSON.parse(event.data) as Row[];
      for (const row of rows) show(run, row);
      if (rows.some((row) => row.frame === "cause" || (row.frame === "used" && row.fallback))) void result(); // the server says it in words
    });
    source.addEventListener("state", (event) => {
      const { state, place } = JSON.parse(event.data) as { state: string; place: number | null };
      if (state !== run.dataset.state && state === "running") void result(); // its turn has come
      else if (state === "queued") say(run, "#run-place", (words.waiting ?? "").replace("{count}", String(place ?? 1)));
    });
    source.addEventListener("end", () => {
      source.close();
      void result();
    });
    source.addEventListener("error", () => {
      away.textContent = words.away ?? "";
      away.hidden = false;
      if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself, from the last id
      setTimeout(open, AGAIN);
    });
    // The server's page of the run takes the place of this one.
    const result = async (): Promise<void> => {
      source.close();
      try {
        const response = await fetch(location.pathname, { headers: { accept: "text/html" } });
        if (!response.ok) throw new Error(String(response.status));
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = page.getElementById("run");
        if (!fresh) return location.reload();
        const held = run.contains(document.activeElement);
        run.replaceWith(document.adoptNode(fresh));
        document.title = page.title;
        mount();
        if (held) fresh.focus({ preventScroll: true });
        if (fresh.dataset.frames) follow(fresh);
      } catch {
        setTimeout(() => void result(), AGAIN);
      }
    };
  };
  run.querySelector<HTMLFormElement>("#run-stop")?.addEventListener("submit", (event) => void stop(event));
  open();
}

function show(run: HTMLElement, row: Row): void {
  if (row.frame === "point") {
    const values = Object.entries(row.y as Record<string, number | string>).map(([name, y]) => [name, finite(y)] as const);
    plots.get(String(row.chart))?.add(read(row.x as number), Object.fromEntries(values));
  } else if (row.frame === "level") {
    level(run, String(row.name), read(row.value as number));
  } else if (row.frame === "table") {
    table(run, String(row.name), row.rows as (string | number)[][]);
  } else if (row.frame === "meter") {
    meter(run, row as unknown as Meter);
  } else if (row.frame === "progress") {
    progress(run, Number(row.done), Number(row.of));
  }
}

function finite(value: number | string): number | null {
  return Number.isFinite(read(value)) ? read(value) : null;
}

function level(run: HTMLElement, name: string, value: number): void {
  const rows = [...run.querySelectorAll<HTMLElement>("tr[data-level]")];
  const cell = rows.find((row) => row.dataset.level === name)?.querySelector(".level-value");
  if (!cell) return;
  cell.textContent = `${spell(value, 3)}${cell.getAttribute("data-unit") ? ` ${cell.getAttribute("data-unit")}` : ""}`;
}

function table(run: HTMLElement, name: string, rows: (string | number)[][]): void {
  const body = run.querySelector(`section[data-table="${CSS.escape(name)}"] tbody`);
  const said = (cell: string | number) => (typeof cell === "string" && !["NaN", "Infinity", "-Infinity"].includes(cell) ? cell : spell(read(cell)));
  body?.replaceChildren(
    ...rows.map((row) =>
      el("tr", {}, ...row.map((cell, at) => el(at ? "td" : "th", at ? { class: typeof cell === "string" && "words" } : { scope: "row" }, said(cell)))),
    ),
  );
}

function progress(run: HTMLElement, done: number, of: number): void {
  const bar = run.querySelector<HTMLProgressElement>("#run-progress");
  if (!bar || !(of > 0)) return;
  bar.max = of;
  bar.value = done;
}

function meter(run: HTMLElement, now: Meter): void {
  progress(run, now.done, now.of);
  const parts = [`${words.elapsed} ${duration(now.seconds)}`];
  if (now.left !== null) parts.push(`${words.left} ${duration(now.left)}`);
  if (now.memory) parts.push(`${words.memory} ${size(now.memory)}`);
  say(run, "#run-meter", parts.join(" · "));
}

function say(run: HTMLElement, where: string, text: string): void {
  const element = run.querySelector(where);
  if (element && element.textContent !== text) element.textContent = text;
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} ${words.second}`;
  if (whole < 3600) return `${Math.floor(whole / 60)} ${words.minute} ${whole % 60} ${words.second}`;
  return `${Math.floor(whole / 3600)} ${words.hour} ${Math.floor((whole % 3600) / 60)} ${words.minute}`;
}

function size(bytes: number): string {
  return bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

async function stop(event: SubmitEvent): Promise<void> {
  const form = event.currentTarget as HTMLFormElement;
  const button = form.querySelector("button")!;
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  button.textContent = words.stopping ?? "";
  try {
    await ask("POST", form.getAttribute("action") ?? "", undefined, { accept: [409] });
  } catch {
    form.submit(); // the page then says what is wrong
  }
}

// ---- the remark ----

function remark(form: HTMLFormElement): void {
  const area = form.querySelector("textarea")!;
  const state = form.querySelector<HTMLElement>("#remark-state")!;
  let kept = area.value;
  let timer = 0;
  let sending = false;

  const save = async (leaving = false): Promise<void> => {
    clearTimeout(timer);
    const text = area.value;
    if (text === kept || sending) return;
    sending = true;
    state.textContent = words.saving ?? "";
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams({ text, csrf: meta("csrf") }),
        headers: { accept: "application/json", "x-csrf-token": meta("csrf") },
        keepalive: leaving,
        signal: AbortSignal.timeout(3000),
      });
      if (!response.ok) throw new Error(String(response.status));
      kept = text;
      state.dataset.state = "saved";
      state.textContent = words.saved ?? "";
    } catch {
      state.dataset.state = "failed";
      state.textContent = words.unsaved ?? "";
    } finally {
      sending = false;
    }
    if (area.value !== kept) timer = setTimeout(() => void save(), state.dataset.state === "failed" ? AGAIN : PAUSE);
  };
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void save(), PAUSE);
  });
  area.addEventListener("change", () => void save());
  addEventListener("pagehide", () => void save(true));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void save();
  });
}

mount();
new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
const run = document.querySelector<HTMLElement>("#run[data-frames]");
if (run) follow(run);
const form = document.querySelector<HTMLFormElement>("form#remark");
if (form) remark(form);
