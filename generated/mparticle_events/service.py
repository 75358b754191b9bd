# Made from spec/openapi.yaml by scripts/regenerate. Not edited by hand: change the spec and run it again.

"""What the spec says of the service as a whole: its servers and the limits of a request."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

Pod: TypeAlias = Literal["us1", "us2", "eu1", "au1"]
"""The data centre that a customer's data lives in."""

SERVERS: Final[Mapping[Pod, str]] = {
    "us1": "https://s2s.mparticle.com/v2",
    "us2": "https://s2s.us2.mparticle.com/v2",
    "eu1": "https://s2s.eu1.mparticle.com/v2",
    "au1": "https://s2s.au1.mparticle.com/v2",
}
"""The base URL of each pod."""

DEFAULT_POD: Final[Pod] = "us1"

MIN_BATCHES: Final = 1
"""The fewest batches of a bulk request."""
MAX_BATCHES: Final = 100
"""The most batches of a bulk request."""
MAX_REQUEST_BYTES: Final = 262144
"""The largest body of a request, in bytes."""
MIN_HISTORICAL_AGE_HOURS: Final = 72
"""How old, in hours, each event of a historical upload must be."""
