// What the visitor chooses.

import { kernels, networks } from "eigenscope";

export interface Settings {
  kernel: KernelName;
  bandwidth: number;
  ridge: number;
  /** To learn from. */
  rows: number;
}

const KERNELS = {
  laplacian: (bandwidth: number) => kernels.laplacian({ bandwidth }),
  matern: (bandwidth: number) => kernels.matern({ bandwidth, nu: 1.5 }),
  cauchy: (bandwidth: number) => kernels.cauchy({ bandwidth }),
  gaussian: (bandwidth: number) => kernels.gaussian({ bandwidth }),
  /** The tutorial's network of infinite width, with one hidden layer of ReLUs. */
  ntk: () => {
    const layers = [networks.dense({ biasStd: 1 }), networks.relu(), networks.dense()];
    return kernels.ntk(networks.network(layers, { convention: "tutorial" }));
  },
};

export type KernelName = keyof typeof KERNELS;

/** The notebook's for the Laplacian; rows of length 1 are at most 2 apart. Zero: the kernel has none. */
export const BANDWIDTHS: Record<KernelName, number> = { laplacian: 10, matern: 2, cauchy: 1, gaussian: 0.5, ntk: 0 };

export const kernelOf = ({ kernel, bandwidth }: Settings) => KERNELS[kernel](bandwidth);

/** The most numbers that the targets of all levels may be. */
const TARGETS = 1e7;

/** Noise from 0 to 0.9, in steps that the memory has room for. */
export function levelsFor(rows: number, classes: number): number[] {
  const steps = [90, 18].find((count) => rows * classes * (count + 1) <= TARGETS) ?? 9;
  return Array.from({ length: steps + 1 }, (_, k) => (0.9 * k) / steps).map((level) => Number(level.toFixed(2)));
}
