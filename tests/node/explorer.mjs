// miniflare's local explorer, for bench/emulator.py: D1's REST API as `wrangler dev` has it, with an empty database.
//
// Prints {"url": ...} on one line when it listens on 127.0.0.1, and ends when its standard input ends. The argument is
// the folder of its databases.

import { Miniflare, convertV4MiniflareOptions } from "miniflare";

const server = new Miniflare(
  convertV4MiniflareOptions({
    modules: true,
    script: "export default { fetch: () => new Response() };",
    d1Databases: { DB: "bench" },
    resourcePersistencePath: process.argv[2],
    unsafeLocalExplorer: true,
    compatibilityDate: "2026-11-01",
    cf: false, // otherwise it requests data about this machine from the network
    host: "127.0.0.1",
    port: 0,
  }),
);
const url = new URL("/cdn-cgi/local/explorer/api/d1/database/bench/raw", await server.ready);
console.log(JSON.stringify({ url: String(url) }));
process.stdin.resume().on("end", () => server.dispose());
