// es.linalg.certify: what is proved, not only computed.

export { lambdaMin } from "./certify.ts";
