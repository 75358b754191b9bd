"""From batches to results: requests, attempts, retries and accounts."""
