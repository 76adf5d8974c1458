/// <reference types="vite/client" />

// Isolation for pages whose host sends no headers: the service worker sends them, from the second load on.

/** How long the first visit waits for the service worker before it starts without threads. */
const PATIENCE = 3000;
const RELOADED = "eigenscope: reloaded for isolation";

/**
 * Registers the service worker and, at most once in a tab, reloads the page to be isolated; resolves when the
 * page may start.
 */
export async function isolate(serviceWorker: URL): Promise<void> {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  try {
    const controlled = new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
    await navigator.serviceWorker.register(serviceWorker);
    // a page in a frame is isolated by the pages around it, or not at all
    if (crossOriginIsolated || top !== window || sessionStorage.getItem(RELOADED)) return;
    if (!navigator.serviceWorker.controller) {
      const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, "late"));
      if ((await Promise.race([controlled, late])) === "late") return;
    }
    sessionStorage.setItem(RELOADED, "yes");
    location.reload();
    await new Promise(() => {});
  } catch {
    // private windows and file: URLs have no service workers or no storage; the page works without
  }
}
