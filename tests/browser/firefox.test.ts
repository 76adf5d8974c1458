// The engine's contract in Firefox.

import { testPlaces, withBrowser } from "./contract.ts";
import { launchFirefox } from "./drivers.ts";
import { isolated, plain, strict } from "./places.ts";
import { findProgram, testWith } from "./programs.ts";

const program = findProgram("FIREFOX", ["firefox-esr", "firefox"]);

testWith("Firefox", program, process.env.CI === "true", (t, path) =>
  withBrowser(() => launchFirefox(path), (site) => testPlaces(t, site, [isolated, plain, strict])));
