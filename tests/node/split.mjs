// wrangler's splitter. Reads one SQL script per line, as a JSON string, and answers with one line: the JSON array of its
// statements. Ends when its standard input ends.

import { createInterface } from "node:readline";
import { unstable_splitSqlQuery as split } from "wrangler";

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  console.log(JSON.stringify(split(JSON.parse(line))));
}
