// The engine's contract in Chromium.

import { launchChromium } from "./drivers.ts";
import { findProgram, testWith } from "./programs.ts";
import { isolated, plain } from "./places.ts";
import { serve } from "./server.ts";
import { testContract } from "./contract.ts";

const program = findProgram("CHROMIUM", ["chromium", "chromium-browser", "google-chrome"]);
const places = [isolated, plain];

testWith("Chromium", program, process.env.CI === "true", async (t, path) => {
  const server = await serve(places);
  try {
    const browser = await launchChromium(path);
    try {
      for (const place of places) {
        await t.test(`${browser.name}, ${place.name}`, (sub) => testContract(sub, browser, place, server.url(place)));
      }
    } finally {
      await browser.close();
    }
  } finally {
    await server.close();
  }
});
