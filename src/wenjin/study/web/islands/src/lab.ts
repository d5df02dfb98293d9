// The form of a lab: a slider beside each number that has a range, and the defaults at one press.
//
//   <input type="range" data-for="ID of the number" data-low data-high [data-step] [data-log]>
//   <input data-default="…">, <select data-default="…">        inside <form id="lab">
//   <a id="lab-reset">                                         without scripts it loads the page anew
//   <div id="faults" tabindex="-1">                            what is wrong, when the form came back

const STEPS = 1000; // of a slider

const form = document.querySelector<HTMLFormElement>("form#lab");

function slide(slider: HTMLInputElement): void {
  const number = document.getElementById(slider.dataset.for ?? "");
  if (!(number instanceof HTMLInputElement)) return;
  const low = Number(slider.dataset.low);
  const high = Number(slider.dataset.high);
  const log = slider.dataset.log !== undefined;
  const whole = number.inputMode === "numeric";
  const step = log ? 0 : Number(slider.dataset.step ?? (whole ? 1 : 0));
  const even = step > 0 && (high - low) / step <= STEPS; // then the slider has a place for each value, and no others
  slider.min = "0";
  slider.max = String(even ? Math.round((high - low) / step) : STEPS);
  slider.step = "1";
  const places = Number(slider.max);

  const valueAt = (place: number): number => {
    if (even) return low + place * step;
    const share = place / places;
    const value = log ? low * (high / low) ** share : low + (high - low) * share;
    return whole ? Math.round(value) : Number(value.toPrecision(3));
  };
  const placeOf = (value: number): number => {
    if (even) return Math.round((value - low) / step);
    const share = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return Math.round(share * places);
  };
  const follow = () => {
    const value = Number(number.value);
    if (number.value.trim() !== "" && value >= low && value <= high) slider.value = String(placeOf(value));
    slider.setAttribute("aria-valuetext", number.value);
  };
  slider.addEventListener("input", () => {
    const value = Math.min(high, Math.max(low, valueAt(Number(slider.value))));
    number.value = String(Number(value.toPrecision(12)));
    slider.setAttribute("aria-valuetext", number.value);
  });
  number.addEventListener("input", follow);
  number.addEventListener("change", follow);
  follow();
}

if (form) {
  for (const slider of form.querySelectorAll<HTMLInputElement>("input.slider")) slide(slider);
  document.getElementById("lab-reset")?.addEventListener("click", (event) => {
    event.preventDefault();
    for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("[data-default]")) {
      field.value = field.dataset.default ?? "";
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
  document.getElementById("faults")?.focus();
}

export {};
