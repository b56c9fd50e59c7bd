// Migrations over D1's REST API. Run in a folder with `migrations`.

export default {
  dialect: "sqlite",
  driver: "d1-http",
  out: "migrations",
  dbCredentials: {
    accountId: process.env.CLOUDFLARE_ACCOUNT_ID,
    databaseId: process.env.BENCH_DATABASE_ID,
    token: process.env.CLOUDFLARE_API_TOKEN,
  },
};
