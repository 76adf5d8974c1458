// WebKit by plain WebDriver: Debian's WebKitWebDriver drives WebKitGTK's MiniBrowser on a display of its own.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { OPEN_LIMIT, type Browser } from "./drivers.ts";

export interface WebKitPrograms {
  driver: string;
  display: string;
}

/** What one command may take: no case may take longer. */
const COMMAND_LIMIT = 90_000;

/** With `shared`, WebKitGTK has the SharedArrayBuffer that Safari has in isolated pages; by itself it has none. */
export async function launchWebKit(programs: WebKitPrograms, shared: boolean): Promise<Browser> {
  const home = await mkdtemp(join(tmpdir(), "eigenscope-browser-"));
  const started: ChildProcess[] = [];
  const end = async () => {
    for (const child of started.reverse()) {
      if (child.exitCode !== null) continue;
      child.kill();
      await once(child, "exit");
    }
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const display = spawn(programs.display, ["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    started.push(display);
    const [number] = await once(createInterface(display.stdout), "line", { signal: AbortSignal.timeout(OPEN_LIMIT) });
    const port = await freePort();
    started.push(spawn(programs.driver, [`--port=${port}`], {
      stdio: "ignore",
      env: { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, DISPLAY: `:${number}`, JSC_useSharedArrayBuffer: String(shared) },
    }));
    return await openSession(`http://127.0.0.1:${port}/session`, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function openSession(sessions: string, end: () => Promise<void>): Promise<Browser> {
  const binary = miniBrowser();
  const browserOptions = { binary, args: ["--automation"] };
  const request = { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": browserOptions } } };
  const { sessionId, capabilities } = await untilUp(() => command("POST", sessions, request));
  const session = `${sessions}/${sessionId}`;
  const execute = (script: string) => command("POST", `${session}/execute/async`, { script, args: [] });
  await command("POST", `${session}/timeouts`, { script: COMMAND_LIMIT, pageLoad: OPEN_LIMIT });
  return {
    name: `WebKitGTK ${capabilities.browserVersion}`,
    // one tab, led from page to page
    async open(url) {
      await command("POST", `${session}/url`, { url });
      if (await execute("arguments[0](frames.length)")) await command("POST", `${session}/frame`, { id: 0 });
      await execute(`const wait = (done) => globalThis.runCase ? done() : setTimeout(wait, 20, done); wait(arguments[0]);`);
      return {
        async evaluate(expression) {
          const { value, error } = await execute(
            `const done = arguments[0];
             (async () => (${expression}))().then((value) => done({ value }), (error) => done({ error: String(error) }));`,
          );
          if (error) throw new Error(error);
          return value;
        },
        close: () => command("POST", `${session}/url`, { url: "about:blank" }),
      };
    },
    async close() {
      await command("DELETE", session).catch(() => {});
      await end();
    },
  };
}

async function command(method: string, url: string, body?: object) {
  const response = await fetch(url, { method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(COMMAND_LIMIT) });
  const { value } = (await response.json()) as { value: any };
  if (value?.error) throw new Error(`${url}: ${value.error}: ${value.message}`);
  return value;
}

/** The server says on no channel when it listens: asked until it answers. */
async function untilUp<T>(ask: () => Promise<T>): Promise<T> {
  for (const since = Date.now(); ;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TypeError) || Date.now() - since > OPEN_LIMIT) throw error; // TypeError: no connection
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Debian has the browser without a name on PATH. */
function miniBrowser(): string {
  for (const libraries of readdirSync("/usr/lib", { withFileTypes: true })) {
    for (const version of ["4.1", "6.0", "4.0"]) {
      const path = `/usr/lib/${libraries.name}/webkit2gtk-${version}/MiniBrowser`;
      if (existsSync(path)) return path;
    }
  }
  throw new Error("WebKitGTK's MiniBrowser is not where Debian's libwebkit2gtk has it");
}
