// Writes named tensors of 16-bit floats as safetensors.

export interface Parameter {
  name: string;
  shape: number[];
  data: Float64Array;
}

/** The bytes of a file: the length of the header, the header as JSON, the numbers (F16, rounded to nearest). */
export function formatSafetensors(parameters: readonly Parameter[], metadata: Record<string, string>): Uint8Array {
  let end = 0;
  const entries = parameters.map(({ name, shape, data }) => {
    const start = end;
    end += 2 * data.length;
    return [name, { dtype: "F16", shape, data_offsets: [start, end] }];
  });
  const text = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  const header = new TextEncoder().encode(text.padEnd(8 * Math.ceil(text.length / 8)));
  const bytes = new Uint8Array(8 + header.length + end);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  let at = 8 + header.length;
  for (const { data } of parameters) {
    for (const value of data) {
      view.setUint16(at, half(value), true);
      at += 2;
    }
  }
  return bytes;
}

/** The bits of the nearest binary16, ties to even. */
export function half(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const x = Math.abs(value);
  if (!(x < 65520)) return sign | (Number.isNaN(x) ? 0x7e00 : 0x7c00);
  // in units of the last place, of which subnormal numbers have the same as the smallest normal ones
  const exponent = Math.max(-14, Math.floor(Math.log2(x)));
  const scaled = x / 2 ** (exponent - 10);
  let units = Math.floor(scaled);
  const rest = scaled - units;
  if (rest > 0.5 || (rest === 0.5 && units % 2 === 1)) units++;
  // a carry out of the fraction goes on into the exponent by itself
  return sign | (((exponent + 14) << 10) + units);
}
