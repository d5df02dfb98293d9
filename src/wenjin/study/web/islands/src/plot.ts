// One chart by uPlot, in the dress of the server's own drawing, whose place it takes on the screen.
//
//   <figure class="chart" data-chart="NAME">
//     <ul class="plot-legend">…  <div class="plot"><svg aria-label="…">…
//     <script type="application/json">{x, y, log, bands, curves: [{label, series, tone, kind, mark, points}]}</script>
//     <details class="chart-data"><table>…
//
// Colors, widths and dashes are read from the classes of the sheet, so that both drawings and both themes agree.

import uPlot from "uplot";
import { el } from "./dom";
import { spell } from "./numbers";

type Point = [number, number | null];
type Curve = { label: string; series: string; tone: number; kind: "run" | "other" | "reference"; mark: string; points: Point[] };
type Data = { x: string; y: string; log: string; bands: [string, number, number][]; curves: Curve[] };

const MARKED = 24; // a curve of at most so many points shows each of them
const LISTED = 50; // rows of the table

export class Plot {
  readonly data: Data;
  private chart: uPlot | null = null;
  private readonly box: HTMLElement;
  private readonly table: HTMLDetailsElement | null;
  private waiting = false;

  constructor(private readonly figure: HTMLElement) {
    this.data = JSON.parse(figure.querySelector('script[type="application/json"]')?.textContent ?? "{}") as Data;
    const old = figure.querySelector<HTMLElement>(".plot")!;
    const label = old.querySelector("svg")?.getAttribute("aria-label") ?? "";
    this.box = el("div", { class: "plot-canvas", role: "img", "aria-label": label, tabindex: "0" });
    old.classList.add("plot-drawn"); // kept for paper, where it is sharp and in the colors of the light theme
    old.after(
      el("div", { class: "plot plot-live" }, el("p", { class: "plot-y" }, this.data.y), this.box, el("p", { class: "plot-x" }, this.data.x)),
    );
    this.table = figure.querySelector<HTMLDetailsElement>("details.chart-data");
    this.table?.addEventListener("toggle", () => this.list());
    this.box.addEventListener("keydown", (event) => this.step(event));
    this.box.addEventListener("blur", () => this.chart?.setCursor({ left: -10, top: -10 }));
    for (const item of figure.querySelectorAll(".plot-legend li")) item.append(el("span", { class: "plot-value" }));
    new ResizeObserver(() => this.resize()).observe(this.box);
    this.draw();
  }

  // New values of some series at x; what stands there is replaced.
  add(x: number, y: Record<string, number | null>): void {
    for (const [name, value] of Object.entries(y)) {
      const curve = this.data.curves.find((curve) => curve.series === name && curve.kind === "run");
      if (!curve || !Number.isFinite(x)) continue;
      let at = curve.points.length;
      while (at > 0 && curve.points[at - 1]![0] > x) at--;
      if (at > 0 && curve.points[at - 1]![0] === x) curve.points[at - 1] = [x, value];
      else curve.points.splice(at, 0, [x, value]);
    }
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(() => {
      this.waiting = false;
      this.chart?.setData(this.aligned());
      this.list();
    }, 100);
  }

  // Anew, in the colors of the theme as it is now.
  draw(): void {
    this.chart?.destroy();
    this.chart = new uPlot(this.options(), this.aligned(), this.box);
  }

  destroy(): void {
    this.chart?.destroy();
  }

  private resize(): void {
    const width = this.box.clientWidth;
    if (this.chart && width > 0 && width !== this.chart.width) this.chart.setSize({ width, height: this.chart.height });
  }

  private aligned(): uPlot.AlignedData {
    const places = [...new Set(this.data.curves.flatMap((curve) => curve.points.map(([x]) => x)))];
    const xs = places.filter((x) => x > 0 || !this.data.log.includes("x")).sort((a, b) => a - b);
    const positive = this.data.log.includes("y");
    const columns = this.data.curves.map((curve) => {
      const known = new Map(curve.points);
      return xs.map((x) => {
        const y = known.get(x);
        return y === undefined ? undefined : y === null || (positive && y <= 0) ? null : y;
      });
    });
    return [xs, ...columns] as uPlot.AlignedData;
  }

  private options(): uPlot.Options {
    const sheet = getComputedStyle(this.figure);
    const color = (name: string) => this.resolved(`var(${name})`);
    const font = `12px ${sheet.getPropertyValue("--sans")}`;
    const axis = (size: number): uPlot.Axis => ({
      stroke: color("--ink-2"),
      font,
      size,
      gap: 6,
      grid: { stroke: color("--rule"), width: 1 },
      ticks: { stroke: color("--rule-strong"), width: 1, size: 5 },
      values: (_, splits) => splits.map((value) => (value === null ? "" : spell(value))),
    });
    const [logX, logY] = [this.data.log.includes("x"), this.data.log.includes("y")];
    const across = axis(34);
    const up = axis(60);
    across.grid = { show: false };
    const empty = () => this.data.curves.every((curve) => curve.points.length === 0);
    across.splits = (_, __, low, high) => (empty() ? [] : this.places() ?? (logX ? decades : rounds)(low, high));
    up.splits = (_, __, low, high) => (empty() ? [] : (logY ? decades : rounds)(low, high));
    across.filter = up.filter = (_, splits) => splits;
    return {
      width: Math.max(this.box.clientWidth, 200),
      height: this.box.clientHeight || 260,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      cursor: { drag: { setScale: false, x: false, y: false }, y: false, points: { size: 9 } },
      scales: {
        x: { time: false, distr: logX ? 3 : 1, range: (_, low, high) => padded(low, high, logX, 0.03, false) },
        y: { distr: logY ? 3 : 1, range: (_, low, high) => this.upright(low, high, logY) },
      },
      axes: [across, up],
      series: [{}, ...this.data.curves.map((curve) => this.series(curve))],
      hooks: {
        drawAxes: [(chart) => this.shade(chart)],
        drawSeries: [(chart, at) => this.mark(chart, at)],
        setCursor: [(chart) => this.tell(chart)],
      },
    };
  }

  private series(curve: Curve): uPlot.Series {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", `curve curve-${curve.kind} tone-${curve.tone}`);
    this.figure.querySelector(".plot-key")?.append(path);
    const style = getComputedStyle(path);
    const dash = style.strokeDasharray === "none" ? [] : style.strokeDasharray.split(/[ ,]+/).map(parseFloat);
    const made = { stroke: style.stroke, width: parseFloat(style.strokeWidth), dash, alpha: parseFloat(style.opacity) };
    path.remove();
    return { label: curve.label, ...made, points: { show: false } };
  }

  // The values of x themselves where they are few: 64, 128, 256 …, unless they would be written over each other.
  private places(): number[] | null {
    const xs = this.aligned()[0] as number[];
    if (xs.length < 2 || xs.length > 9) return null;
    const at = (x: number) => (this.data.log.includes("x") ? Math.log(x) : x);
    const span = at(xs[xs.length - 1]!) - at(xs[0]!);
    const kept: number[] = [];
    for (const x of [...xs].reverse()) if (!kept.length || at(kept[0]!) - at(x) >= 0.08 * span) kept.unshift(x);
    return kept;
  }

  private upright(low: number | null, high: number | null, log: boolean): uPlot.Range.MinMax {
    const ends = this.data.bands.flatMap(([, from, to]) => [from, to]);
    const found = [...ends, low, high].filter((end): end is number => end !== null && Number.isFinite(end) && (!log || end > 0));
    return padded(Math.min(...found), Math.max(...found), log, 0.06, true);
  }

  private shade(chart: uPlot): void {
    for (const [, low, high] of this.data.bands) {
      const top = chart.valToPos(high, "y", true);
      chart.ctx.fillStyle = this.resolved("var(--band)");
      chart.ctx.fillRect(chart.bbox.left, top, chart.bbox.width, chart.valToPos(low, "y", true) - top);
    }
  }

  private mark(chart: uPlot, at: number): void {
    const curve = this.data.curves[at - 1];
    if (!curve || curve.kind === "reference" || curve.points.length > MARKED) return;
    const { ctx } = chart;
    const shape = new Path2D(curve.mark);
    const stroke = (chart.series[at] as uPlot.Series).stroke as unknown;
    const tone = typeof stroke === "function" ? (stroke as () => string)() : String(stroke);
    const sheet = this.resolved("var(--sheet)");
    for (const [x, y] of curve.points) {
      if (y === null || (this.data.log.includes("y") && y <= 0) || (this.data.log.includes("x") && x <= 0)) continue;
      ctx.save();
      ctx.translate(chart.valToPos(x, "x", true), chart.valToPos(y, "y", true));
      ctx.scale(devicePixelRatio, devicePixelRatio);
      ctx.fillStyle = curve.kind === "other" ? sheet : tone;
      ctx.strokeStyle = curve.kind === "other" ? tone : sheet;
      ctx.lineWidth = curve.kind === "other" ? 1.5 : 1;
      ctx.setLineDash([]);
      ctx.fill(shape);
      ctx.stroke(shape);
      ctx.restore();
    }
  }

  // What a color of the sheet is in this theme: the canvas knows no light-dark().
  private resolved(value: string): string {
    this.box.style.setProperty("outline-color", value);
    const found = getComputedStyle(this.box).outlineColor;
    this.box.style.removeProperty("outline-color");
    return found;
  }

  // The values under the pointer, beside the names of the curves.
  private tell(chart: uPlot): void {
    const at = chart.cursor.idx;
    const keys = [...this.figure.querySelectorAll(".plot-legend li")];
    const references = this.data.curves.filter((curve) => curve.kind === "reference").length;
    this.data.curves.forEach((curve, number) => {
      const item = keys[curve.kind === "reference" ? 0 : number - Math.max(0, references - 1)];
      const value = item?.querySelector(".plot-value");
      const y = at === null || at === undefined ? null : chart.data[number + 1]?.[at];
      if (value && curve.kind !== "reference") value.textContent = y === null || y === undefined ? "" : spell(y);
    });
  }

  private step(event: KeyboardEvent): void {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move || !this.chart) return;
    event.preventDefault();
    const xs = this.chart.data[0];
    const last = xs.length - 1;
    const now = this.chart.cursor.idx ?? (move > 0 ? -1 : last + 1);
    const next = Math.min(last, Math.max(0, now + move));
    this.chart.setCursor({ left: this.chart.valToPos(xs[next] ?? 0, "x"), top: 0 });
  }

  // The table, while it is open.
  private list(): void {
    const body = this.table?.open ? this.table.querySelector("tbody") : null;
    if (!body) return;
    const curves = this.data.curves.filter((curve) => curve.kind !== "reference");
    const known = curves.map((curve) => new Map(curve.points));
    const xs = [...new Set(curves.flatMap((curve) => curve.points.map(([x]) => x)))].sort((a, b) => a - b);
    const stride = Math.max(1, Math.ceil(xs.length / LISTED));
    const shown = xs.filter((_, at) => at % stride === 0 || at === xs.length - 1);
    const cell = (points: Map<number, number | null>, x: number) =>
      el("td", {}, points.has(x) ? spell(points.get(x) ?? NaN) : "—");
    body.replaceChildren(
      ...shown.map((x) => el("tr", {}, el("th", { scope: "row" }, spell(x)), ...known.map((points) => cell(points, x)))),
    );
  }
}

function padded(low: number, high: number, log: boolean, pad: number, grounded: boolean): uPlot.Range.MinMax {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return log ? [1, 10] : [0, 1];
  if (log) {
    const factor = high > low ? (high / low) ** pad : 2;
    return [low / factor, high * factor];
  }
  if (high === low) return [low - (Math.abs(high) / 2 || 1), high + (Math.abs(high) / 2 || 1)];
  const wide = pad * (high - low);
  return grounded && low >= 0 && low < 0.4 * high ? [0, high + wide] : [low - wide, high + wide];
}

// The marks of a linear axis: about five, at 1, 2 or 5 times a power of ten.
function rounds(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10);
  const found: number[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) found.push(Number((n * step).toPrecision(12)));
  return found;
}

// The marks of a logarithmic axis: powers of ten where there are three, else 1, 2 and 5 times such.
function decades(low: number, high: number): number[] {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const stride = Math.max(1, Math.ceil((last - first + 1) / 6));
  const whole: number[] = [];
  for (let power = first; power <= last; power += stride) whole.push(10 ** power);
  if (whole.length >= 3) return whole;
  const finer: number[] = [];
  for (let power = first - 1; power <= last; power++) for (const times of [1, 2, 5]) finer.push(times * 10 ** power);
  return finer.filter((value) => value >= low && value <= high);
}
