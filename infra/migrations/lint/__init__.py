"""What is dangerous about pending migrations, from what their rehearsal saw: one rule, one code. Pure."""
