// Reads lines of JSON, each a glob and names. Answers with the names that minimatch matches, with wrangler's options.
import { createInterface } from "node:readline";
import minimatch from "minimatch";

for await (const line of createInterface({ input: process.stdin })) {
  const [glob, names] = JSON.parse(line);
  const matcher = new minimatch.Minimatch(glob, { dot: false });
  let answer;
  try {
    answer = names.filter((name) => matcher.match(name));
  } catch (error) {
    answer = String(error);
  }
  console.log(JSON.stringify(answer));
}
