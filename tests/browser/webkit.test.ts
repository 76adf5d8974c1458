// The engine's contract in WebKit, where Debian's driver and a display without a screen are there.

import { testPlaces, withBrowser } from "./contract.ts";
import { isolated, strict } from "./places.ts";
import { findProgram, testWith } from "./programs.ts";
import { launchWebKit } from "./webkit.ts";

const driver = findProgram("WEBKIT_DRIVER", ["WebKitWebDriver"]);
const display = findProgram("XVFB", ["Xvfb"]);
const launch = (shared: boolean) => () => launchWebKit({ driver: driver!, display: display! }, shared);

testWith("WebKit", driver && display, false, (t) =>
  withBrowser(launch(false), (site) => testPlaces(t, site, [isolated])));

testWith("WebKit with SharedArrayBuffer", driver && display, false, (t) =>
  withBrowser(launch(true), (site) => testPlaces(t, site, [isolated, strict])));
