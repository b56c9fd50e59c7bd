"""What applies files, each once.

request      what is sent for one file
batch        what shares a request
sender       sends each request once; the ledger decides what became of it
runner       joins them
verification whether the database is what the rehearsal made of it
outcome      what an error means, together with the ledger
progress     how far a run has come, and what its failure tells
recovery     what happens after a failure
"""
