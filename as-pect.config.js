// The kernel tests: tests/assembly/*.spec.ts, compiled with the kernels that they import, without
// threads (as-pect knows no shared memory) and relaxed SIMD (Node 20 has none).

export default {
  entries: ["tests/assembly/**/*.spec.ts"],
  include: [],
  disclude: [/node_modules/],
  instantiate(memory, createImports, instantiate, binary) {
    return instantiate(binary, createImports({ env: { memory, tick() {} } }));
  },
  outputBinary: false,
};
