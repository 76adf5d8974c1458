// Numbers for people: rounded to nearest, or to the safe side where they are bounds.

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** An integer as superscript: -12 is ⁻¹². */
export function superscript(k: number): string {
  return (k < 0 ? "⁻" : "") + [...String(Math.abs(k))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
}

/** 1797 as 1,797. */
export const grouped = (k: number) => String(k).replace(/\B(?=(\d{3})+$)/g, ",");

/** x with so many significant digits: plain where that is short, otherwise as 1.5×10⁻⁷. */
export function significant(x: number, digits: number): string {
  return typeset(x.toPrecision(digits));
}

/** The decimal number of so many significant digits that is at most x, as e.g. 1.34e-2 or 463.1. */
export function roundDown(x: number, digits: number): string {
  if (x === 0 || !Number.isFinite(x)) return x.toPrecision(digits);
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(x))) - digits + 1);
  for (let k = 0; ; k++) {
    const text = (x - k * 0.5 * unit).toPrecision(digits);
    if (Number(text) <= x) return text;
  }
}

/** The decimal number of so many significant digits that is at least x. */
export function roundUp(x: number, digits: number): string {
  const text = roundDown(-x, digits);
  return text.startsWith("-") ? text.slice(1) : text.replace(/^(?=.*[1-9])/, "-");
}

/** How many digits show both ends of an interval apart. */
export function digitsFor(lower: number, upper: number): number {
  if (!(lower > 0 && upper > lower)) return 9;
  return Math.max(4, Math.min(15, Math.ceil(-Math.log10((upper - lower) / upper)) + 2));
}

/** A decimal number as JavaScript writes it, with a true minus and power of ten. */
export function typeset(text: string): string {
  const x = Number(text);
  const [mantissa, exponent] = (x !== 0 && Math.abs(x) < 1e-4 ? exponential(text) : text).split("e");
  const minus = mantissa!.replace("-", "−");
  return exponent === undefined ? minus : `${minus}×10${superscript(Number(exponent))}`;
}

/** The same decimal digits with an exponent. */
function exponential(text: string): string {
  if (text.includes("e")) return text;
  const digits = text.replace(/[-.]/g, "").replace(/^0+/, "");
  return Number(text).toExponential(digits.length - 1);
}

/** The p-value of a bootstrap, "–" where there is none; none of n replicas says no more than that p is below 1/n. */
export function pValue({ p, replicas }: { p: number | null; replicas: number }): string {
  if (p === null) return "–";
  return p === 0 ? `<${significant(1 / replicas, 1)}` : p.toFixed(3);
}
