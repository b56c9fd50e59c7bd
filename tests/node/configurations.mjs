// Reads lines of JSON, each the path of a configuration and an environment. Answers with wrangler's errors, or null.
import { createInterface } from "node:readline";
import { unstable_readConfig } from "wrangler";

for await (const line of createInterface({ input: process.stdin })) {
  const [config, env] = JSON.parse(line);
  let answer = null;
  try {
    unstable_readConfig({ config, env }, { hideWarnings: true });
  } catch (error) {
    answer = String(error.message);
  }
  console.log(JSON.stringify(answer));
}
