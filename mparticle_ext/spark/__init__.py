"""Send Spark frames to mParticle. Needs the extra `spark`: pip install "mparticle-ext[spark]".

    batches = group_events(clicks, by=[...], event=...)
    report = send(batches, api, failed="failed")

Spark reads, groups and encodes; the driver sends, because one process sends more than mParticle takes.
"""

from __future__ import annotations

try:
    from ._frame import group_events
    from ._schema import faults_of, struct_of
    from ._send import Report, send
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("pyarrow", "pyspark", "rich"):
        raise
    raise ImportError('mparticle_ext.spark needs its extra: pip install "mparticle-ext[spark]"') from error

__all__ = ["Report", "faults_of", "group_events", "send", "struct_of"]
