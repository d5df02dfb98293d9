// Review and Today: keys for what the page offers, and ratings sent in the background.
//
//   main [aria-keyshortcuts="Z U"]   is clicked by any of its keys: a letter, a digit, or Space. What is folded away has
//                                    no key yet; a key goes to whatever has the focus if that has a use for it itself
//   <form id="rate" data-then="/review">  a rating is sent to /api/review with how long it took; then the page of the
//                                    next card replaces this one. When it is not kept, #unkept says so, and the same
//                                    answer may be sent again: its id makes it count once

import { ask } from "./api";
import { writing } from "./dom";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  if (writing(event.target) || document.querySelector("dialog[open]")) return;
  const key = event.key === " " ? "Space" : event.key.toUpperCase();
  if (key === "Space" && event.target instanceof Element && event.target.closest("a, button, summary")) return;
  const control = [...document.querySelectorAll<HTMLElement>("main [aria-keyshortcuts]")].find(
    (one) => one.checkVisibility() && one.getAttribute("aria-keyshortcuts")?.toUpperCase().split(" ").includes(key.toUpperCase()),
  );
  if (!control) return;
  event.preventDefault();
  control.click();
});

const form = document.querySelector<HTMLFormElement>("#rate");

// The answer is read out, and Tab goes on from it to the ratings.
form?.querySelector("details")?.addEventListener("toggle", (event) => {
  const answer = (event.target as HTMLDetailsElement).querySelector<HTMLElement>(".review-back");
  answer?.focus({ preventScroll: true });
  form.querySelector(".ratings")?.scrollIntoView({ block: "nearest" });
});

let sending = false;

form?.addEventListener("submit", (event) => {
  const pressed = event.submitter;
  if (pressed instanceof HTMLButtonElement && pressed.name !== "rating") return; // comparing what was typed is a page
  event.preventDefault();
  if (!(pressed instanceof HTMLButtonElement) || sending) return;
  void rate(form, pressed);
});

async function rate(form: HTMLFormElement, button: HTMLButtonElement): Promise<void> {
  const unkept = form.querySelector<HTMLElement>("#unkept");
  const data = new FormData(form);
  const given = { card: data.get("card"), id: data.get("id"), seen: Number(data.get("seen")), rating: Number(button.value) };
  sending = true;
  button.setAttribute("aria-busy", "true");
  try {
    await ask("POST", "/api/review", { ...given, ms: performance.now() }, { seconds: 5 });
    location.replace(form.dataset.then ?? "/review");
  } catch {
    sending = false;
    button.removeAttribute("aria-busy");
    if (unkept) unkept.hidden = false;
  }
}
