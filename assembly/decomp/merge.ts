// One merge of divide and conquer: what its phases share, as records in the workspace.
//
// Two halves of T, whose eigenvalues and eigenvectors are known, are joined: with D = diag(d) and the
// rows of Q orthonormal, Q·T·Qᵀ = D + ρ·z·zᵀ. The eigenvectors are the ROWS of Q, so that permuting
// them, rotating two of them and dealing columns out to threads are all contiguous.
//
// Row r has its support in the columns of the first half, of the second, or (after a rotation across)
// of both; only what the support covers is stored. Each half keeps the list of surviving rows that have
// support in its columns, its slots: the new eigenvectors are, in the columns of that half, a product
// over its slots alone.
//
// Where eigenvalues alone are wanted, Q has two columns, the first and the last component of each
// eigenvector: the next merge needs no more. They are then the "halves".

export const FIRST: i32 = 1;
export const SECOND: i32 = 2;

/** The eigenvectors that are wanted, as rows [from, to) of all. */
@unmanaged
export class Subset {
  byValue: bool; // from and to follow from lo and hi, once the eigenvalues are known
  from: i32;
  to: i32;
  lo: f64; // the interval (lo, hi] of eigenvalues
  hi: f64;
  unit: f64; // eigenvalues are in this unit, a power of two
  single: bool; // and count as rounded to f32
}

/** from and to of a subset by value; unit·c·d (n) are the eigenvalues, ascending. */
export function select(s: Subset, n: i32, d: usize, c: f64): void {
  if (!s.byValue) return;
  s.from = 0;
  s.to = 0;
  for (let i = 0; i < n; i++) {
    let value = get(d, i) * c * s.unit;
    if (s.single) value = f64(f32(value));
    if (value <= s.lo) s.from = i + 1;
    if (value <= s.hi) s.to = i + 1;
  }
}

/** The columns of Q that belong to one half, and the rows that have support there. */
@unmanaged
export class Half {
  support: i32; // FIRST or SECOND
  column: i32; // the columns of Q
  cols: i32;
  k: i32; // slots
  slot: usize; // (k) i32: their poles, ascending
  pole: usize; // (k) pole and zeta of each slot
  zeta: usize;
  q: usize; // (k × cols) rows of Q; or their one component at every pole, 0 without support
  ldq: i32;
  s: usize; // (poles × k) eigenvectors of D + ρ·z·zᵀ as rows, in blocks: see cauchy.ts
  lds: i32;
  rank: usize; // i32 by block
  index: i32; // 0, 1 of Q, 2, 3 of U
  whole: usize; // Q or U
  ldWhole: i32;
  saved: usize; // (n − k rows) deflated rows of the whole
  scale: usize; // (k) of Merge: scale or scaleLeft
}

/** Bytes of the arrays of a merge, per row. */
export const ROW_BYTES: i32 = 13 * 8 + 7 * 4 + 32;

@unmanaged
export class Merge {
  n: i32; // order
  n1: i32; // order of the first half
  d: usize; // (n) in: eigenvalues of each half, ascending; out: of the whole, ascending
  q: usize; // (n × cols) eigenvectors as rows
  ldq: i32;
  cols: i32;
  full: bool; // all components of the eigenvectors, not two
  serial: bool; // within a task: open no region
  singular: bool; // singular values and vectors, U too
  u: usize; // (n × n − 1) left vectors as rows; what is in a null vector's row means nothing
  ldu: i32;
  first: Half;
  second: Half;
  firstLeft: Half; // of U
  secondLeft: Half;
  zColumn1: i32; // the column of Q's first n1 rows that is next to the cut
  zColumn2: i32; // and of the others
  rho: f64; // ≥ 0
  zFactor1: f64; // what those components are multiplied by to make z
  zFactor2: f64;
  tolerance: f64; // what may be neglected, in norm
  info: i32; // k > 0: root k did not converge
  subset: usize; // Subset of the rows that are wanted, 0 for all
  unit: f64; // of d, for the subset

  // deflation
  k: i32; // rows that survive
  rotations: i32;
  z: usize; // (n) by row
  order: usize; // (n) i32: rows by ascending d
  support: usize; // (n) i32: by row
  rotation: usize; // (rotations) Rotation
  pole: usize; // (k) ascending: the d that survive
  weight: usize; // (k) ρ·z² at the poles
  zeta: usize; // (k) z at the poles, then the z for which the roots are exact
  row: usize; // (k) i32: row of pole i
  dead: usize; // (n − k) deflated eigenvalues, ascending
  deadRow: usize; // (n − k) i32
  saved: usize; // (n − k × cols) deflated rows
  ldSaved: i32;
  savedLeft: usize; // (n − k × n) of U

  // roots: eigenvalue j = anchor[j] + tau[j], anchor being the nearer pole
  anchor: usize; // (k)
  tau: usize; // (k)
  scale: usize; // (k) 1/‖(ζᵢ/(dᵢ − λⱼ))ᵢ‖
  zetaLeft: usize; // (k) dᵢ·ζᵢ
  zetaLeftSlots: usize; // (n) by slot
  scaleLeft: usize; // (k) 1/‖(−1, (dᵢ·ζᵢ/(dᵢ² − σⱼ²))ᵢ)‖
  place: usize; // (n) i32: row of the result for root j < k, then for deflated row j − k
  levels: i32; // of the blocks of S
  work: usize; // of the products
}

/** Lays out the arrays of m, whose rows begin at lo of n, in n·ROW_BYTES bytes: merges of other rows use others. */
export function attach_arrays(m: Merge, p: usize, n: i32, lo: i32): void {
  const wide = usize(lo) << 3;
  const step = usize(n) << 3;
  m.z = p + wide;
  m.pole = (p += step) + wide;
  m.weight = (p += step) + wide;
  m.zeta = (p += step) + wide;
  m.anchor = (p += step) + wide;
  m.tau = (p += step) + wide;
  m.scale = (p += step) + wide;
  m.zetaLeft = (p += step) + wide;
  m.zetaLeftSlots = (p += step) + wide;
  m.scaleLeft = (p += step) + wide;
  m.first.pole = (p += step) + wide;
  m.first.zeta = (p += step) + wide;
  m.dead = (p += step) + wide;
  m.rotation = (p += step) + usize(lo) * offsetof<Rotation>();
  p += usize(n) * offsetof<Rotation>();
  const narrow = usize(lo) << 2;
  const halfStep = usize(n) << 2;
  m.order = p + narrow;
  m.support = (p += halfStep) + narrow;
  m.row = (p += halfStep) + narrow;
  m.first.slot = (p += halfStep) + narrow;
  m.first.rank = (p += halfStep) + narrow;
  m.deadRow = (p += halfStep) + narrow;
  m.place = (p += halfStep) + narrow;
}

/** x' = c·x + s·y, y' = c·y − s·x for rows x and y, with their supports before. */
@unmanaged
export class Rotation {
  c: f64;
  s: f64;
  x: i32;
  y: i32;
  supportX: i32;
  supportY: i32;
}

// @ts-ignore: decorator
@inline
export function get(p: usize, i: i32): f64 {
  return load<f64>(p + (usize(i) << 3));
}

// @ts-ignore: decorator
@inline
export function set(p: usize, i: i32, x: f64): void {
  store<f64>(p + (usize(i) << 3), x);
}

// @ts-ignore: decorator
@inline
export function getInt(p: usize, i: i32): i32 {
  return load<i32>(p + (usize(i) << 2));
}

// @ts-ignore: decorator
@inline
export function setInt(p: usize, i: i32, x: i32): void {
  store<i32>(p + (usize(i) << 2), x);
}

/** Address of element (i, j) of a matrix of f64. */
// @ts-ignore: decorator
@inline
export function at(a: usize, lda: i32, i: i32, j: i32): usize {
  return a + ((usize(i) * lda + j) << 3);
}
