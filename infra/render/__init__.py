"""What the project writes: into the user's wrangler configuration, and to his terminal. Pure."""
