// The list of pages: it computes nothing, and has the service worker keep them all.

import { isolate } from "./site/isolation.ts";
import { showFooter } from "./site/view.ts";

showFooter();
await isolate(new URL("./sw.js", document.baseURI));
