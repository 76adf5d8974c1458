// The kernel that the options of `kernel` and `regress` describe.

import type { Engine } from "../engine.ts";
import { OptionError } from "../errors.ts";
import { compile } from "../kernels/compile.ts";
import * as kernels from "../kernels/descriptions.ts";
import type { Matrix } from "../linalg/matrix.ts";
import * as networks from "../networks/layers.ts";
import { wrap } from "./output.ts";
import { choice, decimal, UsageError, wholeNumber } from "./usage.ts";

export const KERNEL_OPTIONS = {
  kernel: { type: "string" },
  bandwidth: { type: "string" },
  gamma: { type: "string" },
  nu: { type: "string" },
  degree: { type: "string" },
  scale: { type: "string" },
  offset: { type: "string" },
  order: { type: "string" },
  bias: { type: "string" },
  depth: { type: "string" },
  activation: { type: "string" },
  "weight-std": { type: "string" },
  "bias-std": { type: "string" },
  width: { type: "string" },
  convention: { type: "string" },
} as const;

/** Those that need no parameters. */
const ACTIVATIONS = [
  "relu", "leakyRelu", "abs", "step", "sign", "identity", "erf", "gelu", "sigmoidLike", "tanh", "sigmoid", "swish", "softplus",
  "sin", "cos", "rbf", "exp", "gaussian", "gabor",
] as const;

export const KERNEL_HELP = `  --kernel K               d is the distance of two rows, b the bandwidth:
    gaussian               exp(−d²/2b²)                  --bandwidth b
    laplacian              exp(−d/b)                     --bandwidth b
    dispersal              exp(−d^g/b)                   --bandwidth b --gamma g
    cauchy                 1/(1 + d²/b²)                 --bandwidth b
    matern                 of ν = 0.5, 1.5 or 2.5        --bandwidth b --nu ν
    polynomial             (s·x·z + c)^p     --degree p [--scale s] [--offset c]
    arccos                 Cho and Saul's of order 0 to 2   --order n [--bias c]
    nngp, ntk              of an infinitely wide network, below
    hinf                   H∞, as the verb hinf computes it

  Networks:
  --depth L                hidden layers (default: 1)
${wrap("  --activation A           ", `${ACTIVATIONS.join(", ")} (default: relu), with neural-tangents' parameters`).join("\n")}
  --weight-std W           of the weights of every layer (default: 1)
  --bias-std B             of the biases of every layer (default: none)
  --convention C           ntk (default), standard (of layers --width N wide),
                           tutorial (biases of 1, none at the readout)
`;

type Option = Exclude<keyof typeof KERNEL_OPTIONS, "kernel">;
type Given = { [K in keyof typeof KERNEL_OPTIONS]?: string };

interface Kind {
  needs: readonly Option[];
  takes: readonly Option[];
  make(given: Given): kernels.Kernel;
}

const CONVENTIONS = ["ntk", "standard", "tutorial"] as const;
const NETWORK = ["depth", "activation", "weight-std", "bias-std", "width", "convention"] as const;
const DEEPEST = 1000;

const KINDS: Record<string, Kind> = {
  gaussian: { needs: ["bandwidth"], takes: [], make: (given) => kernels.gaussian({ bandwidth: real("bandwidth", given)! }) },
  laplacian: { needs: ["bandwidth"], takes: [], make: (given) => kernels.laplacian({ bandwidth: real("bandwidth", given)! }) },
  dispersal: {
    needs: ["bandwidth", "gamma"],
    takes: [],
    make: (given) => kernels.dispersal({ bandwidth: real("bandwidth", given)!, gamma: real("gamma", given)! }),
  },
  cauchy: { needs: ["bandwidth"], takes: [], make: (given) => kernels.cauchy({ bandwidth: real("bandwidth", given)! }) },
  matern: {
    needs: ["bandwidth", "nu"],
    takes: [],
    make: (given) => kernels.matern({ bandwidth: real("bandwidth", given)!, nu: real("nu", given) as 0.5 | 1.5 | 2.5 }),
  },
  polynomial: {
    needs: ["degree"],
    takes: ["scale", "offset"],
    make: (given) => kernels.polynomial({ degree: real("degree", given)!, scale: real("scale", given), offset: real("offset", given) }),
  },
  arccos: {
    needs: ["order"],
    takes: ["bias"],
    make: (given) => kernels.arccos({ order: real("order", given) as 0 | 1 | 2, bias: real("bias", given) }),
  },
  nngp: { needs: [], takes: NETWORK, make: (given) => kernels.nngp(network(given)) },
  ntk: { needs: [], takes: NETWORK, make: (given) => kernels.ntk(network(given)) },
  hinf: { needs: [], takes: [], make: () => kernels.hinf() },
};

/** The description of the kernel; whatever is wrong with it is wrong usage. */
export function kernelFrom(verb: string, given: Given): kernels.Kernel {
  if (given.kernel === undefined) throw new UsageError(`${verb}: no --kernel, expected one of ${Object.keys(KINDS).join(", ")}`);
  const name = choice("--kernel", given.kernel, Object.keys(KINDS));
  const { needs, takes, make } = KINDS[name]!;
  const own = [...needs, ...takes];
  for (const option of Object.keys(KERNEL_OPTIONS) as (keyof Given)[]) {
    if (option === "kernel" || given[option] === undefined || own.includes(option)) continue;
    throw new UsageError(`${verb}: --kernel ${name} takes ${own.length ? list(own) : "no options"}, not --${option}`);
  }
  for (const option of needs) {
    if (given[option] === undefined) throw new UsageError(`${verb}: --kernel ${name} needs --${option}`);
  }
  const kernel = make(given);
  try {
    compile(verb, kernel, 1); // for its checks; no file has been read yet
  } catch (error) {
    throw error instanceof OptionError ? new UsageError(inOptions(error.message)) : error;
  }
  return kernel;
}

/** What is to be said of the accuracy of a kernel of these rows; nothing where it is known in closed form. */
export async function accuracyOf(es: Engine, kernel: kernels.Kernel, X: Matrix): Promise<{ errorBound?: number; note?: string }> {
  const errorBound = await es.kernels.errorBound(kernel, X);
  if (errorBound === 0) return {};
  return { errorBound, note: `quadrature: k(x, z) within ${errorBound.toExponential(0)}·√(k(x, x)·k(z, z))` };
}

/** "verb: kernel.network.layers[0].weightStd is −1, expected …" as "--weight-std: −1, expected …" */
const inOptions = (message: string) => message.replace(/^\w+: kernel\.(?:.*\.)?(\w+) is (\S+),/, (_, name: string, value: string) => (
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${value},`
));

const list = (options: readonly string[]) => options.map((option) => `--${option}`).join(", ");

const real = (option: Option, given: Given) => (given[option] === undefined ? undefined : decimal(`--${option}`, given[option]));

/** As many hidden layers as are asked for, all alike; the tutorial's have biases, its readout has none. */
function network(given: Given): networks.Network {
  const convention = choice("--convention", given.convention ?? "ntk", CONVENTIONS);
  const depth = wholeNumber("--depth", given.depth ?? "1", 1, DEEPEST);
  const activation = choice("--activation", given.activation ?? "relu", ACTIVATIONS);
  if (given.width !== undefined && convention !== "standard") throw new UsageError("--width: is for --convention standard");
  const width = given.width === undefined ? undefined : wholeNumber("--width", given.width, 1, 2 ** 31 - 1);
  const weightStd = real("weight-std", given);
  const biasStd = real("bias-std", given);
  const tutorial = convention === "tutorial";
  const hidden = networks.dense({ weightStd, biasStd: tutorial ? (biasStd ?? 1) : biasStd, width });
  const readout = networks.dense({ weightStd, biasStd: tutorial ? undefined : biasStd, width });
  const layers = Array.from({ length: depth }, () => [hidden, networks[activation]()]);
  return networks.network([...layers.flat(), readout], { convention });
}
