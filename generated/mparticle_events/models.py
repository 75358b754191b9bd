# Made from spec/openapi.yaml by scripts/regenerate. Not edited by hand: change the spec and run it again.

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType


class ApiError(Struct, repr_omit_defaults=True, gc=False, kw_only=True):
    """One reason for a refusal."""

    code: str | None | UnsetType = UNSET
    """What kind of error it is, such as `BAD_REQUEST`."""

    message: str | None | UnsetType = UNSET
    """What was wrong, for people."""


class RateLimitScope(StrEnum):
    """What a rate limit is counted for."""

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
    """Where data goes: what the server takes as real, or what it keeps apart as tests."""

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


class UserIdentities(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Who the user is, to each system that knows them."""

    other: str | None | UnsetType = UNSET
    """An ID of your choice."""

    customer_id: str | None | UnsetType = UNSET
    """Your own ID of the user."""

    facebook: str | None | UnsetType = UNSET
    twitter: str | None | UnsetType = UNSET
    google: str | None | UnsetType = UNSET
    microsoft: str | None | UnsetType = UNSET
    yahoo: str | None | UnsetType = UNSET
    email: str | None | UnsetType = UNSET
    alias: str | None | UnsetType = UNSET
    facebook_custom_audience_id: str | None | UnsetType = UNSET
    other_id_2: str | None | UnsetType = UNSET
    other_id_3: str | None | UnsetType = UNSET
    other_id_4: str | None | UnsetType = UNSET
    other_id_5: str | None | UnsetType = UNSET
    other_id_6: str | None | UnsetType = UNSET
    other_id_7: str | None | UnsetType = UNSET
    other_id_8: str | None | UnsetType = UNSET
    other_id_9: str | None | UnsetType = UNSET
    other_id_10: str | None | UnsetType = UNSET
    mobile_number: str | None | UnsetType = UNSET
    phone_number_2: str | None | UnsetType = UNSET
    phone_number_3: str | None | UnsetType = UNSET


UserAttributeListString: TypeAlias = Annotated[str, Meta(max_length=512)]


AttributeName: TypeAlias = Annotated[str, Meta(max_length=256)]


AttributeString: TypeAlias = Annotated[str, Meta(max_length=4096)]


class DataPlanContext(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A data plan, in one of its versions."""

    plan_id: str
    """The plan's ID."""

    plan_version: int | None | UnsetType = UNSET
    """The plan's version; the latest one if absent."""


class AttributionInfo(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The campaign that brought a user, and who says so."""

    service_provider: str
    """The attribution provider."""

    publisher: str
    """Who showed the campaign."""

    campaign: str
    """The campaign's name."""


class Channel(StrEnum):
    """How a batch reached mParticle."""

    native = "native"
    javascript = "javascript"
    pixel = "pixel"
    desktop = "desktop"
    partner = "partner"
    server_to_server = "server_to_server"


if TYPE_CHECKING:
    ChannelLike: TypeAlias = (
        Channel | Literal["native", "javascript", "pixel", "desktop", "partner", "server_to_server"]
    )
else:
    ChannelLike = Channel


class LocationSource(StrEnum):
    """How a place was found."""

    unknown = "unknown"
    ip_lookup = "ip_lookup"
    lat_long = "lat_long"


if TYPE_CHECKING:
    LocationSourceLike: TypeAlias = LocationSource | Literal["unknown", "ip_lookup", "lat_long"]
else:
    LocationSourceLike = LocationSource


class OperatingSystem(StrEnum):
    """What an application runs on."""

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


class Platform(StrEnum):
    """What kind of device it is."""

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
    xbox = "xbox"


if TYPE_CHECKING:
    PlatformLike: TypeAlias = (
        Platform
        | Literal[
            "iOS", "Android", "web", "desktop", "tvOS", "roku", "out_of_band", "alexa", "smart_tv", "fire_tv", "xbox"
        ]
    )
else:
    PlatformLike = Platform


class ATTAuthorizationStatus(StrEnum):
    """What a user of iOS answered to App Tracking Transparency."""

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
    """How something is turned."""

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
    """What a notification of mParticle's is about."""

    gdpr_change = "gdpr_change"


if TYPE_CHECKING:
    EventSystemNotificationTypeLike: TypeAlias = EventSystemNotificationType | Literal["gdpr_change"]
else:
    EventSystemNotificationTypeLike = EventSystemNotificationType


class CustomEventType(StrEnum):
    """What kind of custom event it is."""

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
            "other",
        ]
    )
else:
    CustomEventTypeLike = CustomEventType


EventName: TypeAlias = Annotated[str, Meta(max_length=256)]


class MediaAction(StrEnum):
    """What a user did with a player."""

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
    """What kind of media was played."""

    unknown = "unknown"
    audio = "audio"
    video = "video"


if TYPE_CHECKING:
    MediaFormatLike: TypeAlias = MediaFormat | Literal["unknown", "audio", "video"]
else:
    MediaFormatLike = MediaFormat


class MediaQuality(StrEnum):
    """How good the media was."""

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
    """What kind of commerce event mParticle takes it for."""

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
        ]
    )
else:
    CommerceEventTypeLike = CommerceEventType


class ProductActionType(StrEnum):
    """What a user did with products. Note the spelling of the last one."""

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
    """What a user did with promotions."""

    view = "view"
    click = "click"


if TYPE_CHECKING:
    PromotionActionTypeLike: TypeAlias = PromotionActionType | Literal["view", "click"]
else:
    PromotionActionTypeLike = PromotionActionType


class Promotion(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A banner, an offer or the like, shown in your own application."""

    id: str | None | UnsetType = UNSET
    name: str | None | UnsetType = UNSET
    creative: str | None | UnsetType = UNSET
    """The picture or text that was shown."""

    position: str | None | UnsetType = UNSET
    """Where it was shown."""


class ApplicationTransitionType(StrEnum):
    """What an application did."""

    application_initialized = "application_initialized"
    application_exit = "application_exit"
    application_background = "application_background"
    application_foreground = "application_foreground"


if TYPE_CHECKING:
    ApplicationTransitionTypeLike: TypeAlias = (
        ApplicationTransitionType
        | Literal["application_initialized", "application_exit", "application_background", "application_foreground"]
    )
else:
    ApplicationTransitionTypeLike = ApplicationTransitionType


class PushMessageType(StrEnum):
    """What happened to a push message."""

    sent = "sent"
    received = "received"
    action = "action"


if TYPE_CHECKING:
    PushMessageTypeLike: TypeAlias = PushMessageType | Literal["sent", "received", "action"]
else:
    PushMessageTypeLike = PushMessageType


class ApplicationState(StrEnum):
    """What the application was doing."""

    not_running = "not_running"
    background = "background"
    foreground = "foreground"


if TYPE_CHECKING:
    ApplicationStateLike: TypeAlias = ApplicationState | Literal["not_running", "background", "foreground"]
else:
    ApplicationStateLike = ApplicationState


class PushMessageBehavior(StrEnum):
    """What came of a push message."""

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


class ProfileEventType(StrEnum):
    """What a user did with their profile."""

    signup = "signup"
    login = "login"
    logout = "logout"
    update = "update"
    delete = "delete"


if TYPE_CHECKING:
    ProfileEventTypeLike: TypeAlias = ProfileEventType | Literal["signup", "login", "logout", "update", "delete"]
else:
    ProfileEventTypeLike = ProfileEventType


class IdentityType(StrEnum):
    """Which of a user's identities it is, as in `UserIdentities`."""

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


Int64: TypeAlias = Annotated[int, Meta(ge=-9223372036854775808, le=9223372036854775807)]


UnixTimeMs: TypeAlias = Annotated[int, Meta(ge=-9223372036854775808, le=9223372036854775807)]


Digits: TypeAlias = Annotated[str, Meta(pattern="^-?[0-9]{1,19}$(?!\\n)")]


class ApiErrorResponse(Struct, repr_omit_defaults=True, gc=False, kw_only=True):
    """Why a request was refused."""

    errors: Sequence[ApiError] | None | UnsetType = UNSET
    """What was wrong."""


UserAttributeListItem: TypeAlias = UserAttributeListString | Number | bool


AttributeScalar: TypeAlias = str | Number | bool


AttributeValue: TypeAlias = AttributeString | Number | bool | None


EventAttributes: TypeAlias = Annotated[Mapping[AttributeName, AttributeValue], Meta(max_length=100)]


ProductAttributes: TypeAlias = Mapping[str, AttributeScalar | None]
"""What you want to say of a product, by name."""


CustomFlagValue: TypeAlias = str | Number | bool | Sequence[Any] | Mapping[str, Any]


class SourceInformation(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Where a batch came from. mParticle sets it in what it sends out."""

    channel: ChannelLike | None | UnsetType = UNSET
    """How the batch reached mParticle."""

    partner: str | None | UnsetType = UNSET
    """The partner who sent it."""

    replay_request_id: str | None | UnsetType = UNSET
    """The request for a replay that it belongs to."""

    replay_job_id: str | None | UnsetType = UNSET
    """The replay job that it belongs to."""

    is_historical: bool | None | UnsetType = UNSET
    """Whether it came as historical data."""


class GeoLocation(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A place on the map."""

    latitude: Number
    """In degrees, north positive."""

    longitude: Number
    """In degrees, east positive."""

    accuracy: Number | None | UnsetType = UNSET
    """How far off the true place may be, in metres."""

    country_code: str | None | UnsetType = UNSET
    """Two letters, such as `GB`."""

    region_code: str | None | UnsetType = UNSET
    """The part of the country, such as `NY`."""

    city_name: str | None | UnsetType = UNSET
    postal_code: str | None | UnsetType = UNSET
    dma_code: int | None | UnsetType = UNSET
    """The designated market area, in the United States."""

    location_source: LocationSourceLike | None | UnsetType = UNSET
    """How the place was found."""


class ApplicationInformation(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The application that a user was in."""

    application_name: str | None | UnsetType = UNSET
    """Its name, as users know it."""

    application_version: str | None | UnsetType = UNSET
    """Its version, as users know it."""

    application_build_number: str | None | UnsetType = UNSET
    """Its build, as developers know it."""

    install_referrer: str | None | UnsetType = UNSET
    """What the store says led to the install."""

    package: str | None | UnsetType = UNSET
    """Its package or bundle name, such as `com.example.shop`."""

    os: OperatingSystemLike | None | UnsetType = UNSET
    """What it runs on."""

    apple_search_ads_attributes: Mapping[str, Mapping[str, AttributeScalar]] | None | UnsetType = UNSET
    """What Apple Search Ads tells of the install, by its version."""

    sideloaded_kits_count: int | None | UnsetType = UNSET
    """How many kits were added by hand."""


class DeviceInformation(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The device that a user was on.

    Its advertising IDs are what most audience integrations know a device by. They are UUIDs; the empty string occurs too.
    """

    brand: str | None | UnsetType = UNSET
    product: str | None | UnsetType = UNSET
    device: str | None | UnsetType = UNSET
    """The device's name."""

    android_uuid: str | None | UnsetType = UNSET
    device_manufacturer: str | None | UnsetType = UNSET
    os_version: str | None | UnsetType = UNSET
    """Such as `17.4.1`."""

    device_model: str | None | UnsetType = UNSET
    """Such as `iPhone14,2`."""

    device_country: str | None | UnsetType = UNSET
    locale_language: str | None | UnsetType = UNSET
    """The language the device is set to."""

    locale_country: str | None | UnsetType = UNSET
    """The country the device is set to."""

    network_country: str | None | UnsetType = UNSET
    """The country of the mobile network."""

    network_carrier: str | None | UnsetType = UNSET
    """The name of the mobile network."""

    network_code: str | None | UnsetType = UNSET
    """The mobile network code."""

    network_mobile_country_code: str | None | UnsetType = UNSET
    """The mobile country code."""

    build_identifier: str | None | UnsetType = UNSET
    http_header_user_agent: str | None | UnsetType = UNSET
    """The User-Agent header that the device sends."""

    push_token: str | None | UnsetType = UNSET
    """Where push messages to the device go."""

    cpu_architecture: str | None | UnsetType = UNSET
    radio_access_technology: str | None | UnsetType = UNSET
    """Such as `LTE`."""

    bluetooth_version: str | None | UnsetType = UNSET
    build_version_release: str | None | UnsetType = UNSET
    amp_id: str | None | UnsetType = UNSET
    """The device's ID on AMP pages."""

    ios_advertising_id: str | None | UnsetType = UNSET
    """The IDFA, a UUID or empty."""

    ios_idfv: str | None | UnsetType = UNSET
    """The vendor's ID of the device, a UUID or empty."""

    android_advertising_id: str | None | UnsetType = UNSET
    """A UUID or empty."""

    roku_advertising_id: str | None | UnsetType = UNSET
    """A UUID or empty."""

    roku_publisher_id: str | None | UnsetType = UNSET
    """A UUID or empty."""

    microsoft_advertising_id: str | None | UnsetType = UNSET
    """A UUID or empty."""

    microsoft_publisher_id: str | None | UnsetType = UNSET
    """A UUID or empty."""

    fire_advertising_id: str | None | UnsetType = UNSET
    """A UUID or empty."""

    screen_height: int | None | UnsetType = UNSET
    """In pixels."""

    screen_width: int | None | UnsetType = UNSET
    """In pixels."""

    screen_dpi: int | None | UnsetType = UNSET
    """In dots per inch."""

    timezone_offset: int | None | UnsetType = UNSET
    """In hours from UTC."""

    att_timestamp_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """When the App Tracking Transparency status was set, in Unix milliseconds."""

    is_tablet: bool | None | UnsetType = UNSET
    push_notification_sound_enabled: bool | None | UnsetType = UNSET
    push_notification_vibrate_enabled: bool | None | UnsetType = UNSET
    supports_telephony: bool | None | UnsetType = UNSET
    has_nfc: bool | None | UnsetType = UNSET
    bluetooth_enabled: bool | None | UnsetType = UNSET
    limit_ad_tracking: bool | None | UnsetType = UNSET
    """Whether the user asked to be tracked less."""

    is_dst: bool | None | UnsetType = UNSET
    """Whether daylight saving time is in force."""

    platform: PlatformLike | None | UnsetType = UNSET
    """What kind of device it is."""

    att_authorization_status: ATTAuthorizationStatusLike | None | UnsetType = UNSET
    """What the user answered to App Tracking Transparency."""


class DeviceCurrentState(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """How the device was doing when an event happened."""

    time_since_start_ms: Int64 | None | UnsetType = UNSET
    """How long the application had been running, in milliseconds."""

    total_system_memory_usage_bytes: Int64 | None | UnsetType = UNSET
    disk_space_free_bytes: Int64 | None | UnsetType = UNSET
    external_disk_space_free_bytes: Int64 | None | UnsetType = UNSET
    battery_level: Number | None | UnsetType = UNSET
    """How full the battery is."""

    system_memory_available_bytes: Number | None | UnsetType = UNSET
    system_memory_threshold_bytes: Number | None | UnsetType = UNSET
    """Below this the system calls its memory low."""

    application_memory_available_bytes: Number | None | UnsetType = UNSET
    application_memory_max_bytes: Number | None | UnsetType = UNSET
    application_memory_total_bytes: Number | None | UnsetType = UNSET
    cpu: str | None | UnsetType = UNSET
    """How busy the processor is."""

    data_connection_type_detail: str | None | UnsetType = UNSET
    """The kind of connection in full, such as `LTE`."""

    data_connection_type: str | None | UnsetType = UNSET
    """The kind of connection: `offline`, `wifi` or `mobile`."""

    gps_state: bool | None | UnsetType = UNSET
    """Whether GPS is on."""

    system_memory_low: bool | None | UnsetType = UNSET
    """Whether the system is short of memory."""

    device_orientation: OrientationLike | int | None | UnsetType = UNSET
    """How the device is held, by name or by number."""

    status_bar_orientation: OrientationLike | int | None | UnsetType = UNSET
    """Where the status bar is, by name or by number."""


class GDPRConsentState(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Whether a user agreed to one purpose, and how that is known."""

    document: str | None | UnsetType = UNSET
    """The text that the user was shown, by name or version."""

    consented: bool
    """True if the user agreed."""

    timestamp_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """When the user said so, in Unix milliseconds."""

    location: str | None | UnsetType = UNSET
    """Where the user said so, a page or a place."""

    hardware_id: str | None | UnsetType = UNSET
    """The device that the user said so on."""


class CCPAConsentState(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Whether a user opted out of the sale of their data, and how that is known."""

    document: str | None | UnsetType = UNSET
    """The text that the user was shown, by name or version."""

    consented: bool
    """True if the user opted out."""

    timestamp_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """When the user said so, in Unix milliseconds."""

    location: str | None | UnsetType = UNSET
    """Where the user said so, a page or a place."""

    hardware_id: str | None | UnsetType = UNSET
    """The device that the user said so on."""


class EventSystemNotificationInfo(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """What mParticle says with an event of its own. It sets this in what it sends out."""

    type: EventSystemNotificationTypeLike
    """What the notification is about."""


class MediaInfo(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """What was played, and what the user did with it."""

    action: MediaActionLike | None | UnsetType = UNSET
    """What the user did."""

    format: MediaFormatLike | None | UnsetType = UNSET
    """What kind of media it is."""

    quality: MediaQualityLike | None | UnsetType = UNSET
    """How good the media is."""

    channel: str | None | UnsetType = UNSET
    timed_metadata: str | None | UnsetType = UNSET
    """Data that goes with this moment of the media."""

    playback_position: Number | None | UnsetType = UNSET
    """Where in the media the user was."""

    playback_rate: Number | None | UnsetType = UNSET
    """How fast it played."""

    metadata: Mapping[str, str] | None | UnsetType = UNSET
    """More of the media, by name."""


class PromotionAction(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """What a user did with promotions."""

    action: PromotionActionTypeLike
    """What the user did."""

    promotions: Sequence[Promotion] | None | UnsetType = UNSET
    """The promotions it is about."""


class Product(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A product, as it was shown, chosen or sold."""

    id: str | None | UnsetType = UNSET
    """Your ID of the product, such as its SKU."""

    name: str | None | UnsetType = UNSET
    price: Number | None | UnsetType = UNSET
    """For one piece, in the event's currency."""

    total_product_amount: Number | None | UnsetType = UNSET
    """For all pieces, in the event's currency."""

    brand: str | None | UnsetType = UNSET
    category: str | None | UnsetType = UNSET
    variant: str | None | UnsetType = UNSET
    """Such as the colour or the size."""

    coupon_code: str | None | UnsetType = UNSET
    """The coupon on this product."""

    position: int | None | UnsetType = UNSET
    """Its place in the list it was in."""

    quantity: Number | None | UnsetType = UNSET
    """How many pieces, or how much."""

    added_to_cart_time_ms: UnixTimeMs | None | UnsetType = UNSET
    """When it was put into the cart, in Unix milliseconds."""

    custom_attributes: ProductAttributes | None | UnsetType = UNSET
    """What you want to say of the product."""


class UserIdentity(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """One of the identities of a user."""

    identity_type: IdentityTypeLike
    """Which of the user's identities it is."""

    identity: str | None
    """The identity itself. Null for none."""

    timestamp_unixtime_ms: UnixTimeMs
    """When it was set, in Unix milliseconds."""

    created_this_batch: bool | None | UnsetType = UNSET
    """Whether it is new with this batch."""


Mpid: TypeAlias = Int64 | Digits


UserAttributeList: TypeAlias = Annotated[Sequence[UserAttributeListItem], Meta(max_length=1000)]
"""Several values of one attribute, at most 1000."""


CustomFlags: TypeAlias = Mapping[str, CustomFlagValue]
"""Values that steer single integrations, by the integration's name for them."""


class BatchContext(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """What a batch is to be seen in the light of."""

    data_plan: DataPlanContext | None | UnsetType = UNSET
    """The data plan to check the batch against."""

    location: GeoLocation | None | UnsetType = UNSET
    """Where the user was."""


class CCPAConsents(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """What a user said under the law of California, which knows one purpose."""

    data_sale_opt_out: CCPAConsentState | None | UnsetType = UNSET
    """Whether the user forbids the sale of their data."""


class CommonEventData(Struct, repr_omit_defaults=True, gc=False, kw_only=True):
    """What can be said of an event of any type."""

    timestamp_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """When it happened, in Unix milliseconds; the server's clock if absent."""

    source_message_id: str | None | UnsetType = UNSET
    """Your own ID of the event. A UUID is a good one."""

    session_id: Int64 | None | UnsetType = UNSET
    """The session it happened in: the same number in each event of a session."""

    session_uuid: str | None | UnsetType = UNSET
    """The session it happened in, as a UUID."""

    session_start_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """When its session started, in Unix milliseconds."""

    event_start_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """When it began, in Unix milliseconds."""

    custom_attributes: EventAttributes | None | UnsetType = UNSET
    """What you want to say of it. At most 100."""

    custom_flags: CustomFlags | None | UnsetType = UNSET
    """Values that steer single integrations."""

    location: GeoLocation | None | UnsetType = UNSET
    """Where it happened."""

    device_current_state: DeviceCurrentState | None | UnsetType = UNSET
    """How the device was doing."""

    event_id: Int64 | None | UnsetType = UNSET
    """mParticle's ID of the event. Set by mParticle."""

    event_num: int | None | UnsetType = UNSET
    """The number of the event."""

    is_goal_defined: bool | None | UnsetType = UNSET
    """Whether the event counts as a goal."""

    lifetime_value_change: bool | Number | None | UnsetType = UNSET
    """Whether, or by how much, it changes what the user is worth."""

    lifetime_value_attribute_name: str | None | UnsetType = UNSET
    """The attribute that holds the change of what the user is worth."""

    data_connection_type: str | None | UnsetType = UNSET
    """The kind of connection the device had."""

    view_controller: str | None | UnsetType = UNSET
    """The view controller that was shown."""

    canonical_name: str | None | UnsetType = UNSET
    page_url: str | None | UnsetType = UNSET
    """The page it happened on."""

    is_main_thread: bool | None | UnsetType = UNSET
    """Whether it was logged on the main thread."""

    active_time_on_site_ms: int | None | UnsetType = UNSET
    """How long the user had been active on the site, in milliseconds."""

    event_system_notification_info: EventSystemNotificationInfo | None | UnsetType = UNSET
    """What mParticle says with it. Set by mParticle."""


class CustomEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """What a user did, under a name of your own."""

    custom_event_type: CustomEventTypeLike
    """What kind of event it is."""

    event_name: EventName
    """What you call it. At most 256 characters."""

    media_info: MediaInfo | None | UnsetType = UNSET
    """What was played."""


class ScreenViewEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A user saw a screen or a page."""

    screen_name: str
    """What you call the screen."""

    activity_type: str | None | UnsetType = UNSET
    """The kind of the activity."""


class ProductAction(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """What a user did with products."""

    action: ProductActionTypeLike
    """What the user did."""

    transaction_id: str | None | UnsetType = UNSET
    """Your ID of the purchase or refund."""

    total_amount: Number | None | UnsetType = UNSET
    """The sum with tax and shipping, in the event's currency."""

    products: Sequence[Product] | None | UnsetType = UNSET
    """The products it is about."""

    checkout_step: int | None | UnsetType = UNSET
    """The number of the step in the checkout."""

    checkout_options: str | None | UnsetType = UNSET
    """What the user chose in that step."""

    product_action_list: str | None | UnsetType = UNSET
    """The list that the products were in."""

    product_list_source: str | None | UnsetType = UNSET
    """Where that list came from."""

    affiliation: str | None | UnsetType = UNSET
    """The shop or partner that sold."""

    coupon_code: str | None | UnsetType = UNSET
    """The coupon on the whole."""

    tax_amount: Number | None | UnsetType = UNSET
    """In the event's currency."""

    shipping_amount: Number | None | UnsetType = UNSET
    """In the event's currency."""


class ProductImpression(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A list of products that a user was shown."""

    product_impression_list: str | None | UnsetType = UNSET
    """The name of the list."""

    products: Sequence[Product] | None | UnsetType = UNSET
    """The products in it."""


class ShoppingCart(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """What is in a user's cart."""

    products: Sequence[Product] | None | UnsetType = UNSET
    """The products in it."""


class SessionStartEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """A session started. Its events and its end have the same `session_id`."""


class SessionEndEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A session ended. Its `session_id` is that of the start."""

    session_duration_ms: Int64 | None | UnsetType = UNSET
    """How long the session was, in milliseconds."""


class ApplicationStateTransitionEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """The application started or ended, came to the front or went to the back."""

    application_transition_type: ApplicationTransitionTypeLike
    """What the application did."""

    is_first_run: bool | None | UnsetType = UNSET
    """Whether it was installed just before. Only with `application_initialized`."""

    is_upgrade: bool | None | UnsetType = UNSET
    """Whether it was upgraded just before. Only with `application_initialized`."""

    successfully_closed: bool | None | UnsetType = UNSET
    """Whether the last session ended without a crash."""

    push_notification_payload: str | None | UnsetType = UNSET
    """The push message that opened it, as JSON text."""

    launch_referral: str | None | UnsetType = UNSET
    """The link or application that opened it."""


class BreadcrumbEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A step worth knowing of should the application fail later."""

    session_number: int | None | UnsetType = UNSET
    """The number of the session it happened in."""

    label: str
    """What happened."""


class NetworkPerformanceEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """The application made an HTTP call."""

    http_verb: str | None | UnsetType = UNSET
    """Such as `GET`."""

    url: str
    """What was called."""

    time_elapsed: int | None | UnsetType = UNSET
    """How long the call took, in milliseconds."""

    bytes_in: int | None | UnsetType = UNSET
    """How much came back, in bytes."""

    bytes_out: int | None | UnsetType = UNSET
    """How much was sent, in bytes."""

    response_code: int | str | None | UnsetType = UNSET
    """The HTTP status of the answer."""

    data: str | None | UnsetType = UNSET
    """What was sent, in Base64."""


class OptOutEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A user wants to be tracked no longer, or again."""

    is_opted_out: bool | None | UnsetType = UNSET
    """Whether the user is out now; absent means false."""


class PushRegistrationEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """A device may be sent push messages from now on, or no longer."""

    register: bool
    """True to add the token, false to remove it."""

    registration_token: str
    """Where push messages to the device go."""


class PushMessageEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """A push message was sent, received or acted on."""

    push_message_token: str | None | UnsetType = UNSET
    """Where the message went."""

    push_message_type: PushMessageTypeLike
    """What happened to the message."""

    push_notification_payload: str | None | UnsetType = UNSET
    """The message as sent, as JSON text."""

    application_state: ApplicationStateLike | None | UnsetType = UNSET
    """What the application was doing."""

    message: str | None | UnsetType = UNSET
    """The text that was shown."""

    action_identifier: ActionIdentifier | None | UnsetType = UNSET
    """The button that the user chose. At most 100 characters."""

    network: str | None | UnsetType = UNSET
    """The push service: `apn` or `gcm`."""

    push_message_behavior: PushMessageBehaviorLike | int | None | UnsetType = UNSET
    """What came of the message, by name or as a bit mask."""


class PushReactionEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """A user reacted to a push message."""


class ProfileEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A user signed up, in or out, or changed or deleted their profile."""

    profile_name: str | None | UnsetType = UNSET
    """The profile's name now."""

    previous_profile_name: str | None | UnsetType = UNSET
    """The profile's name before."""

    profile_event_type: ProfileEventTypeLike
    """What the user did."""

    previous_mpid: Int64 | None | UnsetType = UNSET
    """The user's mParticle ID before."""

    current_mpid: Int64 | None | UnsetType = UNSET
    """The user's mParticle ID now."""


class UserIdentityChangeEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """One of the user's identities changed."""

    new: UserIdentity | None | UnsetType = UNSET
    """The identity now."""

    old: UserIdentity | None | UnsetType = UNSET
    """The identity before."""


class FirstRunEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The application ran for the first time."""


class UninstallEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """The application was removed."""


class PreAttributionEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """Something that a later attribution may go back to."""


UserAttributeValue: TypeAlias = AttributeString | Number | bool | UserAttributeList | None


class ConsentState(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """What a user agreed to, and what not, under each law."""

    gdpr: Mapping[str, GDPRConsentState] | None | UnsetType = UNSET
    """Under the law of the EU: a state for each purpose, named as in mParticle's settings."""

    ccpa: CCPAConsents | None | UnsetType = UNSET
    """Under the law of California: one purpose only."""


class CustomEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="custom_event",
):
    """A custom event in its envelope."""

    data: CustomEventData


class ScreenViewEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="screen_view",
):
    """A screen view in its envelope."""

    data: ScreenViewEventData


class CommerceEventData(CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """A user dealt with products or promotions.

    At most one of `product_action`, `promotion_action` and `product_impressions` may be given.
    """

    product_action: ProductAction | None | UnsetType = UNSET
    """What the user did with products."""

    promotion_action: PromotionAction | None | UnsetType = UNSET
    """What the user did with promotions."""

    product_impressions: Sequence[ProductImpression] | None | UnsetType = UNSET
    """Which products the user was shown."""

    shopping_cart: ShoppingCart | None | UnsetType = UNSET
    """What was in the user's cart."""

    currency_code: str | None | UnsetType = UNSET
    """The currency of the amounts, such as `EUR`."""

    screen_name: str | None | UnsetType = UNSET
    """The screen it happened on."""

    event_name: EventName | None | UnsetType = UNSET
    """What you call the event. At most 256 characters."""

    is_non_interactive: bool | None | UnsetType = UNSET
    """Whether it happened without the user's doing."""

    custom_event_type: CommerceEventTypeLike | None | UnsetType = UNSET
    """What kind of commerce event it is. Set by mParticle."""

    def __post_init__(self) -> None:
        if (self.product_action, self.promotion_action, self.product_impressions).count(UNSET) >= 2:
            return
        filled = [
            name
            for name in ["product_action", "promotion_action", "product_impressions"]
            if getattr(self, name) not in (None, UNSET)
        ]
        if len(filled) > 1:
            raise ValueError(
                "at most one of product_action, promotion_action, product_impressions may be given, not "
                + " and ".join(filled)
            )


class SessionStartEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="session_start",
):
    """The start of a session in its envelope."""

    data: SessionStartEventData


class SessionEndEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="session_end",
):
    """The end of a session in its envelope."""

    data: SessionEndEventData


class ApplicationStateTransitionEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="application_state_transition",
):
    """A change of the application's state in its envelope."""

    data: ApplicationStateTransitionEventData


CrashBreadcrumb: TypeAlias = BreadcrumbEventData | str


class BreadcrumbEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="breadcrumb",
):
    """A breadcrumb in its envelope."""

    data: BreadcrumbEventData


class NetworkPerformanceEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="network_performance",
):
    """A timed HTTP call in its envelope."""

    data: NetworkPerformanceEventData


class OptOutEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="opt_out",
):
    """An opt-out in its envelope."""

    data: OptOutEventData


class PushRegistrationEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="push_registration",
):
    """A push registration in its envelope."""

    data: PushRegistrationEventData


class PushMessageEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="push_message",
):
    """A push message in its envelope."""

    data: PushMessageEventData


class PushReactionEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="push_reaction",
):
    """A push reaction in its envelope."""

    data: PushReactionEventData


class ProfileEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="profile",
):
    """A profile event in its envelope."""

    data: ProfileEventData


class UserAttributeChangeEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """What is known of a user changed."""

    user_attribute_name: AttributeName
    """The attribute that changed."""

    new: UserAttributeValue | UnsetType = UNSET
    """Its value now."""

    old: UserAttributeValue | UnsetType = UNSET
    """Its value before."""

    deleted: bool | None | UnsetType = UNSET
    """Whether the attribute was deleted."""

    is_new_attribute: bool | None | UnsetType = UNSET
    """Whether the attribute is new."""


class UserIdentityChangeEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="user_identity_change",
):
    """A change of a user's identity in its envelope."""

    data: UserIdentityChangeEventData


class FirstRunEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="first_run",
):
    """A first run in its envelope."""

    data: FirstRunEventData


class UninstallEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="uninstall",
):
    """An uninstall in its envelope."""

    data: UninstallEventData


class PreAttributionEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="pre_attribution",
):
    """What comes before an attribution in its envelope."""

    data: PreAttributionEventData


UserAttributes: TypeAlias = Annotated[Mapping[AttributeName, UserAttributeValue], Meta(max_length=100)]


class CommerceEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="commerce_event",
):
    """A commerce event in its envelope."""

    data: CommerceEventData


class CrashReportEventData(
    CommonEventData, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True
):
    """The application failed."""

    class_name: str | None | UnsetType = UNSET
    """The class of the exception."""

    message: str | None | UnsetType = UNSET
    """What the exception says."""

    stack_trace: str | None | UnsetType = UNSET
    exception_handled: bool | None | UnsetType = UNSET
    """Whether the application caught it and went on."""

    severity: str | None | UnsetType = UNSET
    """How bad it is, such as `fatal`."""

    topmost_context: str | None | UnsetType = UNSET
    """The innermost place it came from."""

    pl_crash_report_file_base64: str | None | UnsetType = UNSET
    """The file that PLCrashReporter wrote, in Base64."""

    breadcrumbs: Sequence[CrashBreadcrumb] | None | UnsetType = UNSET
    """What led up to it."""

    ios_image_base_address: int | None | UnsetType = UNSET
    """The address that the application was loaded at."""

    ios_image_size: int | None | UnsetType = UNSET
    """The size of the loaded application, in bytes."""

    session_number: int | None | UnsetType = UNSET
    """The number of the session it happened in."""


class UserAttributeChangeEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="user_attribute_change",
):
    """A change of a user attribute in its envelope."""

    data: UserAttributeChangeEventData


class CrashReportEvent(
    Struct,
    repr_omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="event_type",
    tag="crash_report",
):
    """A crash report in its envelope."""

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


class Batch(Struct, repr_omit_defaults=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """All that is sent of one user at a time: who it is, what is known of them, and what they did.

    mParticle recommends at most 128 KB a batch.
    """

    environment: EnvironmentLike
    """Keeps data of tests apart from real data."""

    events: Sequence[Event] | None | UnsetType = UNSET
    """What the user did, in this order."""

    source_request_id: str | None | UnsetType = UNSET
    """The key for de-duplication; any string serves. The server drops a batch whose key it has taken with the same API key in the
    last 30 to 60 days, so a batch with a key can be sent again safely.
    """

    user_identities: UserIdentities | None | UnsetType = UNSET
    """Who the user is."""

    user_attributes: UserAttributes | None | UnsetType = UNSET
    """What is known of the user, by name. At most 100."""

    deleted_user_attributes: Sequence[AttributeName] | None | UnsetType = UNSET
    """Names of the user attributes to forget."""

    device_info: DeviceInformation | None | UnsetType = UNSET
    """The device the user was on."""

    application_info: ApplicationInformation | None | UnsetType = UNSET
    """The application the user was in."""

    consent_state: ConsentState | None | UnsetType = UNSET
    """What the user agreed to, and what not."""

    context: BatchContext | None | UnsetType = UNSET
    """The data plan to check the batch against, and where the user was."""

    mpid: Mpid | None | UnsetType = UNSET
    """mParticle's own ID of the user. A string of digits is sent as given."""

    mp_deviceid: (
        Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$(?!\\n)")] | None | UnsetType
    ) = UNSET
    """mParticle's own ID of the device, a UUID."""

    ip: IpAddress | None | UnsetType = UNSET
    """The address of the user's device, not of your server."""

    partner_identities: Mapping[str, str] | None | UnsetType = UNSET
    """What partners call the user, by partner identity."""

    integration_attributes: Mapping[str, Mapping[str, AttributeScalar]] | None | UnsetType = UNSET
    """Values that an integration needs of the user, by its module ID."""

    attribution_info: AttributionInfo | None | UnsetType = UNSET
    """The campaign that brought the user."""

    api_key: str | None | UnsetType = UNSET
    """The API key that the batch belongs to."""

    api_keys: Sequence[str] | None | UnsetType = UNSET
    """The API keys that the batch belongs to."""

    partner_identity: str | None | UnsetType = UNSET
    """What a partner calls the user."""

    sdk_version: str | None | UnsetType = UNSET
    """The version of the SDK that made the batch."""

    job_id: str | None | UnsetType = UNSET
    """The job that the batch is part of."""

    schema_version: int | None | UnsetType = UNSET
    """The version of the batch's format. Set by mParticle."""

    batch_id: Int64 | None | UnsetType = UNSET
    """mParticle's ID of the batch. Set by mParticle."""

    timestamp_unixtime_ms: UnixTimeMs | None | UnsetType = UNSET
    """The time of the batch, in Unix milliseconds. Set by mParticle."""

    origin_mpid: Int64 | None | UnsetType = UNSET
    """The user's original mParticle ID. Set by mParticle."""

    modified: bool | None | UnsetType = UNSET
    """Whether the batch was modified. Set by mParticle."""

    source_info: SourceInformation | None | UnsetType = UNSET
    """Where the batch came from. Set by mParticle."""
