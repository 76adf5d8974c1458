// The engine's contract in Firefox.

import { testPlaces } from "./contract.ts";
import { launchFirefox } from "./drivers.ts";
import { places } from "./places.ts";
import { findProgram, testWith } from "./programs.ts";

const program = findProgram("FIREFOX", ["firefox-esr", "firefox"]);

testWith("Firefox", program, process.env.CI === "true", (t, path) =>
  testPlaces(t, places, () => launchFirefox(path)));
