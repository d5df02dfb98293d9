// Numbers for people, as the server spells them: few digits, a true minus sign, powers of ten written as such.

const SUPERSCRIPTS: Record<string, string> = { "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹" };

export function spell(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const power = Math.floor(Math.log10(Math.abs(value)));
  const strip = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  const minus = (text: string) => text.replace("-", "−");
  if (power > -5 && power < 6) {
    const text = strip(value.toFixed(Math.max(0, digits - 1 - power)));
    return minus(Math.abs(value) < 10_000 ? text : text.replace(/\B(?=(\d{3})+$)/g, ","));
  }
  const factor = strip((value / 10 ** power).toFixed(digits - 1));
  const ten = `10${[...String(power)].map((sign) => SUPERSCRIPTS[sign]).join("")}`;
  return factor === "1" ? ten : `${minus(factor)}×${ten}`;
}

// A number of a record: JSON has no NaN and no infinity, so they stand there as words.
export function read(value: number | string): number {
  return Number(value);
}
