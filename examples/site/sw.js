// The service worker of the built site: it keeps all files for use offline, and gives every answer the headers
// that isolate the page (threads need them), which most static hosts cannot send.
//
// vite.config.ts fills in the two constants.

const version = "VERSION";
const files = ["FILES"];

// two copies of the site on one origin keep apart
const prefix = `eigenscope ${registration.scope} `;
const cacheName = prefix + version;

addEventListener("install", (event) => {
  skipWaiting();
  const fresh = files.map((file) => new Request(new URL(file, registration.scope), { cache: "no-cache" }));
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(fresh)));
});

addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([
    clients.claim(),
    caches.keys().then((names) =>
      Promise.all(names.filter((name) => name.startsWith(prefix) && name !== cacheName).map((name) => caches.delete(name)))),
  ]));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(registration.scope)) return;
  event.respondWith(request.mode === "navigate" ? newest(request) : kept(request));
});

/** A page: from the network, so that an update shows at once; offline, the kept one. */
async function newest(request) {
  try {
    const response = await fetch(request);
    return response.type === "opaqueredirect" ? response : isolated(response);
  } catch (error) {
    const url = new URL(request.url);
    const { pathname } = url;
    const response = await find(pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    if (response) return isolated(response);
    if (await find(`${pathname}/index.html`)) return Response.redirect(`${pathname}/`);
    throw error;
  }
}

/** Any other file: its name changes with its content, so a kept one is right for ever. */
const kept = async (request) => isolated((await find(request.url)) ?? (await fetch(request)));

const find = (url) => caches.open(cacheName).then((cache) => cache.match(url, { ignoreSearch: true }));

function isolated(response) {
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
