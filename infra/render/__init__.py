"""Text in, text out: what the project writes into files of the user's. Pure."""
