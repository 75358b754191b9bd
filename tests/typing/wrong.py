"""Wrong use, as a type checker must refuse it: each marked line is an error for mypy and for pyright. Never run."""

from __future__ import annotations

from mparticle_events import models

from mparticle_ext import AppEvent, AsyncEventsApi, Batch, Configuration, EventsApi, Product, UserIdentities


def wrong(api: EventsApi, async_api: AsyncEventsApi) -> None:
    Batch("prod")  # WRONG: no such environment
    Batch("production", 1)  # WRONG: one argument by position
    Batch("production", user_atributes={})  # WRONG: a misspelt field
    Batch("production", user_attributes={"a": {"b": "c"}})  # WRONG: no maps in a map of attributes
    Batch("production").user_atributes = {}  # WRONG: a misspelt attribute
    Batch("production").events = [Product("id")]  # WRONG: no event
    Batch("production").add_event(Product("id"))  # WRONG: no event
    AppEvent("navigation", 7)  # WRONG: a name is a string
    AppEvent("navigatoin", "Hello")  # WRONG: a misspelt value
    AppEvent(Batch.Environment.production, "Hello")  # WRONG: a member of another enum
    UserIdentities("123456")  # WRONG: keywords only
    models.CustomEventData(event_name="Hello")  # WRONG: a required field is missing
    models.Batch(environment="production", events=[AppEvent("other", "a")])  # WRONG: no envelope
    Configuration("key", "secret", pod="us9")  # WRONG: no such pod
    Configuration("key", "secret", "us1")  # WRONG: keywords only
    Configuration("key", "secret").timeout = 5  # WRONG: frozen
    Configuration("key", "secret", retry=3)  # WRONG: a Retry or None
    Configuration("key", "secret", on_attempt=lambda: None)  # WRONG: it takes an Attempt
    api.upload_all(Batch("production"))  # WRONG: an iterable
    api.upload_all([], lambda result: None)  # WRONG: keywords only
    api.upload_events([Batch("production")])  # WRONG: one batch
    api.bulk_upload_events(Batch("production"))  # WRONG: several batches
    api.upload_events(Batch("production"), lambda error: None)  # WRONG: a callback takes three
    async_api.upload_events(Batch("production"), lambda error, data, response: None)  # WRONG: no callbacks
