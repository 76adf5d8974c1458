/// <reference lib="esnext.disposable" preserve="true" />
// What the package's types take from libraries that a user's project may not have: TypeScript without lib "DOM"
// knows no WebAssembly, without "ESNext.Disposable" no Symbol.asyncDispose. Where they are known, these merge.

declare global {
  interface MessagePort {}
  namespace WebAssembly {
    interface Memory {}
    interface Module {}
  }
}

export {};
