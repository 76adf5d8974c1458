// The engine's contract in Firefox.

import { testInFirefox } from "./browsers.ts";
import { testPlaces } from "./contract.ts";
import { isolated, plain, strict } from "./places.ts";

testInFirefox("Firefox", (t, browser) => testPlaces(t, browser, [isolated, plain, strict]));
