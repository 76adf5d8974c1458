// The engine's contract in WebKit, where Debian's driver and a display without a screen are there.

import { testInSharedWebKit, testInWebKit } from "./browsers.ts";
import { testPlaces } from "./contract.ts";
import { isolated, strict } from "./places.ts";

testInWebKit("WebKit", (t, browser) => testPlaces(t, browser, [isolated]));
testInSharedWebKit("WebKit with SharedArrayBuffer", (t, browser) => testPlaces(t, browser, [isolated, strict]));
