"""The server for the benchmark of the rate limit: `limited.py BATCHES_A_SECOND` is a sandbox."""

from __future__ import annotations

import signal
import sys

from mparticle_ext.sandbox import Sandbox

if __name__ == "__main__":
    with Sandbox(rate_limit=float(sys.argv[1]), keep=0) as sandbox:
        print(sandbox.url, flush=True)
        signal.pause()  # until the runner terminates this process
