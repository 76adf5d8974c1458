// Sorting of non-negative numbers by their bits, byte by byte from the lowest: a radix sort.
//
// Based on: Knuth, The art of computer programming 3, 1998, §5.2.5. The bits of non-negative f64 are in the order of the numbers.

const DIGITS: usize = 256;

/** Bytes of workspace for `sort`. */
export function sort_bytes(n: i32): f64 {
  return f64(n) * 8 + f64(DIGITS * 4);
}

/** Sorts x (n numbers ≥ +0), ascending. work: sort_bytes(n) bytes, 8-byte aligned. */
export function sort(n: i32, x: usize, work: usize): void {
  const places = work;
  let from = x;
  let to = work + DIGITS * 4;
  for (let shift: u64 = 0; shift < 64; shift += 8) {
    if (!count(n, from, shift, places)) continue; // all alike in this byte
    distribute(n, from, shift, places, to);
    const other = from;
    from = to;
    to = other;
  }
  if (from != x) memory.copy(x, from, usize(n) << 3);
}

/** Where the numbers of each digit begin, in elements; false if there is only one digit. */
function count(n: i32, x: usize, shift: u64, places: usize): bool {
  memory.fill(places, 0, DIGITS * 4);
  for (const end = x + (usize(n) << 3); x < end; x += 8) {
    const p = places + (<usize>(load<u64>(x) >> shift & 255) << 2);
    store<i32>(p, load<i32>(p) + 1);
  }
  let sum = 0;
  let most = 0;
  for (const end = places + DIGITS * 4; places < end; places += 4) {
    const size = load<i32>(places);
    store<i32>(places, sum);
    sum += size;
    most = max(most, size);
  }
  return most < n;
}

function distribute(n: i32, x: usize, shift: u64, places: usize, to: usize): void {
  for (const end = x + (usize(n) << 3); x < end; x += 8) {
    const bits = load<u64>(x);
    const p = places + (<usize>(bits >> shift & 255) << 2);
    const place = load<i32>(p);
    store<u64>(to + (usize(place) << 3), bits);
    store<i32>(p, place + 1);
  }
}
