# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.

"""The servers and limits of the service, from the spec."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

Pod: TypeAlias = Literal["us1", "us2", "eu1", "au1"]
"""The mParticle data centre that holds a customer's data."""

SERVERS: Final[Mapping[Pod, str]] = {
    "us1": "https://s2s.mparticle.com/v2",
    "us2": "https://s2s.us2.mparticle.com/v2",
    "eu1": "https://s2s.eu1.mparticle.com/v2",
    "au1": "https://s2s.au1.mparticle.com/v2",
}
"""The base URL of each pod."""

DEFAULT_POD: Final[Pod] = "us1"

MIN_BATCHES: Final = 1
"""The minimum number of batches in a bulk request."""
MAX_BATCHES: Final = 100
"""The maximum number of batches in a bulk request."""
MAX_REQUEST_BYTES: Final = 262144
"""The maximum size of a request body, in bytes."""
MIN_HISTORICAL_AGE_HOURS: Final = 72
"""The minimum age of each event in a historical upload, in hours."""
MIN_UNIX_TIME_MS: Final = 946684800000
"""The earliest time, in Unix milliseconds."""
MAX_UNIX_TIME_MS: Final = 4102444800000
"""The latest time, in Unix milliseconds."""
