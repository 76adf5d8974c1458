export { createRuntime } from "./core/create.ts";
