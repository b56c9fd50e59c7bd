// The real D1 engine as a server, for tests/support/workerd.py.
//
// Prints {"url": ...} on one line when it listens on 127.0.0.1, and ends when its standard input ends, so that it cannot
// outlive its test. POST {"database": 0, "queries": [{"sql": ..., "params": [...]}]} runs the queries as one batch in
// that database. The databases are numbered from 0, start empty, and are deleted at the end.
//
// D1Database.query() is the only call of the binding that keeps columns with the same name apart.

import { Miniflare, convertV4MiniflareOptions } from "miniflare";

const script = `
  export default {
    async fetch(request, env) {
      const { database, queries } = await request.json();
      try {
        const { results } = await env["DB" + database].query({ queries });
        return Response.json({ results });
      } catch (error) {
        return Response.json({ error: error.message });
      }
    },
  };
`;
const count = Number(process.argv[2]);
const names = Array.from({ length: count }, (_, number) => "DB" + number);
const server = new Miniflare(
  convertV4MiniflareOptions({
    modules: true,
    script,
    d1Databases: Object.fromEntries(names.map((name) => [name, name])),
    compatibilityDate: "2026-11-01",
    compatibilityFlags: ["d1_binding_jsrpc"],
    cf: false, // otherwise it requests data about this machine from the network
    host: "127.0.0.1",
    port: 0,
  }),
);
console.log(JSON.stringify({ url: String(await server.ready) }));
process.stdin.resume().on("end", () => server.dispose());
