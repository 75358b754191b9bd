"""Generate mparticle_events from the spec. Run it with scripts/regenerate."""
