"""Scheduled events: maintenance that asks for leave, and that is moved."""

import huaweicloudsdkcph.v1 as cph

from harness import ID, SOME, TIME, UUID, equal, fields, operation, the_one


def listed(stage, **filters):
    return stage.client.list_scheduled_events(cph.ListScheduledEventsRequest(**filters))



@operation("ListScheduledEvents")
def list_events(stage):
    everything = listed(stage)
    fields(everything, request_id=ID, count=3)
    for event in everything.scheduled_events:
        fields(
            event,
            event_id=UUID,
            server_id=ID,
            server_name=SOME,
            server_model_name=SOME,
            server_state=5,
            description=SOME,
            publish_time=TIME,
            not_before_deadline=TIME,
            authorization_type="maintenance",
        )
        equal("type", event.type in ("localdisk-recovery", "system-maintenance"), True)
    pages = listed(stage, limit=2)
    rest = listed(stage, limit=2, marker=pages.page_info.next_marker)
    equal("events on two pages", pages.scheduled_events + rest.scheduled_events, everything.scheduled_events)
    server_id = everything.scheduled_events[1].server_id
    found = the_one("events of a server", listed(stage, server_id=server_id).scheduled_events)
    fields(found, event_id=everything.scheduled_events[1].event_id)
    kinds = listed(stage, type=["localdisk-recovery", "system-maintenance"], state=["inquiring", "scheduled"])
    fields(kinds, count=3)


@operation("AuthorizeScheduledEvent")
def authorize(stage):
    event = listed(stage, state=["inquiring"]).scheduled_events[0]
    fields(event, not_before=None, start_time=None)
    begin = event.not_before_deadline
    body = cph.AuthorizeScheduledEventRequestBody(authorization_type="maintenance", not_before=begin)
    request = cph.AuthorizeScheduledEventRequest(event_id=event.event_id, body=body)
    fields(stage.client.authorize_scheduled_event(request), request_id=ID)
    authorized = the_one("events", listed(stage, event_id=event.event_id).scheduled_events)
    fields(authorized, state="scheduled", not_before=begin, not_after=TIME, start_time=None)


@operation("UpdateScheduledEvent")
def update(stage):
    scheduled = listed(stage, state=["scheduled"]).scheduled_events
    event = next(event for event in scheduled if event.not_before < event.not_before_deadline)
    body = cph.UpdateScheduledEventRequestBody(not_before=event.not_before_deadline)
    request = cph.UpdateScheduledEventRequest(event_id=event.event_id, body=body)
    fields(stage.client.update_scheduled_event(request), request_id=ID)
    moved = the_one("events", listed(stage, event_id=event.event_id).scheduled_events)
    fields(moved, state="scheduled", not_before=event.not_before_deadline)
