// Lanczos from several starting vectors at once: one step of each, after a common product with A.
//
// Based on: Golub & Meurant, Matrices, Moments and Quadrature with Applications, 2010, ch. 4;
// Ubaru, Chen & Saad, Fast estimation of tr(f(A)) via stochastic Lanczos quadrature, 2017.
//
// Probe p has basis vectors v₀ … vⱼ, rows of one block; they start from unit v₀ and satisfy
//
//     A·vⱼ = βⱼ₋₁·vⱼ₋₁ + αⱼ·vⱼ + βⱼ·vⱼ₊₁
//
// The eigenvalues of the tridiagonal matrix of the α and β, with the squared first components of its
// eigenvectors as weights, are the Gauss quadrature of v₀'s spectral measure. Without
// reorthogonalization there would be copies of converged eigenvalues; it is done in full, twice.

import { dot } from "../blas/level1";
import { args, parallelFor } from "../parallel";
import { Task } from "../tasks";
import { minus } from "./triangular";

@unmanaged
class Step {
  n: i32;
  j: i32;
  steps: i32;
  v: usize; // basis of probe p: rows p·(steps + 1) … , stride ldv
  ldv: i32;
  w: usize; // row p: A·vⱼ of probe p, stride ldw; destroyed
  ldw: i32;
  alpha: usize; // (probes × steps)
  beta: usize;
}

/** The step of probes [p0, p1). */
export function lanczos_probes_task(p0: i32, p1: i32): void {
  const s = args<Step>();
  const n = s.n;
  const j = s.j;
  const ld = usize(s.ldv) << 3;
  for (let p = p0; p < p1; p++) {
    const first = s.v + usize(p * (s.steps + 1)) * ld;
    const w = s.w + ((usize(p) * s.ldw) << 3);
    const row = usize(p * s.steps) << 3;
    const size = sqrt(dot(n, w, w));
    let alpha: f64 = 0;
    for (let pass = 0; pass < 2; pass++) {
      for (let i = j; i >= 0; i--) {
        const v = first + usize(i) * ld;
        const c = dot(n, v, w);
        if (i == j) alpha += c;
        minus(n, c, v, w);
      }
    }
    let beta = sqrt(dot(n, w, w));
    // what is left is rounding: the space is invariant, and the quadrature exact
    if (!(beta > f64.EPSILON * size * f64(j + 1))) beta = 0;
    const scale = beta > 0 ? 1 / beta : 0;
    const next = first + usize(j + 1) * ld;
    for (let i: usize = 0, end = usize(n) << 3; i < end; i += 8) store<f64>(next + i, load<f64>(w + i) * scale);
    store<f64>(s.alpha + row + (usize(j) << 3), alpha);
    store<f64>(s.beta + row + (usize(j) << 3), beta);
  }
}

/**
 * Step j of `probes` Lanczos runs; opens a region.
 *
 * v (probes·(steps + 1) × n, row stride ldv): row p·(steps + 1) + i is vᵢ of probe p, given for i ≤ j; vⱼ₊₁ is
 * written (zeros if A has mapped the span into itself; the run then goes on with α = β = 0).
 * w (probes × n, stride ldw): A·vⱼ, destroyed. alpha, beta (probes × steps): αⱼ and βⱼ are written.
 * Strides in elements. Returns 0 or INFO_ABORTED.
 */
export function lanczos_probes_f64(
  n: i32, probes: i32, steps: i32, j: i32, v: usize, ldv: i32, w: usize, ldw: i32, alpha: usize, beta: usize,
): i32 {
  const s = args<Step>();
  s.n = n;
  s.j = j;
  s.steps = steps;
  s.v = v;
  s.ldv = ldv;
  s.w = w;
  s.ldw = ldw;
  s.alpha = alpha;
  s.beta = beta;
  return parallelFor(Task.LANCZOS_PROBES, probes, 1);
}
