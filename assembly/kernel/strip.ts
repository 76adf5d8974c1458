// A strip: up to STRIP pairs of one row x of X with neighbouring rows z of Z, on which the instructions of a
// kernel (program.ts) work. What an instruction works on is a frame of three arrays:
//
//    K  the covariance r of the outputs u of x and v of z in a layer; in the end, the kernel
//    D  |u − v|² where r ≥ 0, −|u + v|² (with the sign bit, also of 0) where r < 0: p + q − 2|r| without its cancellation,
//       with |·|² the variance, p that of u and q that of v; so angles near 0 and π keep their digits
//    T  the tangent kernel Θ so far
//
// The variances p and q of a layer come from the tables of X and Z: a row for each stage of the program, a column for
// each row of X or Z. Stage 0 is |x|². Where D is +0 the pair is one row twice, and r = p = q to the last bit.

/** Pairs in a strip: a frame (6 KiB) and what it is made from stay in L1. Even. */
export const STRIP: i32 = 256;

/** Bytes of one array of a frame. */
export const ARRAY: usize = 2048;

/** Bytes of a frame. */
export const FRAME: usize = 3 * ARRAY;

@unmanaged
export class Strip {
  width: i32; // pairs, rounded up to even: what is computed for the odd one out is not looked at
  diagonal: bool; // the one pair is a row with itself: instructions fill the tables
  left: usize; // the table of X from the row on
  ldl: i32;
  right: usize; // the table of Z from the first column on
  ldr: i32;
  base: usize; // a frame that is only read: K = x·z, D
}

/** The variance p of the row in a stage. */
// @ts-ignore: decorator
@inline
export function variance(s: Strip, stage: i32): f64 {
  return load<f64>(s.left + ((usize(stage) * s.ldl) << 3));
}

/** Where the variances q of the columns in a stage begin. */
// @ts-ignore: decorator
@inline
export function variances(s: Strip, stage: i32): usize {
  return s.right + ((usize(stage) * s.ldr) << 3);
}

/** On the diagonal: the variance of the row in a stage becomes known. */
// @ts-ignore: decorator
@inline
export function learn(s: Strip, stage: i32, p: f64): void {
  if (s.diagonal) store<f64>(s.left + ((usize(stage) * s.ldl) << 3), p);
}
