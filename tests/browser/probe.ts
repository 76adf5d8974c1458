import { serveFiles } from "./files.ts";
import { launchWebKit } from "./webkit.ts";
const lim = <T>(p: Promise<T>, what: string) => Promise.race([p.catch(e=>"E "+String(e)), new Promise<string>(r=>setTimeout(r,12000,"HANG "+what))]);
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const server = await serveFiles();
for (const options of ["{ threads: 1 }", "{ threads: 2 }", `{ threads: 2, workerUrl: "${server.at("dist/worker.js", { headers: isolation })}" }`]) {
const browser = await launchWebKit({ driver: "WebKitWebDriver", display: "Xvfb" }, true);
  const tab = await browser.open(server.at("page.html", { headers: isolation }));
  console.log(options, JSON.stringify(await lim(tab.evaluate(`runCore(${options}, ${JSON.stringify(server.at("core.js", { headers: isolation }))})`), "x")));
await lim(browser.close(), "close");
}
 server.close(); process.exit(0);
