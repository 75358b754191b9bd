# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.

"""The examples of the spec, as JSON values."""

from collections.abc import Mapping
from typing import Any, Final

BATCH: Final[Mapping[str, Any]] = {
    "environment": "production",
    "source_request_id": "5f2ea4f3-6a41-4c04-9cf2-6b6f3c1e2a90",
    "mpid": 7346244611012968789,
    "mp_deviceid": "0b1c9a4e-5a0f-4c1b-8f55-3f1f6c9a7d21",
    "ip": "203.0.113.24",
    "user_identities": {"customer_id": "123456", "email": "ada@example.com", "mobile_number": None},
    "user_attributes": {
        "$firstname": "Ada",
        "$age": 36,
        "newsletter": True,
        "favourites": ["tea", "chess"],
        "nickname": None,
    },
    "deleted_user_attributes": ["trial_ends"],
    "partner_identities": {"loyalty_card": "4471-0093"},
    "integration_attributes": {"82": {"device_id": "a1b2c3", "opted_in": True}},
    "attribution_info": {"service_provider": "example-ads", "publisher": "Example News", "campaign": "spring"},
    "context": {
        "data_plan": {"plan_id": "mobile_shop", "plan_version": 3},
        "location": {"latitude": 51.5074, "longitude": -0.1278, "country_code": "GB", "location_source": "lat_long"},
    },
    "application_info": {
        "application_name": "Shop",
        "application_version": "4.2.0",
        "package": "com.example.shop",
        "os": "IOS",
        "apple_search_ads_attributes": {"Version3.1": {"iad-attribution": "true", "iad-campaign-id": "123456"}},
    },
    "device_info": {
        "platform": "iOS",
        "device_model": "iPhone14,2",
        "os_version": "17.4",
        "screen_width": 1170,
        "screen_height": 2532,
        "timezone_offset": 0,
        "ios_advertising_id": "",
        "att_authorization_status": "denied",
        "att_timestamp_unixtime_ms": 1759999000000,
        "is_tablet": False,
    },
    "consent_state": {
        "gdpr": {
            "personalised_offers": {
                "document": "offers_agreement_v2",
                "consented": True,
                "timestamp_unixtime_ms": 1759999100000,
                "location": "https://shop.example.com/signup",
                "hardware_id": None,
            }
        },
        "ccpa": {"data_sale_opt_out": {"consented": False, "timestamp_unixtime_ms": 1759999100000}},
    },
    "events": [
        {
            "event_type": "session_start",
            "data": {"session_id": 4957918240501247982, "timestamp_unixtime_ms": 1760000000000},
        },
        {
            "event_type": "screen_view",
            "data": {"screen_name": "Home", "session_id": 4957918240501247982, "timestamp_unixtime_ms": 1760000001000},
        },
        {
            "event_type": "custom_event",
            "data": {
                "custom_event_type": "search",
                "event_name": "Search",
                "session_id": 4957918240501247982,
                "timestamp_unixtime_ms": 1760000010000,
                "custom_attributes": {"words": "green tea", "results": 12, "from_history": False},
                "custom_flags": {"Google.Category": "shop", "weights": [1, 2.5]},
            },
        },
        {
            "event_type": "commerce_event",
            "data": {
                "product_action": {
                    "action": "purchase",
                    "transaction_id": "order-1001",
                    "total_amount": 21.49,
                    "products": [
                        {
                            "id": "sample-sku",
                            "name": "Green tea",
                            "price": 19.99,
                            "quantity": 1,
                            "custom_attributes": {"on-sale": "true"},
                        }
                    ],
                    "tax_amount": 1.5,
                },
                "currency_code": "GBP",
                "session_id": 4957918240501247982,
                "timestamp_unixtime_ms": 1760000060000,
            },
        },
        {
            "event_type": "session_end",
            "data": {
                "session_duration_ms": 65000,
                "session_id": 4957918240501247982,
                "timestamp_unixtime_ms": 1760000065000,
            },
        },
    ],
}
"""A batch that uses many of the fields."""

SHORT_BATCH: Final[Mapping[str, Any]] = {
    "environment": "development",
    "source_request_id": "2d3c1f60-0a7e-4b64-8a8e-0d6b6f0a4c11",
    "user_identities": {"customer_id": "123456"},
    "events": [
        {
            "event_type": "custom_event",
            "data": {
                "custom_event_type": "navigation",
                "event_name": "Hello World",
                "timestamp_unixtime_ms": 1760000000000,
            },
        }
    ],
}
"""A batch that uses few of the fields."""

EVENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "custom_event": {
        "event_type": "custom_event",
        "data": {"custom_event_type": "navigation", "event_name": "Hello World", "custom_attributes": {"foo": "bar"}},
    },
    "screen_view": {
        "event_type": "screen_view",
        "data": {"screen_name": "Home", "timestamp_unixtime_ms": 1760000000000},
    },
    "commerce_event": {
        "event_type": "commerce_event",
        "data": {
            "product_action": {
                "action": "purchase",
                "total_amount": 21.49,
                "products": [{"id": "sample-sku", "name": "Example Product", "price": 19.99}],
            },
            "currency_code": "USD",
        },
    },
    "session_start": {
        "event_type": "session_start",
        "data": {"session_id": 12345678, "timestamp_unixtime_ms": 1760000000000},
    },
    "session_end": {
        "event_type": "session_end",
        "data": {"session_duration_ms": 65000, "session_id": 12345678, "timestamp_unixtime_ms": 1760000065000},
    },
    "application_state_transition": {
        "event_type": "application_state_transition",
        "data": {"application_transition_type": "application_initialized", "is_first_run": True, "is_upgrade": False},
    },
    "crash_report": {
        "event_type": "crash_report",
        "data": {
            "class_name": "ValueError",
            "message": "no such basket",
            "stack_trace": "in open_basket",
            "exception_handled": False,
            "breadcrumbs": [],
        },
    },
    "breadcrumb": {"event_type": "breadcrumb", "data": {"session_number": 25, "label": "opened the basket"}},
    "network_performance": {
        "event_type": "network_performance",
        "data": {
            "http_verb": "GET",
            "url": "https://example.com/tea",
            "time_elapsed": 120,
            "bytes_in": 2048,
            "bytes_out": 300,
            "response_code": 200,
        },
    },
    "opt_out": {"event_type": "opt_out", "data": {"is_opted_out": True}},
    "push_registration": {
        "event_type": "push_registration",
        "data": {"register": True, "registration_token": "740f4707bebcf74f"},
    },
    "push_message": {
        "event_type": "push_message",
        "data": {
            "push_message_token": "740f4707bebcf74f",
            "push_message_type": "received",
            "application_state": "background",
            "network": "apn",
        },
    },
    "profile": {
        "event_type": "profile",
        "data": {"profile_name": "ada", "profile_event_type": "login", "current_mpid": 7346244611012968789},
    },
    "first_run": {"event_type": "first_run", "data": {"timestamp_unixtime_ms": 1760000000000}},
    "uninstall": {"event_type": "uninstall", "data": {"timestamp_unixtime_ms": 1760000000000}},
    "pre_attribution": {"event_type": "pre_attribution", "data": {"timestamp_unixtime_ms": 1760000000000}},
    "push_reaction": {
        "event_type": "push_reaction",
        "data": {"timestamp_unixtime_ms": 1760000000000, "custom_attributes": {"campaign": "spring"}},
    },
    "user_attribute_change": {
        "event_type": "user_attribute_change",
        "data": {
            "user_attribute_name": "plan",
            "new": "gold",
            "old": "trial",
            "deleted": False,
            "is_new_attribute": False,
        },
    },
    "user_identity_change": {
        "event_type": "user_identity_change",
        "data": {
            "new": {
                "identity_type": "email",
                "identity": "ada@example.com",
                "timestamp_unixtime_ms": 1760000000000,
                "created_this_batch": True,
            },
            "old": {"identity_type": "email", "identity": None, "timestamp_unixtime_ms": 1750000000000},
        },
    },
}
"""One event of each type, by event type."""
