"""SQL files to an up-to-date database. No Pulumi here.

folder -> ledger -> plan -> request -> batch -> sender: what is sent, from the files on. runner joins them. progress,
outcome and recovery are about runs that fail.
"""
