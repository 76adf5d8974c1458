// The engine's contract in WebKit, where Debian's driver and a display without a screen are there.

import { testPlaces } from "./contract.ts";
import { places } from "./places.ts";
import { findProgram, testWith } from "./programs.ts";
import { launchWebKit } from "./webkit.ts";

const driver = findProgram("WEBKIT_DRIVER", ["WebKitWebDriver"]);
const display = findProgram("XVFB", ["Xvfb"]);

testWith("WebKit", driver && display, false, (t) =>
  testPlaces(t, places, () => launchWebKit({ driver: driver!, display: display! })));
