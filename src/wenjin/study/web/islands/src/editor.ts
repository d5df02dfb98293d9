// The exercise page: editor, drafts, verdicts, history.
//
// The page is a plain form that works without scripts; this file takes the form over. The markup that it looks for:
//
//   <meta name="csrf" content="TOKEN">            sent as the header X-CSRF-Token with every POST and PUT
//   <meta name="csp-nonce" content="NONCE">       the nonce that the page's CSP allows in style-src, for the editor
//   <section id="exercise" data-api="/api/exercises/TOPIC/NAME" data-form="function|class|program|numeric|choice|proof|order"
//            data-variant="0" data-lesson="/topics/TOPIC">
//     <form id="answer" method="post" action="…">  without scripts it posts csrf, source (or the fields below) and the
//                                                  pressed button's `do`
//       code forms:
//       <textarea id="source" name="source" data-revision="3">draft, or the starter</textarea>
//       <script type="application/json" id="starter">"the starter as a JSON string"</script>   (escape "<" as \u003c)
//       <textarea id="scratch" name="scratch">     own inputs: code that runs after the answer's; may be inside <details>
//       numeric:   <input name="field.NAME">, for rows and matrices field.NAME.0, field.NAME.1.2
//       choice, proof: <input type="radio" name="step.KEY" value="OPTION">
//       order:     <ol id="items"><li data-key="KEY">text <input type="number" name="place.KEY"></li>…
//                  (scripts hide the inputs and put buttons there that move a line up or down)
//       <button name="do" value="judge">           Ctrl-Enter
//       <button name="do" value="run">             Ctrl-Shift-Enter: run without submitting (code forms)
//       <button name="do" value="judge-unconfined">, run-unconfined: made here, with a verdict or output that asks for it
//       <button name="do" value="reset">           back to the starter; the text before stays in the history of undo
//     </form>
//     <p id="draft-state" role="status"></p>       saved, saving, not saved (and why)
//     <div id="conflict" hidden></div>             two versions of the draft; filled here
//     <section id="verdict" aria-live="polite">    without scripts the server fills it: `verdict` markup below
//     <section id="run" aria-live="polite" hidden>
//     <section id="history">                       filled here when its <details> opens
//   </section>
//   Hints and the solution are htmx forms or plain forms of the page. When a verdict passes or a hint opens, what
//   may have changed with it is read anew from the page: #solution, .working-head, .following.
//
// Verdict markup, made here and by the server alike:
//   <div class="verdict" data-verdict="wrong">
//     <p class="verdict-line"><strong>错了</strong> <span class="verdict-count">3 / 9</span> <span class="verdict-ms">52 ms</span></p>
//     <p class="verdict-text">feedback; `code` becomes <code>; line ends are kept</p>
//     <pre class="verdict-case">the smallest failing case</pre>
//     <p class="verdict-section"><a href="/topics/TOPIC#SECTION">…</a></p>
//     <details class="verdict-more"><summary>…</summary><pre>…</pre></details>
//     <div class="verdict-output"><h3>…</h3><pre>what the answer printed: text, never markup</pre></div>
//   </div>
//
// Endpoints, JSON both ways, under data-api:
//   POST /attempts {answer, variant}    -> the verdict (as `wenjin check --json`), or {error: {zh, en}} with a 4xx status.
//                                          answer: the source, or for other forms the JSON text {"variant", "answer"}
//   POST /runs     {source, scratch}    -> {output, error: {zh, en} | null, ms}
//   GET  /attempts                      -> {attempts: [{id, at, verdict, name, feedback: {zh, en}, answer, source, ms}]},
//                                          newest first
//   GET  /draft                         -> {text, revision}; revision 0 and text null when there is none
//   PUT  /draft    {text, revision}     -> {revision}: saved; revision is the one that this text was based on
//                                          409 {text, revision}: somebody saved another text since; nothing was changed

import { ask, Refused } from "./api";
import { Attempts } from "./attempts";
import { CodeEditor } from "./code";
import { Draft } from "./draft";
import { el } from "./dom";
import { type Answer, collect, fill, sortable } from "./forms";
import { noticeElement, type Ran, ranElement, type Verdict, verdictElement } from "./verdict";
import { say, type Word } from "./words";

const CHANGES = ["#solution", ".working-head", ".following"];

function find<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page lacks #${id}.`);
  return found as T;
}

// What the server shows differently after an answer or a hint.
async function renew(): Promise<void> {
  const response = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const name of CHANGES) {
    const before = document.querySelector(name);
    const after = page.querySelector(name);
    if (!before || !after || before.outerHTML === after.outerHTML) continue;
    before.replaceWith(after);
    (window as { htmx?: { process(element: Element): void } }).htmx?.process(after);
  }
}

function start(): void {
  const section = find("exercise");
  const form = find<HTMLFormElement>("answer");
  const api = section.dataset.api ?? "";
  const lesson = section.dataset.lesson ?? "";
  const variant = Number(section.dataset.variant ?? 0);
  const area = document.getElementById("source") as HTMLTextAreaElement | null;

  let busy = false;
  let text: () => string; // the answer as it is sent
  let restore: (text: string) => void;
  let save = async (): Promise<void> => {};
  let reset = (): void => form.reset();

  if (area) {
    let draft: Draft | null = null;
    const editor = new CodeEditor(area, (typed) => draft?.changed(typed));
    draft = new Draft(
      { api, state: find("draft-state"), conflict: find("conflict"), show: (shown) => editor.put(shown) },
      editor.text,
      Number(area.dataset.revision ?? 0),
    );
    text = () => editor.text;
    restore = (earlier) => {
      editor.put(earlier, true);
      editor.focus();
    };
    save = () => draft.save();
    const starter = document.getElementById("starter");
    if (starter) reset = () => restore(JSON.parse(starter.textContent ?? '""') as string);
  } else {
    sortable(form);
    text = () => JSON.stringify({ variant, answer: collect(form) });
    restore = (earlier) => fill(form, (JSON.parse(earlier) as { answer: Answer }).answer);
  }

  const attempts = new Attempts(find("history"), api, text, restore);

  // One request at a time; `into` shows that it is under way, then what came of it.
  async function show<T>(into: HTMLElement, wait: Word, url: string, body: unknown, made: (reply: T) => HTMLElement) {
    if (busy) return;
    busy = true;
    into.hidden = false;
    into.setAttribute("aria-busy", "true");
    const waiting = setTimeout(() => into.replaceChildren(el("p", { class: "quiet" }, say(wait))), 150);
    let shown: HTMLElement;
    try {
      shown = made((await ask<T>("POST", api + url, body)).body);
    } catch (error) {
      shown = noticeElement(error instanceof Refused ? error.message : say("unreachable"));
    }
    clearTimeout(waiting);
    into.replaceChildren(shown);
    into.removeAttribute("aria-busy");
    into.scrollIntoView({ block: "nearest" });
    busy = false;
  }

  async function judge(confirmed = false): Promise<void> {
    void save();
    await show<Verdict>(find("verdict"), "judging", "/attempts", { answer: text(), variant, confirmed }, (verdict) => {
      if (verdict.verdict === "pass") void renew();
      return verdictElement(verdict, lesson);
    });
    await attempts.fresh();
  }

  async function run(confirmed = false): Promise<void> {
    const scratch = (document.getElementById("scratch") as HTMLTextAreaElement | null)?.value ?? "";
    await show<Ran>(find("run"), "running", "/runs", { source: text(), scratch, confirmed }, ranElement);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [pressed, confirmed] = ((event.submitter as HTMLButtonElement | null)?.value ?? "judge").split("-");
    if (pressed === "run") void run(confirmed !== undefined);
    else if (pressed === "reset") reset();
    else void judge(confirmed !== undefined);
  });

  document.addEventListener("htmx:after:swap", () => void renew());

  // Before the editor sees the keys, in which Ctrl-Enter would open a line.
  section.addEventListener(
    "keydown",
    (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing) return;
      if (event.key === "Enter" && event.shiftKey && area) void run();
      else if (event.key === "Enter" && !event.shiftKey) void judge();
      else if (event.key === "s" && area) void save();
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );
}

if (document.getElementById("exercise")) start();
