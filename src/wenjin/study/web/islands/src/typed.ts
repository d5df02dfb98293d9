// What is typed into a form is kept while it is typed, and judged only when it is sent.
//
//   typed -> kept in this browser at once -> sent to the course after a pause, at the latest after a second
//
// What the browser keeps is dropped only when the course has taken the same: a closed tab, a killed browser and a
// killed server, one alone or all at once, cost nothing that was typed.
//
//   <form data-keeps method="post" action="…">  is sent with do=draft, also when the page is left. The answer is 204.
//                                               Its hidden fields say which question it asks
//   [data-unkept]                               inside it; starts `hidden`, is shown while the course has not got it

const PAUSE = 400; // ms without typing before it is sent
const LONGEST = 1000; // ms after which it is sent while typing goes on
const AGAIN = 2000; // ms to the next try after a failure
const PATIENCE = 5000; // ms that a try may take
const MOST = 60_000; // characters that a browser sends for a page that is gone
const KEY = "wenjin.typed:";
const BESIDES = ["csrf", "do"]; // hidden fields that say nothing of the question

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-keeps]")) keep(form);

function keep(form: HTMLFormElement): void {
  const unkept = form.querySelector<HTMLElement>("[data-unkept]");
  const own = `${KEY}${form.action}?${question(form)}`;
  let timer = 0;
  let since = 0; // when the oldest key was pressed that is not sent yet; 0 when there is none
  let sending = false;

  const schedule = (wait: number) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void send(), wait);
  };

  // One at a time, so that an older text never comes after a newer one; a page that is left does not wait.
  async function send(leaving = false): Promise<void> {
    if (!since || (sending && !leaving)) return;
    clearTimeout(timer);
    const before = since;
    since = 0;
    sending = true;
    const sent = fields(form);
    const kept = await take(form, question(form), sent);
    sending = false;
    if (kept && stored(own) === String(sent)) store(own, null);
    if (unkept) unkept.hidden = kept;
    if (!kept) since = before;
    if (since) schedule(kept ? PAUSE : AGAIN);
  }

  const changed = () => {
    since ||= Date.now();
    store(own, String(fields(form)));
    if (!sending) schedule(Math.max(0, Math.min(PAUSE, since + LONGEST - Date.now())));
  };

  const left = stored(own);
  if (left !== null) {
    fill(form, new URLSearchParams(left));
    changed();
  } else if (touched(form)) changed(); // by somebody who was faster than this script
  form.addEventListener("input", changed);
  form.addEventListener("submit", () => {
    clearTimeout(timer); // the form itself brings what was typed; what the browser keeps goes with the next page
    since = 0;
  });
  addEventListener("pagehide", () => void send(true));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void send(true);
  });
  // A page out of the browser's own store may show a question that was answered meanwhile.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  void navigator.locks?.request(own, () => new Promise(() => undefined)); // as long as this page is open
  for (const key of stores()) if (key.startsWith(KEY) && key !== own) void flush(form, key);
}

// Send what this browser keeps of a question that no window shows. Of one that is answered the course takes nothing.
async function flush(form: HTMLFormElement, key: string): Promise<void> {
  await navigator.locks?.request(key, { ifAvailable: true }, async (free) => {
    const [action = "", which] = key.slice(KEY.length).split("?");
    const typed = stored(key);
    if (!free || typed === null) return;
    const taken = await take(form, new URLSearchParams(which), new URLSearchParams(typed), action);
    if (taken && stored(key) === typed) store(key, null);
  });
}

// Whether the course has it. A no of its own, as to a paper that was given up, is an answer, too.
async function take(form: HTMLFormElement, which: URLSearchParams, typed: URLSearchParams, action = form.action): Promise<boolean> {
  const body = new URLSearchParams([...which, ...typed, ["csrf", String(new FormData(form).get("csrf"))], ["do", "draft"]]);
  try {
    // A browser takes little along from a page that is left; of a page that stays it takes all.
    const keepalive = body.toString().length < MOST;
    const signal = AbortSignal.timeout(PATIENCE);
    const { status } = await fetch(action, { method: "POST", body, keepalive, signal });
    return status < 400 || status === 404;
  } catch {
    return false; // The course is not there: the same again, later.
  }
}

// Which question a form asks.
function question(form: HTMLFormElement): URLSearchParams {
  const hidden = [...form.querySelectorAll<HTMLInputElement>('input[type="hidden"]')];
  return new URLSearchParams(hidden.filter(({ name }) => !BESIDES.includes(name)).map(({ name, value }) => [name, value]));
}

// What stands in its fields.
function fields(form: HTMLFormElement): URLSearchParams {
  const beside = [...BESIDES, ...question(form).keys()];
  const found = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
  return new URLSearchParams(found.filter(([name = ""]) => !beside.includes(name)));
}

function fill(form: HTMLFormElement, typed: URLSearchParams): void {
  for (const field of form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('input:not([type="hidden"]), textarea')) {
    if (field.type === "radio" || field.type === "checkbox")
      (field as HTMLInputElement).checked = typed.getAll(field.name).includes(field.value);
    else field.value = typed.get(field.name) ?? "";
  }
}

function touched(form: HTMLFormElement): boolean {
  return [...form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")].some((field) =>
    field instanceof HTMLInputElement && (field.type === "radio" || field.type === "checkbox")
      ? field.checked !== field.defaultChecked
      : field.value !== field.defaultValue,
  );
}

// A browser that keeps nothing has nothing to give back.

function stores(): string[] {
  try {
    return Object.keys(localStorage);
  } catch {
    return [];
  }
}

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(key: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // What was typed is sent all the same.
  }
}
