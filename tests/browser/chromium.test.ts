// The engine's contract in Chromium.

import { testPlaces, withBrowser } from "./contract.ts";
import { launchChromium } from "./drivers.ts";
import { places } from "./places.ts";
import { findProgram, testWith } from "./programs.ts";

const program = findProgram("CHROMIUM", ["chromium", "chromium-browser", "google-chrome"]);

testWith("Chromium", program, process.env.CI === "true", (t, path) =>
  withBrowser(() => launchChromium(path), (site) => testPlaces(t, site, places)));
