# Made from spec/openapi.yaml by scripts/regenerate. Not edited by hand: change the spec and run it again.

"""The models, opened for writing: first fields by position, none required until the batch is checked, enums nested.

Each class is a subclass of its model and may stand wherever the model may. Fields that are not positional are keywords.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from . import models

OPEN: Any = UNSET
"""A required field that was not given yet: absent on the wire, and refused by the check."""


class Batch(models.Batch):
    """All that is sent of one user at a time: who it is, what is known of them, and what they did.

    mParticle recommends at most 128 KB a batch.
    """

    Environment = models.Environment

    environment: models.EnvironmentLike = OPEN


class UserIdentities(models.UserIdentities):
    """Who the user is, to each system that knows them."""

    @property
    def customerid(self) -> str | None | UnsetType:
        """The field `customer_id`, under the name that the Node SDK gives it."""
        return self.customer_id

    @customerid.setter
    def customerid(self, value: str | None | UnsetType) -> None:
        self.customer_id = value


class BatchContext(models.BatchContext):
    """What a batch is to be seen in the light of."""


class DataPlanContext(models.DataPlanContext):
    """A data plan, in one of its versions."""

    plan_id: str = OPEN
    plan_version: int | None | UnsetType = UNSET


class AttributionInfo(models.AttributionInfo):
    """The campaign that brought a user, and who says so."""

    service_provider: str = OPEN
    publisher: str = OPEN
    campaign: str = OPEN


class SourceInformation(models.SourceInformation):
    """Where a batch came from. mParticle sets it in what it sends out."""

    Channel = models.Channel

    channel: models.ChannelLike | None | UnsetType = UNSET
    partner: str | None | UnsetType = UNSET


class GeoLocation(models.GeoLocation):
    """A place on the map."""

    LocationSource = models.LocationSource

    latitude: models.Number = OPEN
    longitude: models.Number = OPEN


class ApplicationInformation(models.ApplicationInformation):
    """The application that a user was in."""

    Os = models.OperatingSystem


class DeviceInformation(models.DeviceInformation):
    """The device that a user was on.

    Its advertising IDs are what most audience integrations know a device by. They are UUIDs; the empty string occurs too.
    """

    Platform = models.Platform
    ATTAuthorizationStatus = models.ATTAuthorizationStatus


class DeviceCurrentState(models.DeviceCurrentState):
    """How the device was doing when an event happened."""

    DeviceOrientation = models.Orientation
    StatusBarOrientation = models.Orientation


class ConsentState(models.ConsentState):
    """What a user agreed to, and what not, under each law."""


class GDPRConsentState(models.GDPRConsentState):
    """Whether a user agreed to one purpose, and how that is known."""

    document: str | None | UnsetType = UNSET
    consented: bool = OPEN
    timestamp_unixtime_ms: models.UnixTimeMs | None | UnsetType = UNSET
    location: str | None | UnsetType = UNSET
    hardware_id: str | None | UnsetType = UNSET


class CCPAConsents(models.CCPAConsents):
    """What a user said under the law of California, which knows one purpose."""


class CCPAConsentState(models.CCPAConsentState):
    """Whether a user opted out of the sale of their data, and how that is known."""

    document: str | None | UnsetType = UNSET
    consented: bool = OPEN
    timestamp_unixtime_ms: models.UnixTimeMs | None | UnsetType = UNSET
    location: str | None | UnsetType = UNSET
    hardware_id: str | None | UnsetType = UNSET


class EventSystemNotificationInfo(models.EventSystemNotificationInfo):
    """What mParticle says with an event of its own. It sets this in what it sends out."""

    Type = models.EventSystemNotificationType

    type: models.EventSystemNotificationTypeLike = OPEN


class AppEvent(models.CustomEventData):
    """What a user did, under a name of your own."""

    CustomEventType = models.CustomEventType

    custom_event_type: models.CustomEventTypeLike = OPEN
    event_name: models.EventName = OPEN


class MediaInfo(models.MediaInfo):
    """What was played, and what the user did with it."""

    Action = models.MediaAction
    Format = models.MediaFormat
    Quality = models.MediaQuality


class ScreenViewEvent(models.ScreenViewEventData):
    """A user saw a screen or a page."""

    screen_name: str = OPEN


class CommerceEvent(models.CommerceEventData):
    """A user dealt with products or promotions.

    At most one of `product_action`, `promotion_action` and `product_impressions` may be given.
    """

    CustomEventType = models.CommerceEventType


class ProductAction(models.ProductAction):
    """What a user did with products."""

    Action = models.ProductActionType

    action: models.ProductActionTypeLike = OPEN
    transaction_id: str | None | UnsetType = UNSET
    total_amount: models.Number | None | UnsetType = UNSET
    products: Sequence[models.Product] | None | UnsetType = UNSET


class PromotionAction(models.PromotionAction):
    """What a user did with promotions."""

    Action = models.PromotionActionType

    action: models.PromotionActionTypeLike = OPEN
    promotions: Sequence[models.Promotion] | None | UnsetType = UNSET


class Promotion(models.Promotion):
    """A banner, an offer or the like, shown in your own application."""

    id: str | None | UnsetType = UNSET
    name: str | None | UnsetType = UNSET
    creative: str | None | UnsetType = UNSET
    position: str | None | UnsetType = UNSET


class ProductImpression(models.ProductImpression):
    """A list of products that a user was shown."""

    product_impression_list: str | None | UnsetType = UNSET
    products: Sequence[models.Product] | None | UnsetType = UNSET


class ShoppingCart(models.ShoppingCart):
    """What is in a user's cart."""

    products: Sequence[models.Product] | None | UnsetType = UNSET


class Product(models.Product):
    """A product, as it was shown, chosen or sold."""

    id: str | None | UnsetType = UNSET
    name: str | None | UnsetType = UNSET
    price: models.Number | None | UnsetType = UNSET
    total_product_amount: models.Number | None | UnsetType = UNSET

    @property
    def customAttributes(self) -> models.ProductAttributes | None | UnsetType:
        """The field `custom_attributes`, under the name that the Node SDK gives it."""
        return self.custom_attributes

    @customAttributes.setter
    def customAttributes(self, value: models.ProductAttributes | None | UnsetType) -> None:
        self.custom_attributes = value


class SessionStartEvent(models.SessionStartEventData):
    """A session started. Its events and its end have the same `session_id`."""


class SessionEndEvent(models.SessionEndEventData):
    """A session ended. Its `session_id` is that of the start."""

    session_duration_ms: models.Int64 | None | UnsetType = UNSET


class ApplicationStateTransitionEvent(models.ApplicationStateTransitionEventData):
    """The application started or ended, came to the front or went to the back."""

    ApplicationTransitionType = models.ApplicationTransitionType

    application_transition_type: models.ApplicationTransitionTypeLike = OPEN


class CrashReportEvent(models.CrashReportEventData):
    """The application failed."""

    class_name: str | None | UnsetType = UNSET
    message: str | None | UnsetType = UNSET
    stack_trace: str | None | UnsetType = UNSET
    exception_handled: bool | None | UnsetType = UNSET


class BreadcrumbEvent(models.BreadcrumbEventData):
    """A step worth knowing of should the application fail later."""

    session_number: int | None | UnsetType = UNSET
    label: str = OPEN


class NetworkPerformanceEvent(models.NetworkPerformanceEventData):
    """The application made an HTTP call."""

    http_verb: str | None | UnsetType = UNSET
    url: str = OPEN
    time_elapsed: int | None | UnsetType = UNSET
    bytes_in: int | None | UnsetType = UNSET
    bytes_out: int | None | UnsetType = UNSET
    response_code: int | str | None | UnsetType = UNSET


class OptOutEvent(models.OptOutEventData):
    """A user wants to be tracked no longer, or again."""

    is_opted_out: bool | None | UnsetType = UNSET


class PushRegistrationEvent(models.PushRegistrationEventData):
    """A device may be sent push messages from now on, or no longer."""

    register: bool = OPEN
    registration_token: str = OPEN


class PushMessageEvent(models.PushMessageEventData):
    """A push message was sent, received or acted on."""

    PushMessageType = models.PushMessageType
    ApplicationState = models.ApplicationState
    PushMessageBehavior = models.PushMessageBehavior

    push_message_token: str | None | UnsetType = UNSET
    push_message_type: models.PushMessageTypeLike = OPEN
    push_notification_payload: str | None | UnsetType = UNSET
    application_state: models.ApplicationStateLike | None | UnsetType = UNSET


class PushReactionEvent(models.PushReactionEventData):
    """A user reacted to a push message."""


class ProfileEvent(models.ProfileEventData):
    """A user signed up, in or out, or changed or deleted their profile."""

    ProfileEventType = models.ProfileEventType

    profile_name: str | None | UnsetType = UNSET
    previous_profile_name: str | None | UnsetType = UNSET
    profile_event_type: models.ProfileEventTypeLike = OPEN


class UserAttributeChangeEvent(models.UserAttributeChangeEventData):
    """What is known of a user changed."""

    user_attribute_name: models.AttributeName = OPEN
    new: models.UserAttributeValue | UnsetType = UNSET
    old: models.UserAttributeValue | UnsetType = UNSET


class UserIdentityChangeEvent(models.UserIdentityChangeEventData):
    """One of the user's identities changed."""


class UserIdentity(models.UserIdentity):
    """One of the identities of a user."""

    IdentityType = models.IdentityType

    identity_type: models.IdentityTypeLike = OPEN
    identity: str | None = OPEN
    timestamp_unixtime_ms: models.UnixTimeMs = OPEN


class FirstRunEvent(models.FirstRunEventData):
    """The application ran for the first time."""


class UninstallEvent(models.UninstallEventData):
    """The application was removed."""


class PreAttributionEvent(models.PreAttributionEventData):
    """Something that a later attribution may go back to."""


__all__ = [
    "AppEvent",
    "ApplicationInformation",
    "AttributionInfo",
    "BatchContext",
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
