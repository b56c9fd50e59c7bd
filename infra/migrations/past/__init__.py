"""What was applied, and the way back.

history      who applied what, and when
past         history and ledger joined
destination  the moment to go back to
loss         what is lost on the way
restore      goes back, once
correction   the file that does right what was taken back
baseline     marks what a database has already
"""
