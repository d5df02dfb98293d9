// What is typed into a form is kept while it is typed, and judged only when it is sent: a closed tab, a killed browser
// or a killed server takes about a second of it.
//
//   <form data-keeps method="post" action="…">  is sent with do=draft: after a pause, at the latest LONGEST after the
//                                               first key that is not kept, and when the page is left. The answer is 204
//   [data-unkept]                               inside it; starts `hidden`, is shown while what was typed is not kept

const PAUSE = 400; // ms without typing before it is sent
const LONGEST = 1000; // ms after which it is sent while typing goes on
const AGAIN = 2000; // ms to the next try after a failure
const PATIENCE = 5000; // ms that a try may take
const MOST = 60_000; // characters that a browser sends for a page that is gone

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-keeps]")) keep(form);

function keep(form: HTMLFormElement): void {
  const unkept = form.querySelector<HTMLElement>("[data-unkept]");
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
    const data = new FormData(form);
    data.set("do", "draft");
    const typed = new URLSearchParams();
    for (const [name, value] of data) if (typeof value === "string") typed.append(name, value);
    let kept = false;
    try {
      // A browser takes little along from a page that is left; of a page that stays it takes all.
      const keepalive = typed.toString().length < MOST;
      const signal = AbortSignal.timeout(PATIENCE);
      kept = (await fetch(form.action, { method: "POST", body: typed, keepalive, signal })).ok;
    } catch {
      // The course is not there: the same again, later.
    }
    sending = false;
    if (unkept) unkept.hidden = kept;
    if (!kept) since = before;
    if (since) schedule(kept ? PAUSE : AGAIN);
  }

  form.addEventListener("input", () => {
    since ||= Date.now();
    if (!sending) schedule(Math.max(0, Math.min(PAUSE, since + LONGEST - Date.now())));
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer); // the form itself brings what was typed
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
}
