// drizzle-kit knows one address of Cloudflare's API. With `node --import`, its requests go to CLOUDFLARE_BASE_URL.

import http from "node:http";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";

const theirs = "https://api.cloudflare.com/client/v4";

https.request = (url, ...others) => http.request(String(url).replace(theirs, process.env.CLOUDFLARE_BASE_URL), ...others);
syncBuiltinESMExports();
