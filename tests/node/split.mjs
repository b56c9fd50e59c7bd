// wrangler's own splitter: reads one script of SQL per line, as a JSON string, and answers each with a line that holds
// the JSON array of its statements. Ends when its standard input does.

import { createInterface } from "node:readline";
import { unstable_splitSqlQuery as split } from "wrangler";

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  console.log(JSON.stringify(split(JSON.parse(line))));
}
