// Reads lines of JSON, each the path of a configuration and an environment. Answers with wrangler's errors or null, the
// databases of the environment, and those of Worker Previews.
import { createInterface } from "node:readline";
import { unstable_readConfig } from "wrangler";

for await (const line of createInterface({ input: process.stdin })) {
  const [config, env] = JSON.parse(line);
  let answer;
  try {
    const read = unstable_readConfig({ config, env }, { hideWarnings: true });
    answer = [null, read.d1_databases, read.previews?.d1_databases ?? []];
  } catch (error) {
    answer = [String(error.message), [], []];
  }
  console.log(JSON.stringify(answer));
}
