//! Scheduled events: maintenance that the vendor plans for servers.

use std::time::{Duration, SystemTime};

use cph_core::{EventId, EventState, InvalidId, ServerId, ServerStatus, limits};
use cph_raw::types;

use crate::{
    Client, Error, Result,
    clock::after,
    paging::{Page, Place, Query, page_size, query},
    view::{View, views},
};

/// How far off the beginning of a maintenance must be; pages `cph_api_0509` and `cph_api_0518`.
const NOTICE: Duration = Duration::from_mins(5);

/// What can be asked and done about scheduled events; see [`Client::events`].
#[derive(Debug, Clone, Copy)]
pub struct Events<'a> {
    client: &'a Client,
}

impl<'a> Events<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Lists the maintenance that is planned for servers, every page of it.
    /// Documented as [ListScheduledEvents](https://support.huaweicloud.com/api-cph/cph_api_0507.html).
    pub fn list(&self) -> ListScheduledEvents {
        ListScheduledEvents::new(self.client)
    }

    /// Lets the vendor maintain or redeploy the server of an event that is [`EventState::Inquiring`].
    ///
    /// The work interrupts the server and all phones on it.
    /// Documented as [AuthorizeScheduledEvent](https://support.huaweicloud.com/api-cph/cph_api_0509.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client, tonight: std::time::SystemTime) -> cph::Result<()> {
    /// use cph::Authorization;
    ///
    /// let authorization = Authorization::Maintenance { not_before: Some(tonight) };
    /// client.events().authorize("2f2c8e41-3f0a-4f2b-9c55-6a3c0f3f7d11", authorization).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the id is none or the time is less than 5 minutes away by
    /// the client's clock, before anything is sent; otherwise what the service says, see [`Error::code`].
    pub async fn authorize(
        &self,
        event_id: impl AsRef<str>,
        authorization: Authorization,
    ) -> Result<()> {
        let event_id: EventId = Client::id(event_id)?;
        let (authorization_type, not_before) = match authorization {
            Authorization::Maintenance { not_before } => {
                ("maintenance", Some(self.beginning(not_before)?))
            }
            Authorization::Redeploy => ("redeploy", None),
        };
        let authorization_type = authorization_type.to_owned();
        let body = types::AuthorizeScheduledEventRequestBody { authorization_type, not_before };
        let call = self.client.call("AuthorizeScheduledEvent", async |raw, project| {
            raw.authorize_scheduled_event(&project, event_id.as_str(), &body).await
        });
        call.await.map(drop)
    }

    /// Moves the beginning of a maintenance: not before this time, at least 5 minutes away, or at once if `None`.
    ///
    /// The work interrupts the server and all phones on it. A part of a second counts as a whole one. The latest time that is allowed is the event's
    /// [`not_before_deadline`](ScheduledEvent::not_before_deadline).
    /// Documented as [UpdateScheduledEvent](https://support.huaweicloud.com/api-cph/cph_api_0518.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client, tonight: std::time::SystemTime) -> cph::Result<()> {
    /// client.events().reschedule("2f2c8e41-3f0a-4f2b-9c55-6a3c0f3f7d11", tonight).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`authorize`](Self::authorize).
    pub async fn reschedule(
        &self,
        event_id: impl AsRef<str>,
        not_before: impl Into<Option<SystemTime>>,
    ) -> Result<()> {
        let event_id: EventId = Client::id(event_id)?;
        let not_before = self.beginning(not_before.into())?;
        let body = types::UpdateScheduledEventRequestBody { not_before };
        let call = self.client.call("UpdateScheduledEvent", async |raw, project| {
            raw.update_scheduled_event(&project, event_id.as_str(), &body).await
        });
        call.await.map(drop)
    }

    /// A beginning as the wire has it; an empty text is at once.
    fn beginning(self, not_before: Option<SystemTime>) -> Result<String> {
        not_before
            .map_or_else(|| Ok(String::new()), |time| written(time, self.client.clock().now()))
    }
}

/// A time as the page writes it, such as `2026-06-08T10:43:00Z`, rounded up to a whole second.
fn written(time: SystemTime, now: SystemTime) -> Result<String> {
    let round = jiff::TimestampRound::new().smallest(jiff::Unit::Second);
    let round = round.mode(jiff::RoundMode::Ceil);
    let whole = |time: SystemTime| jiff::Timestamp::try_from(time)?.round(round);
    let (Ok(time), Ok(earliest)) = (whole(time), whole(after(now, NOTICE))) else {
        return Err(Error::invalid("the maintenance would begin at a time that cannot be written"));
    };
    if time < earliest {
        return Err(Error::invalid(format!(
            "the maintenance would begin at {time}; allowed is {earliest} or later, 5 minutes from now, or at once"
        )));
    }
    Ok(time.to_string())
}

/// What the vendor may do about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authorization {
    /// Maintain the server.
    Maintenance {
        /// When to begin at the earliest, at least 5 minutes away; a part of a second counts as a whole one. `None` is at once.
        not_before: Option<SystemTime>,
    },
    /// Redeploy the server. What is kept then is not documented.
    Redeploy,
}

query! {
    /// A query for scheduled events.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use std::pin::pin;
    /// use cph::EventState;
    /// use futures_util::TryStreamExt as _;
    ///
    /// let waiting = client.events().list().states([EventState::Inquiring, EventState::Scheduled]);
    /// let mut events = pin!(waiting.stream());
    /// while let Some(event) = events.try_next().await? {
    ///     println!("{} {:?} {:?}", event.event_id, event.server_id, event.not_before);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub struct ListScheduledEvents -> ScheduledEvent {
        /// Only this event.
        event => event_id: String,
        /// Only events of this server.
        server => server_id: String,
        /// Only events published at this time or later, in the vendor's form (not stated).
        publish_since => publish_since: String,
        /// Only events published until this time, in the vendor's form (not stated).
        publish_until => publish_until: String,
        /// Only events in one of these states.
        states => state: Vec<EventState>,
        /// Only events of one of these kinds: `localdisk-recovery` (the exchange of a local disk), `system-maintenance`.
        kinds => type_: Vec<String>,
    }
}

impl Query for ListScheduledEvents {
    type Raw = types::ListScheduledEventsResponseBodyScheduledEvents;
    type Row = ScheduledEvent;
    const OPERATION: &'static str = "ListScheduledEvents";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let event_id: Option<EventId> = self.event_id.as_ref().map(Client::id).transpose()?;
        let server_id: Option<ServerId> = self.server_id.as_ref().map(Client::id).transpose()?;
        let states = self.state.as_ref().map(|states| {
            states.iter().map(|state| state.as_str().to_owned()).collect::<Vec<String>>()
        });
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            raw.list_scheduled_events(
                &project,
                event_id.as_ref().map(EventId::as_str),
                page_size(limits::LIST_SCHEDULED_EVENTS_PAGE),
                from.marker(),
                self.publish_since.as_deref(),
                self.publish_until.as_deref(),
                server_id.as_ref().map(ServerId::as_str),
                states.as_ref(),
                self.type_.as_ref(),
            )
            .await
        });
        let answer = call.await?.body;
        let next = answer.page_info.and_then(|page| page.next_marker);
        Ok(Page::marked(answer.scheduled_events, from, next))
    }
}

views! {
    /// Maintenance that is planned for a server. The forms of its times are not documented.
    pub struct ScheduledEvent from types::ListScheduledEventsResponseBodyScheduledEvents {
        /// Its id.
        event_id: EventId,
        /// What is done: `localdisk-recovery` (the exchange of a local disk) or `system-maintenance`.
        kind as "type" from type_: Option<String>,
        /// How far it is.
        state: Option<EventState>,
        /// What it is about.
        description: Option<String>,
        /// The server that it is for.
        server_id: Option<ServerId>,
        /// The server's name, at most 65 characters.
        server_name: Option<String>,
        /// The server's flavor.
        server_model_name: Option<String>,
        /// What the server is doing.
        server_state: Option<ServerStatus>,
        /// What can be authorized: `maintenance` or `redeploy`.
        authorization_type: Option<String>,
        /// When it was published.
        publish_time: Option<String>,
        /// When the work is planned to begin.
        not_before: Option<String>,
        /// When the work is planned to end.
        not_after: Option<String>,
        /// The latest time that the work may be planned to begin.
        not_before_deadline: Option<String>,
        /// When the work began.
        start_time: Option<String>,
        /// When the work ended.
        finish_time: Option<String>,
    }
}

impl View<String> for EventState {
    fn view(raw: String) -> Result<Self, InvalidId> {
        Ok(raw.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ErrorKind, api::tests::recorded};

    /// 2026-06-08T10:38:00Z.
    const NOW: u64 = 1_780_915_080;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_beginning_is_a_whole_second_five_minutes_away() {
        for (time, text) in [
            (at(NOW + 300), "2026-06-08T10:43:00Z"),
            (at(NOW + 300) + Duration::from_millis(1), "2026-06-08T10:43:01Z"),
            (at(NOW + 299) + Duration::from_millis(1), "2026-06-08T10:43:00Z"),
        ] {
            assert_eq!(written(time, at(NOW)).unwrap(), text);
        }
        for time in [at(NOW + 299), at(0)] {
            let error = written(time, at(NOW)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains("2026-06-08T10:43:00Z or later"), "{error}");
        }
        assert!(written(at(1 << 50), at(NOW)).is_err());
    }

    #[tokio::test]
    async fn what_is_sent_is_what_the_pages_show() {
        let (client, sent) = recorded(200, r#"{"request_id":"r"}"#);
        let events = client.events();
        let later = at(4_102_444_800);
        for not_before in [Some(later), None] {
            events.authorize("e", Authorization::Maintenance { not_before }).await.unwrap();
        }
        events.authorize("e", Authorization::Redeploy).await.unwrap();
        events.reschedule("e", later).await.unwrap();
        events.reschedule("e", None).await.unwrap();
        assert!(events.reschedule("e", at(0)).await.is_err());
        assert!(events.reschedule("../e", None).await.is_err());
        let project = "/v1/0123456789abcdef0123456789abcdef/cloud-phone/scheduled-events/e";
        let authorize = format!("POST {project}/authorize");
        let update = format!("PUT {project}");
        assert_eq!(
            sent.take(),
            [
                (
                    authorize.clone(),
                    json!({"authorization_type": "maintenance", "not_before": "2100-01-01T00:00:00Z"})
                ),
                (authorize.clone(), json!({"authorization_type": "maintenance", "not_before": ""})),
                (authorize, json!({"authorization_type": "redeploy"})),
                (update.clone(), json!({"not_before": "2100-01-01T00:00:00Z"})),
                (update, json!({"not_before": ""})),
            ]
        );
    }

    #[tokio::test]
    async fn a_list_takes_several_states_and_kinds_and_shows_the_fields_under_the_vendors_names() {
        use futures_util::TryStreamExt as _;

        let event = json!({
            "event_id": "e", "type": "system-maintenance", "state": "postponed", "description": "d",
            "server_id": "s", "server_name": "n", "server_model_name": "m", "server_state": 13,
            "authorization_type": "redeploy", "publish_time": "1", "not_before": "2", "not_after": "3",
            "not_before_deadline": "4", "start_time": "5", "finish_time": "6",
        });
        let answer = json!({"scheduled_events": [event], "count": 1, "page_info": {}});
        let (client, sent) = recorded(200, &answer.to_string());
        let query = client.events().list().states([EventState::Inquiring, EventState::Failed]);
        let query = query.kinds(["localdisk-recovery".to_owned(), "system-maintenance".to_owned()]);
        let query = query.event("e").server("s").publish_since("a").publish_until("b");
        let events: Vec<ScheduledEvent> = query.stream().try_collect().await.unwrap();
        let mut shown = event;
        shown["server_state"] = "starting".into();
        assert_eq!(serde_json::to_value(&events).unwrap(), json!([shown]));
        assert_eq!(
            sent.take()[0].0.split_once('?').unwrap().1,
            "event_id=e&limit=100&publish_since=a&publish_until=b&server_id=s&state=failed&state=inquiring\
             &type=localdisk-recovery&type=system-maintenance"
        );
    }
}
