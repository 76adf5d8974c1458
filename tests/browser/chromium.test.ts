// The engine's contract in Chromium.

import { testInChromium } from "./browsers.ts";
import { testPlaces } from "./contract.ts";
import { places } from "./places.ts";

testInChromium("Chromium", (t, browser) => testPlaces(t, browser, places));
