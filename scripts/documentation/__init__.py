"""Build the documentation site. Run it with scripts/docs."""
