// What the operations take and give: the types of the public API.

export type { ExactHinf, SpecialRows } from "./hinf/exact.ts";
export type { HinfCertificate } from "./hinf/lambdaMin.ts";
export type { MonteCarlo, MonteCarloOptions, UpperConfidence } from "./hinf/monteCarlo.ts";
export type { Kernel } from "./kernels/descriptions.ts";
export type { KernelOperator } from "./kernels/operator.ts";
export type { MatmulOptions } from "./linalg/blas.ts";
export type { Certificate, CertificateInfo } from "./linalg/certify.ts";
export type { CondOrder, RankOptions } from "./linalg/cond.ts";
export type { ArrayOf, Dtype, EighOptions, EighResult, Subset } from "./linalg/eig.ts";
export type { EigshInfo, EigshOptions, EigshResult } from "./linalg/eigsh.ts";
export type { Inertia } from "./linalg/inertia.ts";
export type { JacobiInfo } from "./linalg/jacobi.ts";
export type { ComplexMatrix, ComplexMatrixLike, LstsqOptions, LstsqResult, PinvOptions } from "./linalg/lstsq.ts";
export type { NormOrder } from "./linalg/norm.ts";
export type { NystromOptions, NystromResult } from "./linalg/nystrom.ts";
export type { LinearOperator, Operator, SymmetricOperator } from "./linalg/operator.ts";
export type { QrOptions, QrResult } from "./linalg/qr.ts";
export type { RandomizedSvdOptions, RandomizedSvdResult } from "./linalg/randomizedSvd.ts";
export type { SlogdetResult, SolveOptions } from "./linalg/solve.ts";
export type { SpectralDensity, SpectralDensityOptions } from "./linalg/spectralDensity.ts";
export type { SvdOptions, SvdResult, SvdvalsOptions } from "./linalg/svd.ts";
export type { SvdsOptions, SvdsResult } from "./linalg/svds.ts";
export type { TraceOptions, TraceResult } from "./linalg/trace.ts";
export type { Activation, Convention, Layer, Network } from "./networks/layers.ts";
