# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.

"""The models with constructors for users.

Each class is a subclass of its model. In addition, it takes its first fields as positional arguments, its required fields
can be set later, and it has its enums as attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from . import models
from .strict import StrictMeta

REQUIRED: Any = UNSET
"""The default of a required field. Validation reports the field if it is still unset."""


class Batch(models.Batch, metaclass=StrictMeta):
    """The identities, attributes and events of one user.

    mParticle recommends at most 128 KB per batch.
    """

    Environment = models.Environment

    environment: models.EnvironmentLike = REQUIRED


class UserIdentities(models.UserIdentities, metaclass=StrictMeta):
    """Identities of a user, one for each identity type."""

    @property
    def customerid(self) -> str | None | UnsetType:
        """The Node SDK's name of the field `customer_id`."""
        return self.customer_id

    @customerid.setter
    def customerid(self, value: str | None | UnsetType) -> None:
        self.customer_id = value


class BatchContext(models.BatchContext):
    """The data plan of a batch, and the location of the user."""


class BatchingContext(models.BatchingContext):
    """How mParticle groups a batch with others. Only mParticle's Go SDK has it."""


class DataPlanContext(models.DataPlanContext):
    """A data plan and its version."""

    plan_id: str = REQUIRED
    plan_version: int | None | UnsetType = UNSET


class AttributionInfo(models.AttributionInfo):
    """The campaign that a user is attributed to."""

    service_provider: str | None = REQUIRED
    publisher: str | None = REQUIRED
    campaign: str | None = REQUIRED


class SourceInformation(models.SourceInformation):
    """Source of a batch. Only mParticle sets it, in the batches that it sends out."""

    Channel = models.Channel

    channel: models.ChannelLike | None | UnsetType = UNSET
    partner: str | None | UnsetType = UNSET


class GeoLocation(models.GeoLocation):
    """A geographic location."""

    LocationSource = models.LocationSource

    latitude: models.Number = REQUIRED
    longitude: models.Number = REQUIRED


class ApplicationInformation(models.ApplicationInformation):
    """The application that a user was using."""

    Os = models.OperatingSystem


class DeviceInformation(models.DeviceInformation):
    """The device of a user.

    Most audience integrations identify a device by its advertising IDs. An advertising ID is a UUID or an empty string.
    """

    Platform = models.Platform
    ATTAuthorizationStatus = models.ATTAuthorizationStatus


class DeviceCurrentState(models.DeviceCurrentState):
    """State of the device at the time of an event."""

    DeviceOrientation = models.Orientation
    StatusBarOrientation = models.Orientation


class ConsentState(models.ConsentState):
    """Consent of a user under the GDPR (European Union) and the CCPA (California)."""


class GDPRConsentState(models.GDPRConsentState):
    """Consent of a user to one purpose under the GDPR."""

    document: str | None | UnsetType = UNSET
    consented: bool = REQUIRED
    timestamp_unixtime_ms: models.UnixTimeMs | None | UnsetType = UNSET
    location: str | None | UnsetType = UNSET
    hardware_id: str | None | UnsetType = UNSET


class CCPAConsents(models.CCPAConsents):
    """Consent of a user under the CCPA. `data_sale_opt_out` is the only purpose."""


class CCPAConsentState(models.CCPAConsentState):
    """Whether a user opted out of the sale of their data under the CCPA."""

    document: str | None | UnsetType = UNSET
    consented: bool = REQUIRED
    timestamp_unixtime_ms: models.UnixTimeMs | None | UnsetType = UNSET
    location: str | None | UnsetType = UNSET
    hardware_id: str | None | UnsetType = UNSET


class EventSystemNotificationInfo(models.EventSystemNotificationInfo):
    """A system notification from mParticle. Only mParticle sets it, in the events that it sends out."""

    Type = models.EventSystemNotificationType

    type: models.EventSystemNotificationTypeLike = REQUIRED


class AppEvent(models.CustomEventData):
    """A user action with a name of your choice."""

    CustomEventType = models.CustomEventType

    custom_event_type: models.CustomEventTypeLike = REQUIRED
    event_name: models.EventName = REQUIRED


class MediaInfo(models.MediaInfo):
    """The media that a user played, and the action of the user."""

    Action = models.MediaAction
    Format = models.MediaFormat
    Quality = models.MediaQuality


class ScreenViewEvent(models.ScreenViewEventData):
    """A user viewed a screen or a page."""

    screen_name: str = REQUIRED


class CommerceEvent(models.CommerceEventData):
    """A user viewed or acted on products or promotions.

    Exactly one of `product_action`, `promotion_action` and `product_impressions` must be given.
    """

    CustomEventType = models.CommerceEventType

    def __post_init__(self) -> None:
        if (self.product_action, self.promotion_action, self.product_impressions).count(UNSET) < 2:
            super().__post_init__()  # else the field can be set later


class ProductAction(models.ProductAction):
    """Action of a user on products, such as a purchase."""

    Action = models.ProductActionType

    action: models.ProductActionTypeLike = REQUIRED
    transaction_id: str | None | UnsetType = UNSET
    total_amount: models.Number | None | UnsetType = UNSET
    products: Sequence[models.Product] | None | UnsetType = UNSET


class PromotionAction(models.PromotionAction):
    """Action of a user on promotions."""

    Action = models.PromotionActionType

    action: models.PromotionActionTypeLike = REQUIRED
    promotions: Sequence[models.Promotion] | None | UnsetType = UNSET


class Promotion(models.Promotion):
    """A promotion in your own application, such as a banner or an offer."""

    id: str | None | UnsetType = UNSET
    name: str | None | UnsetType = UNSET
    creative: str | None | UnsetType = UNSET
    position: str | None | UnsetType = UNSET


class ProductImpression(models.ProductImpression):
    """A list of products that a user was shown."""

    product_impression_list: str | None | UnsetType = UNSET
    products: Sequence[models.Product] | None | UnsetType = UNSET


class ShoppingCart(models.ShoppingCart):
    """The shopping cart of a user."""

    products: Sequence[models.Product] | None | UnsetType = UNSET


class Product(models.Product):
    """A product in a commerce event."""

    id: str | None | UnsetType = UNSET
    name: str | None | UnsetType = UNSET
    price: models.Number | None | UnsetType = UNSET
    total_product_amount: models.Number | None | UnsetType = UNSET

    @property
    def customAttributes(self) -> models.ProductAttributes | None | UnsetType:
        """The Node SDK's name of the field `custom_attributes`."""
        return self.custom_attributes

    @customAttributes.setter
    def customAttributes(self, value: models.ProductAttributes | None | UnsetType) -> None:
        self.custom_attributes = value


class SessionStartEvent(models.SessionStartEventData):
    """A session started. All events of the session have the same `session_id`."""


class SessionEndEvent(models.SessionEndEventData):
    """A session ended. Use the `session_id` of its start."""

    session_duration_ms: models.Int64 | None | UnsetType = UNSET


class ApplicationStateTransitionEvent(models.ApplicationStateTransitionEventData):
    """The application started, ended, or moved to the foreground or background."""

    ApplicationTransitionType = models.ApplicationTransitionType

    application_transition_type: models.ApplicationTransitionTypeLike = REQUIRED


class CrashReportEvent(models.CrashReportEventData):
    """An exception or a crash occurred in the application."""

    class_name: str | None | UnsetType = UNSET
    message: str | None | UnsetType = UNSET
    stack_trace: str | None | UnsetType = UNSET
    exception_handled: bool | None | UnsetType = UNSET


class BreadcrumbEvent(models.BreadcrumbEventData):
    """A step of the user or the application, logged to explain a later crash."""

    session_number: int | None | UnsetType = UNSET
    label: str = REQUIRED


class NetworkPerformanceEvent(models.NetworkPerformanceEventData):
    """The application sent an HTTP request."""

    http_verb: str | None | UnsetType = UNSET
    url: str = REQUIRED
    time_elapsed: int | None | UnsetType = UNSET
    bytes_in: int | None | UnsetType = UNSET
    bytes_out: int | None | UnsetType = UNSET
    response_code: int | str | None | UnsetType = UNSET


class OptOutEvent(models.OptOutEventData):
    """A user opted out of tracking, or opted in again."""

    is_opted_out: bool | None | UnsetType = UNSET


class PushRegistrationEvent(models.PushRegistrationEventData):
    """A device registered or unregistered for push messages."""

    register: bool = REQUIRED
    registration_token: str = REQUIRED


class PushMessageEvent(models.PushMessageEventData):
    """A push message was sent, received or acted on."""

    PushMessageType = models.PushMessageType
    ApplicationState = models.ApplicationState
    PushMessageBehavior = models.PushMessageBehavior

    push_message_token: str | None | UnsetType = UNSET
    push_message_type: models.PushMessageTypeLike = REQUIRED
    push_notification_payload: str | None | UnsetType = UNSET
    application_state: models.ApplicationStateLike | None | UnsetType = UNSET


class PushReactionEvent(models.PushReactionEventData):
    """A user reacted to a push message."""


class ProfileEvent(models.ProfileEventData):
    """A user signed up, logged in or out, or updated or deleted their profile."""

    ProfileEventType = models.ProfileEventType

    profile_name: str | None | UnsetType = UNSET
    previous_profile_name: str | None | UnsetType = UNSET
    profile_event_type: models.ProfileEventTypeLike = REQUIRED


class UserAttributeChangeEvent(models.UserAttributeChangeEventData):
    """A user attribute was added, changed or deleted."""

    user_attribute_name: models.AttributeName = REQUIRED
    new: models.UserAttributeValue | UnsetType = UNSET
    old: models.UserAttributeValue | UnsetType = UNSET


class UserIdentityChangeEvent(models.UserIdentityChangeEventData):
    """An identity of a user changed."""


class UserIdentity(models.UserIdentity):
    """One identity of a user."""

    IdentityType = models.IdentityType

    identity_type: models.IdentityTypeLike = REQUIRED
    identity: str | None = REQUIRED
    timestamp_unixtime_ms: models.UnixTimeMs = REQUIRED


class FirstRunEvent(models.FirstRunEventData):
    """The application ran for the first time."""


class UninstallEvent(models.UninstallEventData):
    """The application was uninstalled."""


class PreAttributionEvent(models.PreAttributionEventData):
    """An event before the attribution of the user."""


__all__ = [
    "ApplicationInformation",
    "AttributionInfo",
    "BatchContext",
    "BatchingContext",
    "BreadcrumbEvent",
    "CCPAConsentState",
    "CCPAConsents",
    "CommerceEvent",
    "ConsentState",
    "CrashReportEvent",
    "DataPlanContext",
    "DeviceCurrentState",
    "DeviceInformation",
    "EventSystemNotificationInfo",
    "FirstRunEvent",
    "GDPRConsentState",
    "GeoLocation",
    "MediaInfo",
    "NetworkPerformanceEvent",
    "OptOutEvent",
    "PreAttributionEvent",
    "Product",
    "ProductAction",
    "ProductImpression",
    "ProfileEvent",
    "Promotion",
    "PromotionAction",
    "PushMessageEvent",
    "PushReactionEvent",
    "PushRegistrationEvent",
    "ScreenViewEvent",
    "SessionEndEvent",
    "SessionStartEvent",
    "ShoppingCart",
    "SourceInformation",
    "UninstallEvent",
    "UserAttributeChangeEvent",
    "UserIdentities",
    "UserIdentity",
    "UserIdentityChangeEvent",
]
