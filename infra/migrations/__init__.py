"""SQL files to an up-to-date database: folder -> ledger -> plan -> request -> runner, and progress. No Pulumi here."""
