// Keeping a draft: nothing typed is lost, and no window overwrites what another one saved.
//
//   typed -> kept in this browser at once -> sent to the course after a pause, at the latest after a second
//
// Every save names the revision that its text was based on. When the course holds a later one, it refuses (409), both
// texts are shown, and nothing is written until the learner has chosen. What the browser keeps is dropped only when
// the course has acknowledged the same text, so a closed window or a stopped server costs nothing.

import { ask, type Both, language, Refused, Unreachable } from "./api";
import { differenceElement } from "./diff";
import { el } from "./dom";
import { say, type Word } from "./words";

const PAUSE = 400; // ms without typing before a save
const LONGEST = 1000; // ms after which a save happens while typing goes on
const AGAIN = 2000; // ms to the next try after a failure
const PATIENCE = 3; // seconds that a save may take before it is called a failure
const REST = 4000; // ms without typing after which a text is settled

type Saved = { text: string | null; revision: number };
type Kept = { text: string; base: number; at: number };

export type Place = {
  api: string; //             /api/exercises/TOPIC/NAME: the draft is at …/draft
  address?: string; //        the draft's own address, where it is another one
  state: HTMLElement; //      where to say how the draft stands
  conflict: HTMLElement; //   where to show two versions
  show(text: string): void; // put a text into the editor; it does not count as typing
  words?: Partial<Record<Word, Word>>; // what is said instead, where it is no answer
  largest?: number; //        bytes of a text that can be sent at all
  // Where a text that rests is more than a draft: each save says whether the hand rests, and this hears of it.
  settled?(answer: Settled): void;
};

export type Settled = { html: string; maths: string; fault: Both | null };

// The address of each draft of which this browser keeps a text that the course has not acknowledged.
export function unsaved(): Set<string> {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith("wenjin.draft:"));
    return new Set(keys.map((key) => key.slice("wenjin.draft:".length, key.lastIndexOf(":"))));
  } catch {
    return new Set();
  }
}

export class Draft {
  private acknowledged: string; // what the course has
  private rested: string; // what it has as settled
  private resting = 0;
  private timer = 0;
  private waitingSince = 0; // when the oldest unsaved change was made; 0 when there is none
  private sending = false;
  private choosing = false;
  private readonly prefix: string;
  private readonly own: string;
  private readonly kept: [string, Kept][];

  constructor(
    private readonly place: Place,
    private text: string,
    private revision: number,
  ) {
    this.acknowledged = this.rested = text;
    this.prefix = `wenjin.draft:${place.api}:`;
    this.own = this.prefix + Math.random().toString(36).slice(2);
    this.kept = this.read();
    this.recover();
    addEventListener("pagehide", () => void this.save(true));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") void this.save(true);
      else void this.refresh();
    });
    addEventListener("focus", () => void this.refresh());
    addEventListener("pageshow", (event) => event.persisted && void this.refresh());
  }

  // The learner changed the text.
  changed(text: string): void {
    this.text = text;
    this.waitingSince ||= Date.now();
    clearTimeout(this.resting);
    if (text === this.acknowledged && !this.choosing) {
      this.forget();
      this.say("saved");
    } else if (!this.keep()) {
      this.say("failed", this.word("lost"));
    }
    this.schedule(Math.max(0, Math.min(PAUSE, this.waitingSince + LONGEST - Date.now())));
  }

  // Save now, if there is anything to save. With `settle` the text is done, for the time being.
  async save(leaving = false, settle = leaving): Promise<void> {
    clearTimeout(this.timer);
    this.timer = 0;
    const settles = settle && this.place.settled !== undefined && this.text !== this.rested;
    if (this.choosing || this.sending || (this.text === this.acknowledged && !settles)) return;
    const sent = this.text;
    if (this.place.largest && new TextEncoder().encode(sent).length > this.place.largest)
      return this.say("failed", say("too-long"));
    this.sending = true;
    const slow = setTimeout(() => this.say("saving"), 800);
    try {
      const reply = await ask<Saved & Settled>(
        "PUT",
        this.address,
        { text: sent, revision: this.revision, settled: settles },
        { seconds: PATIENCE, accept: [409], keepalive: leaving },
      );
      if (reply.status === 409) this.refused(reply.body, sent);
      else {
        if (settles) this.rested = sent;
        this.accepted(sent, reply.body.revision);
        if (settles) this.place.settled?.(reply.body);
        const fault = settles && reply.body.fault;
        if (fault && this.text === sent) this.say("saved", fault[language]);
      }
    } catch (error) {
      this.failed(error);
    } finally {
      clearTimeout(slow);
      this.sending = false;
    }
    if (!this.choosing && this.text !== this.acknowledged && !this.timer) this.schedule(PAUSE);
  }

  private get address(): string {
    return this.place.address ?? `${this.place.api}/draft`;
  }

  private word(word: Word): string {
    return say(this.place.words?.[word] ?? word);
  }

  private schedule(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = 0;
      void this.save();
    }, wait);
  }

  private accepted(text: string, revision: number): void {
    this.acknowledged = text;
    this.revision = revision;
    if (this.text !== text) return;
    this.waitingSince = 0;
    this.forget();
    this.say("saved");
    clearTimeout(this.resting);
    if (this.place.settled && text !== this.rested) this.resting = setTimeout(() => void this.save(false, true), REST);
  }

  // The course holds a later revision. Where its text is one that this window wrote, only the answer got lost.
  private refused(saved: Saved, sent: string): void {
    const theirs = saved.text ?? "";
    if (theirs === sent || theirs === this.text) return this.accepted(theirs, saved.revision);
    const settle = () => {
      this.revision = saved.revision;
      this.acknowledged = theirs;
    };
    this.choose(this.word("conflict-server"), theirs, settle);
  }

  private failed(error: unknown): void {
    const kept = this.keep();
    const why = error instanceof Refused ? error.message : error instanceof Unreachable ? say("gone") : String(error);
    this.say("failed", kept ? this.word("unsaved") + why : this.word("lost"));
    this.schedule(AGAIN);
  }

  // A window that was away shows what was saved meanwhile, unless it holds something unsaved itself.
  async refresh(): Promise<void> {
    if (this.choosing || this.sending || this.text !== this.acknowledged) return;
    try {
      const { body } = await ask<Saved>("GET", this.address, undefined, { seconds: PATIENCE });
      if (this.text !== this.acknowledged || body.text === null || body.revision <= this.revision) return;
      this.revision = body.revision;
      if (body.text === this.text) return;
      this.put(body.text);
      this.acknowledged = body.text;
      this.say("saved", say("changed"));
    } catch {
      // The next save says what is wrong.
    }
  }

  // Texts that an earlier window could not save. One that continues what the course has goes on where it was;
  // any other is offered.
  private recover(): void {
    const [first, ...rest] = this.kept;
    if (!first) return;
    const [key, kept] = first;
    if (kept.text === this.text) {
      this.drop(key);
      this.kept.shift();
      return this.recover();
    }
    if (kept.base === this.revision && this.text === this.acknowledged) {
      this.put(kept.text);
      this.drop(key);
      this.changed(kept.text);
      this.say("saving", say("restored"));
      this.kept.splice(0, this.kept.length, ...rest);
      return this.recover();
    }
    this.choose(this.word("conflict-browser"), kept.text, () => {
      this.drop(key);
      this.kept.shift();
    });
  }

  // Show both texts and wait. `settle` is called once either was chosen.
  private choose(why: string, theirs: string, settle: () => void): void {
    this.choosing = true;
    this.keep();
    this.say("conflict", this.word("conflict-title"));
    const done = (text: string) => {
      settle();
      this.choosing = false;
      this.place.conflict.hidden = true;
      this.place.conflict.replaceChildren();
      if (text !== this.text) this.put(text);
      this.changed(text);
      this.recover();
    };
    const details = el("details", {}, el("summary", {}, say("difference")));
    details.addEventListener("toggle", () => {
      details.querySelector("pre")?.remove();
      if (details.open) details.append(differenceElement(theirs, this.text));
    });
    this.place.conflict.replaceChildren(
      el("h3", {}, this.word("conflict-title")),
      el("p", {}, why),
      details,
      el(
        "p",
        { class: "conflict-choices" },
        el("button", { type: "button", class: "button", onclick: () => done(this.text) }, say("mine")),
        el("button", { type: "button", class: "button", onclick: () => done(theirs) }, say("theirs")),
      ),
    );
    this.place.conflict.setAttribute("role", "alert");
    this.place.conflict.hidden = false;
    this.place.conflict.scrollIntoView({ block: "nearest" });
  }

  private put(text: string): void {
    this.text = text;
    this.place.show(text);
  }

  private say(state: "saved" | "saving" | "failed" | "conflict", words = this.word(state === "saved" ? "saved" : "saving")): void {
    this.place.state.dataset.state = state;
    if (this.place.state.textContent !== words) this.place.state.textContent = words;
  }

  // What the browser keeps: one entry for each window, so that two windows do not overwrite each other's.

  private keep(): boolean {
    try {
      const kept: Kept = { text: this.text, base: this.revision, at: Date.now() };
      localStorage.setItem(this.own, JSON.stringify(kept));
      return true;
    } catch {
      return false;
    }
  }

  private forget(): void {
    this.drop(this.own);
  }

  private drop(key: string): void {
    try {
      localStorage.removeItem(key);
    } catch {
      // A browser that keeps nothing has nothing to drop.
    }
  }

  private read(): [string, Kept][] {
    const found: [string, Kept][] = [];
    try {
      for (const key of Object.keys(localStorage))
        if (key.startsWith(this.prefix)) found.push([key, JSON.parse(localStorage.getItem(key) ?? "null") as Kept]);
    } catch {
      return [];
    }
    return found.filter(([, kept]) => typeof kept?.text === "string").sort((a, b) => b[1].at - a[1].at);
  }
}
