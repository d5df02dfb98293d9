// The upload of an archive with a bar: the same form to the same address, sent so that the browser tells how far it is.
//
//   <form id="archive-upload">  with an input of type file; .archive-sent holds <progress> and .archive-amount, and
//   .archive-broken says that nothing came. Where the answer leads replaces this page.

const form = document.querySelector<HTMLFormElement>("#archive-upload");
const sent = form?.querySelector<HTMLElement>(".archive-sent");
const bar = sent?.querySelector("progress");
const amount = sent?.querySelector<HTMLElement>(".archive-amount");
const broken = form?.querySelector<HTMLElement>(".archive-broken");

form?.addEventListener("submit", (event) => {
  if (!sent || !bar || !amount || !broken) return;
  event.preventDefault();
  const button = form.querySelector("button");
  const request = new XMLHttpRequest();
  const began = performance.now();
  const end = (kept: boolean): void => {
    sent.hidden = true;
    broken.hidden = kept;
    if (button) button.disabled = false;
  };
  request.open("POST", form.action);
  request.upload.addEventListener("progress", (told) => {
    if (!told.lengthComputable) return;
    bar.value = told.loaded / told.total;
    const left = ((performance.now() - began) * (told.total - told.loaded)) / told.loaded / 1000;
    amount.textContent = `${(told.loaded / 2 ** 20).toFixed(1)} / ${(told.total / 2 ** 20).toFixed(1)} MiB · ${left.toFixed(0)} s`;
  });
  request.addEventListener("load", () => {
    if (request.responseURL && new URL(request.responseURL).pathname !== new URL(form.action).pathname)
      return location.assign(request.responseURL);
    end(false);
  });
  request.addEventListener("error", () => end(false));
  window.addEventListener("pagehide", () => request.abort(), { once: true });
  broken.hidden = true;
  sent.hidden = false;
  if (button) button.disabled = true;
  request.send(new FormData(form));
});

export {};
