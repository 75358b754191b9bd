# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from mparticle_events.wire import Model


class ApiError(Model, repr_omit_defaults=True, gc=False, kw_only=True):
    """One error in an error response."""

    code: str | None | UnsetType = UNSET
    """Type of the error, such as `BAD_REQUEST`."""

    message: str | None | UnsetType = UNSET
    """Explanation of the error, for people."""


class RateLimitScope(StrEnum):
    """Scope of a rate limit."""

    org = "org"
    account = "account"
    app = "app"
    feed = "feed"
    workspace = "workspace"
    acceleration = "acceleration"


if TYPE_CHECKING:
    RateLimitScopeLike: TypeAlias = (
        RateLimitScope | Literal["org", "account", "app", "feed", "workspace", "acceleration"]
    )
else:
    RateLimitScopeLike = RateLimitScope


class Environment(StrEnum):
    """The environment that data belongs to: `production` for real data, `development` for test data."""

    production = "production"
    development = "development"


if TYPE_CHECKING:
    EnvironmentLike: TypeAlias = Environment | Literal["production", "development"]
else:
    EnvironmentLike = Environment


IpAddress: TypeAlias = Annotated[
    str,
    Meta(
        pattern="^(((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\\.(?=[0-9])|$)){4}|[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){2,7}(:[0-9.]+)?)$(?!\\n)"
    ),
]
"""An IPv4 or IPv6 address. A host name is not valid."""


Uuid: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$(?!\\n)")]
"""A UUID."""


class UserIdentities(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Identities of a user, one for each identity type."""

    other: str | None | UnsetType = UNSET
    """An ID of your choice."""

    customer_id: str | None | UnsetType = UNSET
    """Your own ID of the user."""

    facebook: str | None | UnsetType = UNSET
    """ID of the user at Facebook."""

    twitter: str | None | UnsetType = UNSET
    """ID of the user at Twitter."""

    google: str | None | UnsetType = UNSET
    """ID of the user at Google."""

    microsoft: str | None | UnsetType = UNSET
    """ID of the user at Microsoft."""

    yahoo: str | None | UnsetType = UNSET
    """ID of the user at Yahoo."""

    email: str | None | UnsetType = UNSET
    """Email address of the user."""

    alias: str | None | UnsetType = UNSET
    """Another name of the user."""

    facebook_custom_audience_id: str | None | UnsetType = UNSET
    """ID of the user for Facebook's custom audiences."""

    other_id_2: str | None | UnsetType = UNSET
    """Another ID of your choice."""

    other_id_3: str | None | UnsetType = UNSET
    """Another ID of your choice."""

    other_id_4: str | None | UnsetType = UNSET
    """Another ID of your choice."""

    other_id_5: str | None | UnsetType = UNSET
    """Another ID of your choice."""

    other_id_6: str | None | UnsetType = UNSET
    """Another ID of your choice."""

    other_id_7: str | None | UnsetType = UNSET
    """Another ID of your choice."""

    other_id_8: str | None | UnsetType = UNSET
    """Another ID of your choice."""

    other_id_9: str | None | UnsetType = UNSET
    """Another ID of your choice."""

    other_id_10: str | None | UnsetType = UNSET
    """Another ID of your choice."""

    mobile_number: str | None | UnsetType = UNSET
    """Mobile phone number of the user."""

    phone_number_2: str | None | UnsetType = UNSET
    """Second phone number of the user."""

    phone_number_3: str | None | UnsetType = UNSET
    """Third phone number of the user."""


UserAttributeListString: TypeAlias = Annotated[str, Meta(max_length=512)]
"""A string in a user attribute list, at most 512 characters."""


AttributeName: TypeAlias = Annotated[str, Meta(max_length=256)]
"""Name of an attribute, at most 256 characters."""


AttributeString: TypeAlias = Annotated[str, Meta(max_length=4096)]
"""String value of an attribute, at most 4096 characters."""


class BatchingContext(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """How mParticle groups a batch with others. Only mParticle's Go SDK has it."""

    bypass: bool | None | UnsetType = UNSET
    """Whether the batch is not grouped."""

    partition_key: str | None | UnsetType = UNSET
    """The key that batches are grouped by."""

    request_ids: Sequence[str] | None | UnsetType = UNSET
    """IDs of the requests that the batch belongs to."""


class DataPlanContext(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A data plan and its version."""

    plan_id: str
    """ID of the data plan."""

    plan_version: int | None | UnsetType = UNSET
    """Version of the data plan. If absent, the latest version."""


class AttributionInfo(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The campaign that a user is attributed to."""

    service_provider: str | None
    """Name of the attribution provider."""

    publisher: str | None
    """Name of the publisher that showed the campaign."""

    campaign: str | None
    """Name of the campaign."""


class Channel(StrEnum):
    """The channel through which mParticle received a batch."""

    unknown = "unknown"
    native = "native"
    javascript = "javascript"
    pixel = "pixel"
    desktop = "desktop"
    partner = "partner"
    server_to_server = "server_to_server"


if TYPE_CHECKING:
    ChannelLike: TypeAlias = (
        Channel | Literal["unknown", "native", "javascript", "pixel", "desktop", "partner", "server_to_server"]
    )
else:
    ChannelLike = Channel


class LocationSource(StrEnum):
    """How a location was determined."""

    unknown = "unknown"
    ip_lookup = "ip_lookup"
    lat_long = "lat_long"


if TYPE_CHECKING:
    LocationSourceLike: TypeAlias = LocationSource | Literal["unknown", "ip_lookup", "lat_long"]
else:
    LocationSourceLike = LocationSource


class OperatingSystem(StrEnum):
    """Operating system or platform that an application runs on."""

    Unknown = "Unknown"
    IOS = "IOS"
    Android = "Android"
    WindowsPhone = "WindowsPhone"
    MobileWeb = "MobileWeb"
    UnityIOS = "UnityIOS"
    UnityAndroid = "UnityAndroid"
    Desktop = "Desktop"
    TVOS = "TVOS"
    Roku = "Roku"
    OutOfBand = "OutOfBand"
    Alexa = "Alexa"
    SmartTV = "SmartTV"
    FireTV = "FireTV"
    Xbox = "Xbox"


if TYPE_CHECKING:
    OperatingSystemLike: TypeAlias = (
        OperatingSystem
        | Literal[
            "Unknown",
            "IOS",
            "Android",
            "WindowsPhone",
            "MobileWeb",
            "UnityIOS",
            "UnityAndroid",
            "Desktop",
            "TVOS",
            "Roku",
            "OutOfBand",
            "Alexa",
            "SmartTV",
            "FireTV",
            "Xbox",
        ]
    )
else:
    OperatingSystemLike = OperatingSystem


AdvertisingId: TypeAlias = Annotated[
    str, Meta(pattern="^([0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})?$(?!\\n)")
]
"""A UUID, or an empty string."""


class Platform(StrEnum):
    """Platform of a device."""

    Unknown = "Unknown"
    iOS = "iOS"
    Android = "Android"
    web = "web"
    desktop = "desktop"
    tvOS = "tvOS"
    roku = "roku"
    out_of_band = "out_of_band"
    alexa = "alexa"
    smart_tv = "smart_tv"
    fire_tv = "fire_tv"
    FireTV = "FireTV"
    xbox = "xbox"


if TYPE_CHECKING:
    PlatformLike: TypeAlias = (
        Platform
        | Literal[
            "Unknown",
            "iOS",
            "Android",
            "web",
            "desktop",
            "tvOS",
            "roku",
            "out_of_band",
            "alexa",
            "smart_tv",
            "fire_tv",
            "FireTV",
            "xbox",
        ]
    )
else:
    PlatformLike = Platform


class ATTAuthorizationStatus(StrEnum):
    """App Tracking Transparency status on iOS: whether the user allows tracking."""

    authorized = "authorized"
    denied = "denied"
    not_determined = "not_determined"
    restricted = "restricted"


if TYPE_CHECKING:
    ATTAuthorizationStatusLike: TypeAlias = (
        ATTAuthorizationStatus | Literal["authorized", "denied", "not_determined", "restricted"]
    )
else:
    ATTAuthorizationStatusLike = ATTAuthorizationStatus


class Orientation(StrEnum):
    """Orientation of a device or of its status bar."""

    unknown = "unknown"
    portrait = "portrait"
    portrait_upside_down = "portrait_upside_down"
    landscape = "landscape"
    LandscapeLeft = "LandscapeLeft"
    LandscapeRight = "LandscapeRight"
    FaceUp = "FaceUp"
    FaceDown = "FaceDown"
    Square = "Square"


if TYPE_CHECKING:
    OrientationLike: TypeAlias = (
        Orientation
        | Literal[
            "unknown",
            "portrait",
            "portrait_upside_down",
            "landscape",
            "LandscapeLeft",
            "LandscapeRight",
            "FaceUp",
            "FaceDown",
            "Square",
        ]
    )
else:
    OrientationLike = Orientation


class EventSystemNotificationType(StrEnum):
    """Type of a system notification from mParticle."""

    gdpr_change = "gdpr_change"


if TYPE_CHECKING:
    EventSystemNotificationTypeLike: TypeAlias = EventSystemNotificationType | Literal["gdpr_change"]
else:
    EventSystemNotificationTypeLike = EventSystemNotificationType


class CustomEventType(StrEnum):
    """Type of a custom event."""

    unknown = "unknown"
    navigation = "navigation"
    location = "location"
    search = "search"
    transaction = "transaction"
    user_content = "user_content"
    user_preference = "user_preference"
    social = "social"
    media = "media"
    attribution = "attribution"
    consent_granted = "consent_granted"
    consent_denied = "consent_denied"
    other = "other"


if TYPE_CHECKING:
    CustomEventTypeLike: TypeAlias = (
        CustomEventType
        | Literal[
            "unknown",
            "navigation",
            "location",
            "search",
            "transaction",
            "user_content",
            "user_preference",
            "social",
            "media",
            "attribution",
            "consent_granted",
            "consent_denied",
            "other",
        ]
    )
else:
    CustomEventTypeLike = CustomEventType


EventName: TypeAlias = Annotated[str, Meta(max_length=256)]
"""Name of an event, at most 256 characters. mParticle cuts a longer name."""


class MediaAction(StrEnum):
    """Action of a user in a media player."""

    unknown = "unknown"
    play = "play"
    stop = "stop"
    update_playback_position = "update_playback_position"
    skip = "skip"
    rate = "rate"


if TYPE_CHECKING:
    MediaActionLike: TypeAlias = (
        MediaAction | Literal["unknown", "play", "stop", "update_playback_position", "skip", "rate"]
    )
else:
    MediaActionLike = MediaAction


class MediaFormat(StrEnum):
    """Format of media."""

    unknown = "unknown"
    audio = "audio"
    video = "video"


if TYPE_CHECKING:
    MediaFormatLike: TypeAlias = MediaFormat | Literal["unknown", "audio", "video"]
else:
    MediaFormatLike = MediaFormat


class MediaQuality(StrEnum):
    """Quality of media."""

    unknown = "unknown"
    low = "low"
    sd = "sd"
    medium = "medium"
    hd = "hd"
    ultra_hd = "ultra_hd"


if TYPE_CHECKING:
    MediaQualityLike: TypeAlias = MediaQuality | Literal["unknown", "low", "sd", "medium", "hd", "ultra_hd"]
else:
    MediaQualityLike = MediaQuality


class CommerceEventType(StrEnum):
    """Type of a commerce event. Set by mParticle."""

    add_to_cart = "add_to_cart"
    remove_from_cart = "remove_from_cart"
    checkout = "checkout"
    checkout_option = "checkout_option"
    click = "click"
    view_detail = "view_detail"
    purchase = "purchase"
    refund = "refund"
    promotion_view = "promotion_view"
    promotion_click = "promotion_click"
    add_to_wishlist = "add_to_wishlist"
    remove_from_wishlist = "remove_from_wishlist"
    impression = "impression"
    attribution = "attribution"
    consent_granted = "consent_granted"
    consent_denied = "consent_denied"


if TYPE_CHECKING:
    CommerceEventTypeLike: TypeAlias = (
        CommerceEventType
        | Literal[
            "add_to_cart",
            "remove_from_cart",
            "checkout",
            "checkout_option",
            "click",
            "view_detail",
            "purchase",
            "refund",
            "promotion_view",
            "promotion_click",
            "add_to_wishlist",
            "remove_from_wishlist",
            "impression",
            "attribution",
            "consent_granted",
            "consent_denied",
        ]
    )
else:
    CommerceEventTypeLike = CommerceEventType


class ProductActionType(StrEnum):
    """Type of a product action. Note the spelling of `remove_from_wish_list`."""

    unknown = "unknown"
    add_to_cart = "add_to_cart"
    remove_from_cart = "remove_from_cart"
    checkout = "checkout"
    checkout_option = "checkout_option"
    click = "click"
    view_detail = "view_detail"
    purchase = "purchase"
    refund = "refund"
    add_to_wishlist = "add_to_wishlist"
    remove_from_wish_list = "remove_from_wish_list"


if TYPE_CHECKING:
    ProductActionTypeLike: TypeAlias = (
        ProductActionType
        | Literal[
            "unknown",
            "add_to_cart",
            "remove_from_cart",
            "checkout",
            "checkout_option",
            "click",
            "view_detail",
            "purchase",
            "refund",
            "add_to_wishlist",
            "remove_from_wish_list",
        ]
    )
else:
    ProductActionTypeLike = ProductActionType


class PromotionActionType(StrEnum):
    """Type of a promotion action."""

    unknown = "unknown"
    view = "view"
    click = "click"


if TYPE_CHECKING:
    PromotionActionTypeLike: TypeAlias = PromotionActionType | Literal["unknown", "view", "click"]
else:
    PromotionActionTypeLike = PromotionActionType


class Promotion(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A promotion in your own application, such as a banner or an offer."""

    id: str | None | UnsetType = UNSET
    """Your ID of the promotion."""

    name: str | None | UnsetType = UNSET
    """Name of the promotion."""

    creative: str | None | UnsetType = UNSET
    """Image or text of the promotion."""

    position: str | None | UnsetType = UNSET
    """Position where the promotion was shown."""


class ApplicationTransitionType(StrEnum):
    """Type of an application state transition."""

    unknown = "unknown"
    application_initialized = "application_initialized"
    application_exit = "application_exit"
    application_background = "application_background"
    application_foreground = "application_foreground"


if TYPE_CHECKING:
    ApplicationTransitionTypeLike: TypeAlias = (
        ApplicationTransitionType
        | Literal[
            "unknown", "application_initialized", "application_exit", "application_background", "application_foreground"
        ]
    )
else:
    ApplicationTransitionTypeLike = ApplicationTransitionType


class PushMessageType(StrEnum):
    """Whether a push message was sent, received or acted on."""

    unknown = "unknown"
    sent = "sent"
    received = "received"
    action = "action"


if TYPE_CHECKING:
    PushMessageTypeLike: TypeAlias = PushMessageType | Literal["unknown", "sent", "received", "action"]
else:
    PushMessageTypeLike = PushMessageType


class ApplicationState(StrEnum):
    """State of an application."""

    unknown = "unknown"
    not_running = "not_running"
    background = "background"
    foreground = "foreground"


if TYPE_CHECKING:
    ApplicationStateLike: TypeAlias = ApplicationState | Literal["unknown", "not_running", "background", "foreground"]
else:
    ApplicationStateLike = ApplicationState


class PushMessageBehavior(StrEnum):
    """Effect of a push message."""

    Received = "Received"
    DirectOpen = "DirectOpen"
    Read = "Read"
    InfluencedOpen = "InfluencedOpen"
    Displayed = "Displayed"


if TYPE_CHECKING:
    PushMessageBehaviorLike: TypeAlias = (
        PushMessageBehavior | Literal["Received", "DirectOpen", "Read", "InfluencedOpen", "Displayed"]
    )
else:
    PushMessageBehaviorLike = PushMessageBehavior


ActionIdentifier: TypeAlias = Annotated[str, Meta(max_length=100)]
"""ID of a button in a push message, at most 100 characters."""


class ProfileEventType(StrEnum):
    """Type of a profile event."""

    unknown = "unknown"
    signup = "signup"
    login = "login"
    logout = "logout"
    update = "update"
    delete = "delete"


if TYPE_CHECKING:
    ProfileEventTypeLike: TypeAlias = (
        ProfileEventType | Literal["unknown", "signup", "login", "logout", "update", "delete"]
    )
else:
    ProfileEventTypeLike = ProfileEventType


class IdentityType(StrEnum):
    """Type of an identity: the field name in `UserIdentities`."""

    other = "other"
    customer_id = "customer_id"
    facebook = "facebook"
    twitter = "twitter"
    google = "google"
    microsoft = "microsoft"
    yahoo = "yahoo"
    email = "email"
    alias = "alias"
    facebook_custom_audience_id = "facebook_custom_audience_id"
    other_id_2 = "other_id_2"
    other_id_3 = "other_id_3"
    other_id_4 = "other_id_4"
    other_id_5 = "other_id_5"
    other_id_6 = "other_id_6"
    other_id_7 = "other_id_7"
    other_id_8 = "other_id_8"
    other_id_9 = "other_id_9"
    other_id_10 = "other_id_10"
    mobile_number = "mobile_number"
    phone_number_2 = "phone_number_2"
    phone_number_3 = "phone_number_3"


if TYPE_CHECKING:
    IdentityTypeLike: TypeAlias = (
        IdentityType
        | Literal[
            "other",
            "customer_id",
            "facebook",
            "twitter",
            "google",
            "microsoft",
            "yahoo",
            "email",
            "alias",
            "facebook_custom_audience_id",
            "other_id_2",
            "other_id_3",
            "other_id_4",
            "other_id_5",
            "other_id_6",
            "other_id_7",
            "other_id_8",
            "other_id_9",
            "other_id_10",
            "mobile_number",
            "phone_number_2",
            "phone_number_3",
        ]
    )
else:
    IdentityTypeLike = IdentityType


if TYPE_CHECKING:
    Number: TypeAlias = int | float | Decimal
else:
    Number = int | float
"""A number. A `Decimal` is sent with all its digits."""


Int64: TypeAlias = Annotated[int, Meta(ge=-9223372036854775808, le=9223372036854775807)]
"""A 64-bit integer."""


if TYPE_CHECKING:
    UnixTimeMs: TypeAlias = int | datetime
else:
    UnixTimeMs = Annotated[int, Meta(ge=946684800000, le=4102444800000)]
"""Time in milliseconds since 1970-01-01 00:00 UTC, from 2000 to 2100."""


Digits: TypeAlias = Annotated[str, Meta(pattern="^-?[0-9]{1,19}$(?!\\n)")]
"""An integer as a string of digits."""


class ApiErrorResponse(Model, repr_omit_defaults=True, gc=False, kw_only=True):
    """The body of an error response."""

    errors: Sequence[ApiError] | None | UnsetType = UNSET
    """The errors in the request."""


UserAttributeListItem: TypeAlias = UserAttributeListString | Number | bool
"""An entry of a user attribute list. mParticle also accepts a number or a boolean instead of a string."""


AttributeScalar: TypeAlias = str | Number | bool
"""A string. mParticle also accepts a number or a boolean."""


AttributeValue: TypeAlias = AttributeString | Number | bool | None
"""Value of an event attribute."""


EventAttributes: TypeAlias = Annotated[Mapping[AttributeName, AttributeValue], Meta(max_length=100)]
"""Custom attributes of an event, by name. At most 100."""


ProductAttributes: TypeAlias = Mapping[str, AttributeScalar | None]
"""Custom attributes of a product, by name."""


CustomFlagValue: TypeAlias = str | Number | bool | Sequence[Any] | Mapping[str, Any]
"""Value of a custom flag."""


class SourceInformation(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Source of a batch. Only mParticle sets it, in the batches that it sends out."""

    channel: ChannelLike | None | UnsetType = UNSET
    """The channel through which mParticle received the batch."""

    partner: str | None | UnsetType = UNSET
    """The partner that sent the batch."""

    replay_request_id: str | None | UnsetType = UNSET
    """ID of the replay request that the batch belongs to."""

    replay_job_id: str | None | UnsetType = UNSET
    """ID of the replay job that the batch belongs to."""

    is_historical: bool | None | UnsetType = UNSET
    """Whether the batch was uploaded as historical data."""


class GeoLocation(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A geographic location."""

    latitude: Number
    """Latitude in degrees, positive to the north."""

    longitude: Number
    """Longitude in degrees, positive to the east."""

    accuracy: Number | None | UnsetType = UNSET
    """Accuracy of the location, in metres."""

    country_code: str | None | UnsetType = UNSET
    """Two-letter country code, such as `GB`."""

    region_code: str | None | UnsetType = UNSET
    """Code of the region or state, such as `NY`."""

    city_name: str | None | UnsetType = UNSET
    """Name of the city."""

    postal_code: str | None | UnsetType = UNSET
    """Postal code."""

    dma_code: int | None | UnsetType = UNSET
    """Designated market area code, in the United States."""

    location_source: LocationSourceLike | None | UnsetType = UNSET
    """How the location was determined."""


class ApplicationInformation(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The application that a user was using."""

    application_name: str | None | UnsetType = UNSET
    """Name of the application."""

    application_version: str | None | UnsetType = UNSET
    """Version that users see, such as `4.2.0`."""

    application_build_number: str | None | UnsetType = UNSET
    """Build number that developers use."""

    install_referrer: str | None | UnsetType = UNSET
    """Install referrer that the app store reports."""

    package: str | None | UnsetType = UNSET
    """Package name or bundle ID, such as `com.example.shop`."""

    os: OperatingSystemLike | None | UnsetType = UNSET
    """Operating system or platform that the application runs on."""

    apple_search_ads_attributes: Mapping[str, Mapping[str, AttributeScalar]] | None | UnsetType = UNSET
    """Attribution data from Apple Search Ads, by its version."""

    sideloaded_kits_count: int | None | UnsetType = UNSET
    """Number of sideloaded kits."""


class DeviceInformation(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The device of a user.

    Most audience integrations identify a device by its advertising IDs. An advertising ID is a UUID or an empty string.
    """

    brand: str | None | UnsetType = UNSET
    """Brand of the device."""

    product: str | None | UnsetType = UNSET
    """Product name of the device."""

    device: str | None | UnsetType = UNSET
    """Name of the device."""

    android_uuid: str | None | UnsetType = UNSET
    """ID of the device on Android."""

    device_manufacturer: str | None | UnsetType = UNSET
    """Manufacturer of the device."""

    os_version: str | None | UnsetType = UNSET
    """Version of the operating system, such as `17.4.1`."""

    device_model: str | None | UnsetType = UNSET
    """Model, such as `iPhone14,2`."""

    device_country: str | None | UnsetType = UNSET
    """Country of the device."""

    locale_language: str | None | UnsetType = UNSET
    """Language in the device's settings."""

    locale_country: str | None | UnsetType = UNSET
    """Country in the device's settings."""

    network_country: str | None | UnsetType = UNSET
    """Country of the mobile network."""

    network_carrier: str | None | UnsetType = UNSET
    """Name of the mobile network operator."""

    network_code: str | None | UnsetType = UNSET
    """Mobile network code (MNC)."""

    network_mobile_country_code: str | None | UnsetType = UNSET
    """Mobile country code (MCC)."""

    build_identifier: str | None | UnsetType = UNSET
    """ID of the build of the operating system."""

    http_header_user_agent: str | None | UnsetType = UNSET
    """The User-Agent header that the device sends."""

    push_token: str | None | UnsetType = UNSET
    """Token for push messages to the device."""

    cpu_architecture: str | None | UnsetType = UNSET
    """Architecture of the processor."""

    radio_access_technology: str | None | UnsetType = UNSET
    """Mobile network technology, such as `LTE`."""

    bluetooth_version: str | None | UnsetType = UNSET
    """Version of Bluetooth that the device supports."""

    build_version_release: str | None | UnsetType = UNSET
    """Version of the operating system, from its build."""

    amp_id: str | None | UnsetType = UNSET
    """ID of the device on AMP pages."""

    ios_advertising_id: AdvertisingId | None | UnsetType = UNSET
    """Apple's advertising ID (IDFA), a UUID or an empty string."""

    ios_idfv: AdvertisingId | None | UnsetType = UNSET
    """Apple's ID for the app vendor (IDFV), a UUID or an empty string."""

    android_advertising_id: AdvertisingId | None | UnsetType = UNSET
    """Android advertising ID, a UUID or an empty string."""

    roku_advertising_id: AdvertisingId | None | UnsetType = UNSET
    """Roku advertising ID, a UUID or an empty string."""

    roku_publisher_id: AdvertisingId | None | UnsetType = UNSET
    """Roku publisher ID, a UUID or an empty string."""

    microsoft_advertising_id: str | None | UnsetType = UNSET
    """Microsoft advertising ID."""

    microsoft_publisher_id: str | None | UnsetType = UNSET
    """Microsoft publisher ID."""

    fire_advertising_id: AdvertisingId | None | UnsetType = UNSET
    """Amazon Fire advertising ID, a UUID or an empty string."""

    screen_height: int | None | UnsetType = UNSET
    """Screen height in pixels."""

    screen_width: int | None | UnsetType = UNSET
    """Screen width in pixels."""

    screen_dpi: int | None | UnsetType = UNSET
    """Screen resolution in dots per inch."""

    timezone_offset: int | None | UnsetType = UNSET
    """Offset of the device's time zone from UTC, in hours."""

    att_timestamp_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """Time when the App Tracking Transparency status was set, in Unix milliseconds."""

    is_tablet: bool | None | UnsetType = UNSET
    """Whether the device is a tablet."""

    push_notification_sound_enabled: bool | None | UnsetType = UNSET
    """Whether push messages make a sound."""

    push_notification_vibrate_enabled: bool | None | UnsetType = UNSET
    """Whether push messages vibrate."""

    supports_telephony: bool | None | UnsetType = UNSET
    """Whether the device can make phone calls."""

    has_nfc: bool | None | UnsetType = UNSET
    """Whether the device has NFC."""

    bluetooth_enabled: bool | None | UnsetType = UNSET
    """Whether Bluetooth is on."""

    limit_ad_tracking: bool | None | UnsetType = UNSET
    """Whether the user limits ad tracking."""

    is_dst: bool | None | UnsetType = UNSET
    """Whether daylight saving time is in effect."""

    platform: PlatformLike | None | UnsetType = UNSET
    """Platform of the device."""

    att_authorization_status: ATTAuthorizationStatusLike | None | UnsetType = UNSET
    """App Tracking Transparency status on iOS."""


class DeviceCurrentState(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """State of the device at the time of an event."""

    time_since_start_ms: Int64 | None | UnsetType = UNSET
    """Time since the application started, in milliseconds."""

    total_system_memory_usage_bytes: Int64 | None | UnsetType = UNSET
    """Used system memory, in bytes."""

    disk_space_free_bytes: Int64 | None | UnsetType = UNSET
    """Free disk space, in bytes."""

    external_disk_space_free_bytes: Int64 | None | UnsetType = UNSET
    """Free space on external storage, in bytes."""

    battery_level: Number | None | UnsetType = UNSET
    """Battery level. mParticle does not document the unit."""

    system_memory_available_bytes: Number | None | UnsetType = UNSET
    """Available system memory, in bytes."""

    system_memory_threshold_bytes: Number | None | UnsetType = UNSET
    """The system reports low memory below this threshold, in bytes."""

    application_memory_available_bytes: Number | None | UnsetType = UNSET
    """Memory available to the application, in bytes."""

    application_memory_max_bytes: Number | None | UnsetType = UNSET
    """Maximum memory of the application, in bytes."""

    application_memory_total_bytes: Number | None | UnsetType = UNSET
    """Total memory of the application, in bytes."""

    cpu: str | None | UnsetType = UNSET
    """CPU usage."""

    data_connection_type_detail: str | None | UnsetType = UNSET
    """Network connection in detail, such as `LTE`."""

    data_connection_type: str | None | UnsetType = UNSET
    """Network connection: `offline`, `wifi` or `mobile`."""

    gps_state: bool | None | UnsetType = UNSET
    """Whether GPS is on."""

    system_memory_low: bool | None | UnsetType = UNSET
    """Whether the system is low on memory."""

    device_orientation: OrientationLike | int | None | UnsetType = UNSET
    """Orientation of the device, as a name or a number."""

    status_bar_orientation: OrientationLike | int | None | UnsetType = UNSET
    """Orientation of the status bar, as a name or a number."""


class GDPRConsentState(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Consent of a user to one purpose under the GDPR."""

    document: str | None | UnsetType = UNSET
    """Name or version of the text that the user was shown."""

    consented: bool
    """True if the user consented."""

    timestamp_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """Time of the user's decision, in Unix milliseconds."""

    location: str | None | UnsetType = UNSET
    """Page or place where the user decided."""

    hardware_id: str | None | UnsetType = UNSET
    """ID of the device on which the user decided."""

    regulation: str | None | UnsetType = UNSET
    """Name of the regulation, such as `GDPR`."""


class CCPAConsentState(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Whether a user opted out of the sale of their data under the CCPA."""

    document: str | None | UnsetType = UNSET
    """Name or version of the text that the user was shown."""

    consented: bool
    """True if the user opted out."""

    timestamp_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """Time of the user's decision, in Unix milliseconds."""

    location: str | None | UnsetType = UNSET
    """Page or place where the user decided."""

    hardware_id: str | None | UnsetType = UNSET
    """ID of the device on which the user decided."""

    regulation: str | None | UnsetType = UNSET
    """Name of the regulation, such as `GDPR`."""


class EventSystemNotificationInfo(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A system notification from mParticle. Only mParticle sets it, in the events that it sends out."""

    type: EventSystemNotificationTypeLike
    """Type of the notification."""


class MediaInfo(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The media that a user played, and the action of the user."""

    action: MediaActionLike | None | UnsetType = UNSET
    """Action of the user."""

    format: MediaFormatLike | None | UnsetType = UNSET
    """Format of the media."""

    quality: MediaQualityLike | None | UnsetType = UNSET
    """Quality of the media."""

    channel: str | None | UnsetType = UNSET
    """Channel of the media."""

    timed_metadata: str | None | UnsetType = UNSET
    """Metadata for the playback position."""

    playback_position: Number | None | UnsetType = UNSET
    """Playback position. mParticle does not document the unit."""

    playback_rate: Number | None | UnsetType = UNSET
    """Playback speed. mParticle does not document the unit."""

    metadata: Mapping[str, str] | str | None | UnsetType = UNSET
    """More metadata of the media: a map by name, or text."""


class PromotionAction(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Action of a user on promotions."""

    action: PromotionActionTypeLike
    """Type of the action."""

    promotions: Sequence[Promotion] | None | UnsetType = UNSET
    """Promotions of the action."""


class Product(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A product in a commerce event."""

    id: str | None | UnsetType = UNSET
    """Your ID of the product, such as its SKU."""

    name: str | None | UnsetType = UNSET
    """Name of the product."""

    price: Number | None | UnsetType = UNSET
    """Price of one unit, in the event's currency."""

    total_product_amount: Number | None | UnsetType = UNSET
    """Price of all units, in the event's currency."""

    brand: str | None | UnsetType = UNSET
    """Brand of the product."""

    category: str | None | UnsetType = UNSET
    """Category of the product."""

    variant: str | None | UnsetType = UNSET
    """Variant, such as the colour or the size."""

    coupon_code: str | None | UnsetType = UNSET
    """Coupon for this product."""

    position: int | None | UnsetType = UNSET
    """Position in the list that the product was in."""

    quantity: Number | None | UnsetType = UNSET
    """Number of units, or the amount."""

    added_to_cart_time_ms: UnixTimeMs | None | UnsetType = UNSET
    """Time when the product was added to the cart, in Unix milliseconds."""

    custom_attributes: ProductAttributes | None | UnsetType = UNSET
    """Custom attributes of the product, by name."""


class UserIdentity(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """One identity of a user."""

    identity_type: IdentityTypeLike
    """Type of the identity."""

    identity: str | None
    """Value of the identity, or null."""

    timestamp_unixtime_ms: UnixTimeMs
    """Time when the identity was set, in Unix milliseconds."""

    created_this_batch: bool | None | UnsetType = UNSET
    """Whether the identity is new in this batch."""


Mpid: TypeAlias = Int64 | Digits
"""mParticle's ID of a user, as an integer or a string of digits."""


UserAttributeList: TypeAlias = Annotated[Sequence[UserAttributeListItem], Meta(max_length=1000)]
"""A list as the value of a user attribute, at most 1000 entries."""


CustomFlags: TypeAlias = Mapping[str, CustomFlagValue]
"""Values for single integrations, by flag name. The integration defines its flag names."""


class BatchContext(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The data plan of a batch, and the location of the user."""

    data_plan: DataPlanContext | None | UnsetType = UNSET
    """The data plan to validate the batch against."""

    location: GeoLocation | None | UnsetType = UNSET
    """Location of the user."""

    batching: BatchingContext | None | UnsetType = UNSET
    """How mParticle groups the batch with others."""


class CCPAConsents(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Consent of a user under the CCPA. `data_sale_opt_out` is the only purpose."""

    data_sale_opt_out: CCPAConsentState | None | UnsetType = UNSET
    """Whether the user opted out of the sale of their data."""


class CommonEventData(Model, repr_omit_defaults=True, gc=False, kw_only=True):
    """Fields of events of all types."""

    timestamp_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """Time of the event, in Unix milliseconds. If absent, mParticle uses its server's clock."""

    source_message_id: str | None | UnsetType = UNSET
    """Your own ID of the event, preferably a UUID."""

    session_id: Int64 | None | UnsetType = UNSET
    """ID of the session, an integer. All events of a session have the same ID."""

    session_uuid: str | None | UnsetType = UNSET
    """ID of the session, as a UUID."""

    session_start_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """Start time of the session, in Unix milliseconds."""

    event_start_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """Start time of the event, in Unix milliseconds."""

    custom_attributes: EventAttributes | None | UnsetType = UNSET
    """Custom attributes of the event, by name. At most 100."""

    custom_flags: CustomFlags | None | UnsetType = UNSET
    """Values for single integrations, by flag name."""

    location: GeoLocation | None | UnsetType = UNSET
    """Location where the event occurred."""

    device_current_state: DeviceCurrentState | None | UnsetType = UNSET
    """State of the device at the time of the event."""

    event_id: Int64 | None | UnsetType = UNSET
    """mParticle's ID of the event. Set by mParticle."""

    event_num: int | None | UnsetType = UNSET
    """Number of the event."""

    is_goal_defined: bool | None | UnsetType = UNSET
    """Whether the event is defined as a goal."""

    lifetime_value_change: bool | Number | None | UnsetType = UNSET
    """Whether the event changes the user's lifetime value, or the amount of the change."""

    lifetime_value_attribute_name: str | None | UnsetType = UNSET
    """The attribute that holds the change of the user's lifetime value."""

    data_connection_type: str | None | UnsetType = UNSET
    """Network connection of the device."""

    view_controller: str | None | UnsetType = UNSET
    """The view controller that was shown."""

    canonical_name: str | None | UnsetType = UNSET
    """A canonical name. mParticle does not document its use."""

    page_url: str | None | UnsetType = UNSET
    """URL of the page where the event occurred."""

    is_main_thread: bool | None | UnsetType = UNSET
    """Whether the event was logged on the main thread."""

    active_time_on_site_ms: int | None | UnsetType = UNSET
    """Time that the user was active on the site, in milliseconds."""

    event_system_notification_info: EventSystemNotificationInfo | None | UnsetType = UNSET
    """A system notification from mParticle. Set by mParticle."""


class CustomEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A user action with a name of your choice."""

    custom_event_type: CustomEventTypeLike
    """Type of the custom event."""

    event_name: EventName
    """Name of the event. At most 256 characters."""

    media_info: MediaInfo | None | UnsetType = UNSET
    """The media that the user played."""


class ScreenViewEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A user viewed a screen or a page."""

    screen_name: str
    """Name of the screen."""

    activity_type: str | None | UnsetType = UNSET
    """Type of the activity."""


class ProductAction(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Action of a user on products, such as a purchase."""

    action: ProductActionTypeLike
    """Type of the action."""

    transaction_id: str | None | UnsetType = UNSET
    """Your ID of the purchase or refund."""

    total_amount: Number | None | UnsetType = UNSET
    """Total amount with tax and shipping, in the event's currency."""

    products: Sequence[Product] | None | UnsetType = UNSET
    """Products of the action."""

    checkout_step: int | None | UnsetType = UNSET
    """Number of the checkout step."""

    checkout_options: str | None | UnsetType = UNSET
    """Options that the user chose in the checkout step."""

    product_action_list: str | None | UnsetType = UNSET
    """Name of the list that the products were in."""

    product_list_source: str | None | UnsetType = UNSET
    """Source of the product list."""

    affiliation: str | None | UnsetType = UNSET
    """Shop or partner that made the sale."""

    coupon_code: str | None | UnsetType = UNSET
    """Coupon for the whole transaction."""

    tax_amount: Number | None | UnsetType = UNSET
    """Tax, in the event's currency."""

    shipping_amount: Number | None | UnsetType = UNSET
    """Shipping cost, in the event's currency."""


class ProductImpression(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A list of products that a user was shown."""

    product_impression_list: str | None | UnsetType = UNSET
    """Name of the list."""

    products: Sequence[Product] | None | UnsetType = UNSET
    """Products in the list."""


class ShoppingCart(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The shopping cart of a user."""

    products: Sequence[Product] | None | UnsetType = UNSET
    """Products in the cart."""


class SessionStartEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """A session started. All events of the session have the same `session_id`."""


class SessionEndEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A session ended. Use the `session_id` of its start."""

    session_duration_ms: Int64 | None | UnsetType = UNSET
    """Duration of the session, in milliseconds."""


class ApplicationStateTransitionEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """The application started, ended, or moved to the foreground or background."""

    application_transition_type: ApplicationTransitionTypeLike
    """Type of the transition."""

    is_first_run: bool | None | UnsetType = UNSET
    """Whether this is the first run after an installation. Only with `application_initialized`."""

    is_upgrade: bool | None | UnsetType = UNSET
    """Whether this is the first run after an upgrade. Only with `application_initialized`."""

    successfully_closed: bool | None | UnsetType = UNSET
    """Whether the previous session ended without a crash."""

    push_notification_payload: str | None | UnsetType = UNSET
    """The push message that opened the application, as JSON text."""

    launch_referral: str | None | UnsetType = UNSET
    """The link or application that opened the application."""


class BreadcrumbEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A step of the user or the application, logged to explain a later crash."""

    session_number: int | None | UnsetType = UNSET
    """Number of the session."""

    label: str
    """Description of the step."""


class NetworkPerformanceEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """The application sent an HTTP request."""

    http_verb: str | None | UnsetType = UNSET
    """HTTP method, such as `GET`."""

    url: str
    """URL of the request."""

    time_elapsed: int | None | UnsetType = UNSET
    """Duration of the request, in milliseconds."""

    bytes_in: int | None | UnsetType = UNSET
    """Number of bytes received."""

    bytes_out: int | None | UnsetType = UNSET
    """Number of bytes sent."""

    response_code: int | str | None | UnsetType = UNSET
    """HTTP status code of the response."""

    data: str | None | UnsetType = UNSET
    """Data of the request, in Base64."""


class OptOutEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A user opted out of tracking, or opted in again."""

    is_opted_out: bool | None | UnsetType = UNSET
    """Whether the user is opted out. If absent, false."""


class PushRegistrationEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """A device registered or unregistered for push messages."""

    register: bool
    """True to add the token, false to remove it."""

    registration_token: str
    """Token for push messages to the device."""


class PushMessageEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """A push message was sent, received or acted on."""

    push_message_token: str | None | UnsetType = UNSET
    """Token of the device that the message was sent to."""

    push_message_type: PushMessageTypeLike
    """Whether the message was sent, received or acted on."""

    push_notification_payload: str | None | UnsetType = UNSET
    """Payload of the message, as JSON text."""

    application_state: ApplicationStateLike | None | UnsetType = UNSET
    """State of the application."""

    message: str | None | UnsetType = UNSET
    """Text of the message."""

    action_identifier: ActionIdentifier | None | UnsetType = UNSET
    """ID of the button that the user chose. At most 100 characters."""

    network: str | None | UnsetType = UNSET
    """Push service: `apn` or `gcm`."""

    push_message_behavior: PushMessageBehaviorLike | int | None | UnsetType = UNSET
    """Effect of the message, as a name or a bit mask."""


class PushReactionEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """A user reacted to a push message."""


class ProfileEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A user signed up, logged in or out, or updated or deleted their profile."""

    profile_name: str | None | UnsetType = UNSET
    """New name of the profile."""

    previous_profile_name: str | None | UnsetType = UNSET
    """Previous name of the profile."""

    profile_event_type: ProfileEventTypeLike
    """Type of the profile event."""

    previous_mpid: Int64 | None | UnsetType = UNSET
    """Previous mParticle ID of the user."""

    current_mpid: Int64 | None | UnsetType = UNSET
    """Current mParticle ID of the user."""


class UserIdentityChangeEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """An identity of a user changed."""

    new: UserIdentity | None | UnsetType = UNSET
    """New identity."""

    old: UserIdentity | None | UnsetType = UNSET
    """Previous identity."""


class FirstRunEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The application ran for the first time."""


class UninstallEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The application was uninstalled."""


class PreAttributionEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """An event before the attribution of the user."""


UserAttributeValue: TypeAlias = AttributeString | Number | bool | UserAttributeList | None
"""Value of a user attribute. A list has at most 1000 entries."""


class ConsentState(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Consent of a user under the GDPR (European Union) and the CCPA (California)."""

    gdpr: Mapping[str, GDPRConsentState] | None | UnsetType = UNSET
    """GDPR consent, by purpose. Use the purpose names from mParticle's settings."""

    ccpa: CCPAConsents | None | UnsetType = UNSET
    """CCPA consent. It has one purpose only."""


class CustomEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="custom_event",
):
    """A custom event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["custom_event"]] = "custom_event"
    data: CustomEventData


class ScreenViewEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="screen_view",
):
    """A screen view event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["screen_view"]] = "screen_view"
    data: ScreenViewEventData


class CommerceEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A user viewed or acted on products or promotions.

    Exactly one of `product_action`, `promotion_action` and `product_impressions` must be given.
    """

    product_action: ProductAction | None | UnsetType = UNSET
    """Action of the user on products."""

    promotion_action: PromotionAction | None | UnsetType = UNSET
    """Action of the user on promotions."""

    product_impressions: Sequence[ProductImpression] | None | UnsetType = UNSET
    """Products that the user was shown."""

    shopping_cart: ShoppingCart | None | UnsetType = UNSET
    """The user's shopping cart."""

    currency_code: str | None | UnsetType = UNSET
    """Currency of the amounts, such as `EUR`."""

    screen_name: str | None | UnsetType = UNSET
    """Name of the screen where the event occurred."""

    event_name: EventName | None | UnsetType = UNSET
    """Name of the event. At most 256 characters."""

    is_non_interactive: bool | None | UnsetType = UNSET
    """Whether the event occurred without an action of the user."""

    custom_event_type: CommerceEventTypeLike | None | UnsetType = UNSET
    """Type of the commerce event. Set by mParticle."""

    def __post_init__(self) -> None:
        values = (self.product_action, self.promotion_action, self.product_impressions)
        if values.count(UNSET) == 2 and None not in values:
            return
        given = [
            name
            for name in ["product_action", "promotion_action", "product_impressions"]
            if getattr(self, name) not in (None, UNSET)
        ]
        if len(given) != 1:
            problem = "exactly one of product_action, promotion_action, product_impressions must be given, not "
            raise ValueError(problem + (" and ".join(given) or "none"))


class SessionStartEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="session_start",
):
    """A session start event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["session_start"]] = "session_start"
    data: SessionStartEventData


class SessionEndEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="session_end",
):
    """A session end event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["session_end"]] = "session_end"
    data: SessionEndEventData


class ApplicationStateTransitionEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="application_state_transition",
):
    """An application state event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["application_state_transition"]] = "application_state_transition"
    data: ApplicationStateTransitionEventData


CrashBreadcrumb: TypeAlias = BreadcrumbEventData | str
"""A breadcrumb that was logged before a crash."""


class BreadcrumbEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="breadcrumb",
):
    """A breadcrumb event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["breadcrumb"]] = "breadcrumb"
    data: BreadcrumbEventData


class NetworkPerformanceEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="network_performance",
):
    """A network performance event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["network_performance"]] = "network_performance"
    data: NetworkPerformanceEventData


class OptOutEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="opt_out",
):
    """An opt-out event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["opt_out"]] = "opt_out"
    data: OptOutEventData


class PushRegistrationEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="push_registration",
):
    """A push registration event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["push_registration"]] = "push_registration"
    data: PushRegistrationEventData


class PushMessageEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="push_message",
):
    """A push message event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["push_message"]] = "push_message"
    data: PushMessageEventData


class PushReactionEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="push_reaction",
):
    """A push reaction event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["push_reaction"]] = "push_reaction"
    data: PushReactionEventData


class ProfileEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="profile",
):
    """A profile event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["profile"]] = "profile"
    data: ProfileEventData


class UserAttributeChangeEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """A user attribute was added, changed or deleted."""

    user_attribute_name: AttributeName
    """Name of the attribute."""

    new: UserAttributeValue | UnsetType = UNSET
    """New value."""

    old: UserAttributeValue | UnsetType = UNSET
    """Previous value."""

    deleted: bool | None | UnsetType = UNSET
    """Whether the attribute was deleted."""

    is_new_attribute: bool | None | UnsetType = UNSET
    """Whether the attribute is new."""


class UserIdentityChangeEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="user_identity_change",
):
    """A user identity change event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["user_identity_change"]] = "user_identity_change"
    data: UserIdentityChangeEventData


class FirstRunEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="first_run",
):
    """A first run event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["first_run"]] = "first_run"
    data: FirstRunEventData


class UninstallEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="uninstall",
):
    """An uninstall event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["uninstall"]] = "uninstall"
    data: UninstallEventData


class PreAttributionEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="pre_attribution",
):
    """A pre-attribution event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["pre_attribution"]] = "pre_attribution"
    data: PreAttributionEventData


UserAttributes: TypeAlias = Annotated[Mapping[AttributeName, UserAttributeValue], Meta(max_length=100)]
"""User attributes, by name. At most 100 attributes; a name has at most 256 characters, a string value at most 4096.

mParticle reserves these names for attributes that it defines: `$age`, `$gender`, `$country`, `$zip`, `$city`, `$state`,
`$address`, `$firstname`, `$lastname` and `$mobile`."""


class CommerceEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="commerce_event",
):
    """A commerce event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["commerce_event"]] = "commerce_event"
    data: CommerceEventData


class CrashReportEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """An exception or a crash occurred in the application."""

    class_name: str | None | UnsetType = UNSET
    """Class of the exception."""

    message: str | None | UnsetType = UNSET
    """Message of the exception."""

    stack_trace: str | None | UnsetType = UNSET
    """Stack trace of the exception."""

    exception_handled: bool | None | UnsetType = UNSET
    """Whether the application handled the exception."""

    severity: str | None | UnsetType = UNSET
    """Severity, such as `fatal`."""

    topmost_context: str | None | UnsetType = UNSET
    """Topmost context of the stack trace."""

    pl_crash_report_file_base64: str | None | UnsetType = UNSET
    """Crash report file of PLCrashReporter, in Base64."""

    breadcrumbs: Sequence[CrashBreadcrumb] | None | UnsetType = UNSET
    """Breadcrumbs that were logged before the crash."""

    ios_image_base_address: int | None | UnsetType = UNSET
    """Base address of the application in memory."""

    ios_image_size: int | None | UnsetType = UNSET
    """Size of the application in memory, in bytes."""

    session_number: int | None | UnsetType = UNSET
    """Number of the session."""


class UserAttributeChangeEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="user_attribute_change",
):
    """A user attribute change event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["user_attribute_change"]] = "user_attribute_change"
    data: UserAttributeChangeEventData


class CrashReportEvent(
    Model,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="crash_report",
):
    """A crash report event, as `event_type` and `data`."""

    event_type: ClassVar[Literal["crash_report"]] = "crash_report"
    data: CrashReportEventData


Event: TypeAlias = (
    CustomEvent
    | ScreenViewEvent
    | CommerceEvent
    | SessionStartEvent
    | SessionEndEvent
    | ApplicationStateTransitionEvent
    | CrashReportEvent
    | BreadcrumbEvent
    | NetworkPerformanceEvent
    | OptOutEvent
    | PushRegistrationEvent
    | PushMessageEvent
    | ProfileEvent
    | FirstRunEvent
    | UninstallEvent
    | PreAttributionEvent
    | PushReactionEvent
    | UserAttributeChangeEvent
    | UserIdentityChangeEvent
)
"""An event of any type, as `event_type` and `data`."""


class Batch(Model, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The identities, attributes and events of one user.

    mParticle recommends at most 128 KB per batch.
    """

    environment: EnvironmentLike
    """`production` for real data, `development` for test data."""

    events: Sequence[Event] | None | UnsetType = UNSET
    """Events of the user, in order."""

    source_request_id: str | None | UnsetType = UNSET
    """The idempotency key of the batch: any string, such as a UUID. mParticle drops a batch if it has accepted one with the
    same key and the same API key in the last 30 to 60 days. A batch with a key can therefore be sent again safely.
    """

    user_identities: UserIdentities | None | UnsetType = UNSET
    """Identities of the user, such as a customer ID or an email address."""

    user_attributes: UserAttributes | None | UnsetType = UNSET
    """Attributes of the user, by name. At most 100."""

    deleted_user_attributes: Sequence[AttributeName] | None | UnsetType = UNSET
    """Names of the user attributes to delete."""

    device_info: DeviceInformation | None | UnsetType = UNSET
    """The user's device."""

    application_info: ApplicationInformation | None | UnsetType = UNSET
    """The application that the user was using."""

    consent_state: ConsentState | None | UnsetType = UNSET
    """Consent of the user under the GDPR and the CCPA."""

    context: BatchContext | None | UnsetType = UNSET
    """The data plan of the batch, and the location of the user."""

    mpid: Mpid | None | UnsetType = UNSET
    """mParticle's ID of the user: an integer, or a string of digits, which is sent as a string."""

    mp_deviceid: Uuid | None | UnsetType = UNSET
    """mParticle's ID of the device, a UUID."""

    ip: IpAddress | None | UnsetType = UNSET
    """IP address of the user's device, not of your server."""

    partner_identities: Mapping[str, str] | None | UnsetType = UNSET
    """IDs of the user in partner systems, by name of the partner identity."""

    integration_attributes: Mapping[str, Mapping[str, AttributeScalar]] | None | UnsetType = UNSET
    """Attributes for integrations, by the module ID of the integration."""

    attribution_info: AttributionInfo | None | UnsetType = UNSET
    """The campaign that the user is attributed to."""

    api_key: str | None | UnsetType = UNSET
    """The API key that the batch belongs to."""

    api_keys: Sequence[str] | None | UnsetType = UNSET
    """The API keys that the batch belongs to."""

    partner_identity: str | None | UnsetType = UNSET
    """ID of the user in a partner's system."""

    sdk_version: str | None | UnsetType = UNSET
    """Version of the SDK that created the batch."""

    job_id: str | None | UnsetType = UNSET
    """ID of the job that the batch belongs to."""

    schema_version: int | None | UnsetType = UNSET
    """Version of the batch format. Set by mParticle."""

    batch_id: Int64 | None | UnsetType = UNSET
    """mParticle's ID of the batch. Set by mParticle."""

    timestamp_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """Time of the batch, in Unix milliseconds. Set by mParticle."""

    origin_mpid: Int64 | None | UnsetType = UNSET
    """The original mParticle ID of the user. Set by mParticle."""

    modified: bool | None | UnsetType = UNSET
    """Whether the batch was modified. Set by mParticle."""

    source_info: SourceInformation | None | UnsetType = UNSET
    """Source of the batch. Set by mParticle."""
