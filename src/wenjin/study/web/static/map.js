// The map: with a topic under the pointer or the focus, everything that leads to it stands out.
// The page is complete without this; it reads `data-from` and `data-to` of the lines and `data-topic` of the topics.

const map = document.getElementById("map");
const nodes = new Map([...map.querySelectorAll("[data-topic]")].map((node) => [node.dataset.topic, node]));
const into = new Map();
for (const line of map.querySelectorAll("[data-to]")) {
  into.set(line.dataset.to, [...(into.get(line.dataset.to) ?? []), line]);
}

function light(topic) {
  clear();
  map.classList.add("map-lit");
  const waiting = [topic];
  while (waiting.length) {
    const next = waiting.pop();
    nodes.get(next).classList.add("lit");
    for (const line of into.get(next) ?? []) {
      if (!line.classList.contains("lit")) {
        line.classList.add("lit");
        line.parentNode.append(line); // above the quiet lines
        waiting.push(line.dataset.from);
      }
    }
  }
}

function clear() {
  map.classList.remove("map-lit");
  for (const element of map.querySelectorAll(".lit")) element.classList.remove("lit");
}

for (const [topic, node] of nodes) {
  node.addEventListener("pointerenter", () => light(topic));
  node.addEventListener("pointerleave", clear);
  node.addEventListener("focus", () => light(topic));
  node.addEventListener("blur", clear);
}
