declare const __VERSION__: string | undefined;

/** The package's version; "dev" when the sources run unbundled. */
export const version: string = typeof __VERSION__ === "undefined" ? "dev" : __VERSION__;
