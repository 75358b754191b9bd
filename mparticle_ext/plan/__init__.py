"""Data plans: reads them, and checks batches against them. Loaded when there is a plan."""
