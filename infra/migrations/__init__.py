"""SQL files to an up-to-date database: folder -> ledger -> plan -> request -> runner. No Pulumi here."""
