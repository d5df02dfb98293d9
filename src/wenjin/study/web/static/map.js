// The map: with a topic under the pointer or the focus, everything that leads to it stands out; arrows walk on it.
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

const WAYS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

// The topic that lies nearest that way: what is off to the side counts three times.
function neighbor(from, [dx, dy]) {
  const middle = (node) => {
    const box = node.querySelector("rect").getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const [x, y] = middle(from);
  let best = null;
  let least = Infinity;
  for (const node of nodes.values()) {
    const [u, v] = middle(node);
    const along = (u - x) * dx + (v - y) * dy;
    const aside = Math.abs((u - x) * dy) + Math.abs((v - y) * dx);
    if (along > 1 && along + 3 * aside < least) {
      least = along + 3 * aside;
      best = node;
    }
  }
  return best;
}

map.addEventListener("keydown", (event) => {
  const way = WAYS[event.key];
  const from = event.target.closest("[data-topic]");
  if (!way || !from || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  event.preventDefault();
  const next = neighbor(from, way);
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest", inline: "nearest" });
});
