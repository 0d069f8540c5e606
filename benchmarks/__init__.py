"""Studies that take long: commands of their own, whose tables are kept in `docs/`."""
