// Tests in a browser of their own, which is ended whatever happens.

import type { TestContext } from "node:test";
import { launchChromium, launchFirefox, type Browser } from "./drivers.ts";
import { CI, findProgram, testWith } from "./programs.ts";
import { launchWebKit } from "./webkit.ts";

export const chromium = findProgram("CHROMIUM", ["chromium", "chromium-browser", "google-chrome"]);
const firefox = findProgram("FIREFOX", ["firefox-esr", "firefox"]);
const driver = findProgram("WEBKIT_DRIVER", ["WebKitWebDriver"]);
const display = findProgram("XVFB", ["Xvfb"]);
const webkit = driver && display ? { driver, display } : undefined;

export const testInChromium = testIn(chromium, CI, launchChromium);
export const testInFirefox = testIn(firefox, CI, launchFirefox);
/** WebKitGTK as it is, without SharedArrayBuffer. */
export const testInWebKit = testIn(webkit, false, (programs) => launchWebKit(programs, false));
/** With the SharedArrayBuffer that Safari has. */
export const testInSharedWebKit = testIn(webkit, false, (programs) => launchWebKit(programs, true));

function testIn<P, B extends Browser>(program: P | undefined, required: boolean, launch: (program: P) => Promise<B>) {
  return (title: string, body: (t: TestContext, browser: B) => Promise<void>) =>
    testWith(title, program, required, async (t, path) => {
      const browser = await launch(path);
      try {
        await body(t, browser);
      } finally {
        await browser.close();
      }
    });
}
