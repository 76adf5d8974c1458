/// <reference types="vite/client" />

// Isolation for pages whose host sends no headers: the service worker sends them, from the second load on.

/** How long, in ms, the first visit waits for the service worker before it starts without threads. */
const PATIENCE = 3000;
const RELOADED = "eigenscope: reloaded for isolation";

/**
 * Registers the service worker and, at most once in a tab, reloads the page to be isolated; resolves when the
 * page may start.
 */
export async function isolate(serviceWorker: URL): Promise<void> {
  const workers = navigator.serviceWorker; // not on plain http
  if (!import.meta.env.PROD || !workers) return;
  const controlled = new Promise<boolean>((resolve) => {
    if (workers.controller) resolve(true);
    workers.addEventListener("controllerchange", () => resolve(true), { once: true });
    // refused in private windows; offline it looks for an update for long, which nobody waits for
    workers.register(serviceWorker).catch(() => resolve(false));
    setTimeout(resolve, PATIENCE, false);
  });
  // a page in a frame is isolated by the pages around it, or not at all
  if (crossOriginIsolated || top !== window || !(await controlled) || !firstTime()) return;
  // not reload(): Chromium keeps the page that was left, and a later reload may bring that one back, never to go on
  location.replace(location.pathname + location.search);
  await new Promise(() => {});
}

/** Once in a tab; never where that can't be remembered. */
function firstTime(): boolean {
  try {
    const first = sessionStorage.getItem(RELOADED) === null;
    sessionStorage.setItem(RELOADED, "yes");
    return first;
  } catch {
    return false;
  }
}
