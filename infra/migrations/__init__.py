"""SQL files to an up-to-date database: folder -> ledger -> plan -> runner. No Pulumi here."""
