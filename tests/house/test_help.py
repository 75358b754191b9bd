"""What `help(mparticle_ext)` begins with."""

from __future__ import annotations

import pydoc

import mparticle_ext

SCREEN = 24  # the lines of a small terminal


def test_help_begins_with_two_screens_that_name_the_next_step() -> None:
    shown = pydoc.plain(pydoc.render_doc(mparticle_ext)).splitlines()
    start = next(number for number, line in enumerate(shown) if line.startswith("PACKAGE CONTENTS"))
    text = "\n".join(shown[:start])
    assert start <= 2 * SCREEN
    assert "Next: run `mparticle-ext sandbox`" in text
    for name in ("Batch", "EventsApi", "Configuration", "MParticleError", "Sandbox"):
        assert name in text


def test_the_names_in_the_help_exist() -> None:
    documented = mparticle_ext.__doc__ or ""
    for name in ("AppEvent", "AsyncEventsApi", "CommerceEvent", "Retry", "APIError"):
        assert name in documented
        assert hasattr(mparticle_ext, name)
