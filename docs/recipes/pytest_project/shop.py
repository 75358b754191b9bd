"""pytest: test your own code against a sandbox.

The fixture `mparticle_sandbox` comes with the package. Each test gets a local Events API of its own, which checks each
batch as mParticle does. Test what arrived, not which method was called, and what happens when mParticle fails.
Pitfall: a mock accepts what mParticle drops silently.

    pip install "mparticle-ext[sandbox]" pytest
    pytest
"""

from mparticle_ext import Batch, CommerceEvent, EventsApi, ProductAction, UserIdentities


def order_placed(api: EventsApi, number: str, customer_id: str, total: float) -> None:
    """Tell mParticle about an order. It needs a number: mParticle drops the second of two batches with equal ids."""
    if not number:
        raise ValueError("the order has no number")
    action = ProductAction("purchase", transaction_id=number, total_amount=total)
    api.upload_events(
        Batch(
            "production",
            source_request_id=f"order-{number}",
            user_identities=UserIdentities(customer_id=customer_id),
            events=[CommerceEvent(product_action=action)],
        )
    )
