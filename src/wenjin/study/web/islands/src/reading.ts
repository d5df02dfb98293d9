// Reading: the place is kept where a link shows the same page otherwise; the outline follows; keys move by questions.
//
//   <a data-keeps-place>                     language, depth: the same page comes back at the same line
//   <nav class="outline"> … <a href="#id">   the section in view is marked with aria-current
//   j, k                                     next and previous section of the outline;  m: a note on the one in view

import { writing } from "./dom";

const KEPT = "wenjin.place";
const LINE = 130; // px from the top of the window: where reading is taken to be

type Place = { path: string; hash: string; id: string; part: number; open: string[] };

function sections(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("main section[id]")].filter((each) => each.offsetParent !== null);
}

function inView(among: HTMLElement[]): HTMLElement | undefined {
  return among.filter((each) => each.getBoundingClientRect().top <= LINE).at(-1);
}

// What folds, by its place among its like: the two languages of a lesson have the same skeleton.
function folds(): HTMLDetailsElement[] {
  return [...document.querySelectorAll<HTMLDetailsElement>("main details")];
}

function keep(): void {
  const section = inView(sections());
  const box = (section ?? document.documentElement).getBoundingClientRect();
  const open = folds().flatMap((each, at) => (each.open ? [String(at)] : []));
  const part = (LINE - box.top) / box.height;
  const { pathname: path, hash } = location; // not in the link: the browser would scroll to it, and not to this line
  const place: Place = { path, hash, id: section?.id ?? "", part, open };
  sessionStorage.setItem(KEPT, JSON.stringify(place));
}

function back(): void {
  const kept = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  const place = kept ? (JSON.parse(kept) as Place) : null;
  if (place?.path !== location.pathname) return;
  history.replaceState(null, "", location.search + place.hash || location.pathname);
  const all = folds();
  for (const at of place.open) {
    const fold = all[Number(at)];
    if (fold) fold.open = true;
  }
  const go = () => {
    const section = place.id ? document.getElementById(place.id) : document.documentElement;
    if (!section) return;
    const box = section.getBoundingClientRect();
    scrollTo({ top: scrollY + box.top + place.part * box.height - LINE, behavior: "instant" });
  };
  go();
  void document.fonts.ready.then(go); // the lines may have moved
  if (document.readyState !== "complete") addEventListener("load", go, { once: true });
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-keeps-place]") : null;
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  keep();
});
back();

const outline = document.querySelector(".outline");

function follow(): void {
  const current = inView(sections());
  for (const link of outline?.querySelectorAll<HTMLAnchorElement>("a") ?? []) {
    if (current && link.getAttribute("href") === `#${current.id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

if (outline) {
  let waiting = false;
  addEventListener(
    "scroll",
    () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        follow();
      });
    },
    { passive: true },
  );
  follow();
}

// Chapters of the page, as the outline names them.
function chapters(): HTMLElement[] {
  const named = new Set([...(outline?.querySelectorAll("a") ?? [])].map((link) => link.getAttribute("href")));
  return sections().filter((each) => named.has(`#${each.id}`));
}

function step(by: 1 | -1): void {
  const all = chapters();
  const current = inView(all);
  const at = current ? all.indexOf(current) : -1;
  const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
  if (!next) return;
  history.replaceState(null, "", `#${next.id}`);
  next.scrollIntoView();
  next.tabIndex = -1;
  next.focus({ preventScroll: true }); // so that Tab goes on from here, and a screen reader reads it
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !outline || writing(event.target)) return;
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "m") {
    const box = document.getElementById(`note-${inView(chapters())?.id ?? "lesson"}`);
    (box ?? document.getElementById("note-lesson"))?.dispatchEvent(new Event("wenjin:note"));
  } else return;
  event.preventDefault();
});
