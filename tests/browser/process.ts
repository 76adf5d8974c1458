// The page's side without a page: evaluates each line of the standard input and answers with a line of JSON.

import { createInterface } from "node:readline";
import "./page.ts";

createInterface({ input: process.stdin }).on("line", async (expression) => {
  const answer = await Promise.resolve()
    .then(() => (0, eval)(expression))
    .then((value) => ({ value }), (error) => ({ error: String(error) }));
  console.log(JSON.stringify(answer));
});
