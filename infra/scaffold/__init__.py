"""The program in someone else's repository.

found reads what the repository tells; stacks decides which stacks there are, and files what is written, both pure.
"""
