"""Check and build a release. Run it with scripts/release."""
