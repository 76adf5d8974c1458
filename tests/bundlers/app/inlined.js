// The default: worker and WebAssembly are in the package's own modules.

import { measure } from "./spectrum.js";

globalThis.outcome = measure();
