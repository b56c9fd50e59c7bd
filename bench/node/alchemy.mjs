// A database and its migrations, as Alchemy's documentation writes them. Run in a folder with `migrations`.

import alchemy from "alchemy";
import { D1Database } from "alchemy/cloudflare";

const app = await alchemy("shop", { stage: "dev", password: "bench", quiet: true });
await D1Database("shop", { name: "shop", migrationsDir: "migrations" });
await app.finalize();
