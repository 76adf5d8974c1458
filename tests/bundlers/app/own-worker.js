// A worker of the app's own that computes with the synchronous core.

const worker = new Worker(new URL("./core-worker.js", import.meta.url), { type: "module" });

globalThis.outcome = new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
});
