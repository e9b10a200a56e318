//! Scheduled events: maintenance that the vendor plans for servers.

use std::time::{Duration, SystemTime};

use cph_core::{EventState, PhoneStatus, ServerStatus};
use serde_json::{Value, json};

use crate::{
    chance, paging,
    phones::Busy,
    refusal::Refusal,
    servers::{Server, Servers},
    simulator::State,
    timestamp,
    work::Work,
};

/// How many events a page has unless the query says.
const PAGE: usize = 10;

/// How far off the beginning of a maintenance must be.
const NOTICE: Duration = Duration::from_mins(5);

/// How long a maintenance takes, in seconds (assumed: scheduled-events).
const SECONDS: f64 = 3600.0;

const DAY: Duration = Duration::from_hours(24);

const RECOVERY: &str = "localdisk-recovery";
const MAINTENANCE: &str = "system-maintenance";

pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) server_id: String,
    pub(crate) kind: &'static str,
    description: &'static str,
    authorization_type: String,
    publish_time: SystemTime,
    /// When the work begins; `None` until it is authorized.
    not_before: Option<SystemTime>,
    not_before_deadline: SystemTime,
    /// How long the work takes.
    takes: Duration,
}

/// The events that a simulation begins with: two that ask for leave, and one that has it.
pub(crate) fn events(servers: &Servers, pace: f64, seed: u64, now: SystemTime) -> Vec<Event> {
    let servers: Vec<_> = servers.iter().map(|server| server.id.clone()).collect();
    let planned = [
        (RECOVERY, "A local disk of the server is to be exchanged.", None),
        (MAINTENANCE, "The system of the server is to be updated.", None),
        (MAINTENANCE, "The host of the server is to be maintained.", Some(now + DAY * 3)),
    ];
    let servers = servers.iter().cycle();
    let events = (0..).zip(servers.zip(planned));
    let event = |(ordinal, (server_id, (kind, description, not_before))): (u32, (&String, _))| {
        let id = chance::id(seed, "event", ordinal.into());
        let publish_time = now - DAY * (3 - ordinal);
        Event {
            id: [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-"),
            server_id: server_id.clone(),
            kind,
            description,
            authorization_type: "maintenance".to_owned(),
            publish_time,
            not_before,
            not_before_deadline: publish_time + DAY * 14,
            // A pace that is next to none must not leave the calendar.
            takes: Duration::from_secs_f64((SECONDS / pace).min(1e9)),
        }
    };
    events.map(event).collect()
}

impl Event {
    pub(crate) fn is_on(&self, server_id: &str) -> bool {
        self.server_id == server_id
    }

    pub(crate) fn is_executing(&self, now: SystemTime) -> bool {
        self.state(now) == EventState::Executing
    }

    pub(crate) fn state(&self, now: SystemTime) -> EventState {
        match self.not_before {
            None => EventState::Inquiring,
            Some(begin) if now < begin => EventState::Scheduled,
            Some(begin) if now < begin + self.takes => EventState::Executing,
            Some(_) => EventState::Completed,
        }
    }

    /// When its work begins and ends.
    pub(crate) fn turns(&self) -> impl Iterator<Item = SystemTime> {
        self.not_before.into_iter().flat_map(|begin| [begin, begin + self.takes])
    }

    fn answer(&self, server: Option<&Server>, now: SystemTime) -> Value {
        let features = server.map(|server| &server.features);
        let mut event = json!({
            "event_id": self.id,
            "server_id": self.server_id,
            "server_name": features.map(|features| features.name.as_str()),
            "server_model_name": features.map(|features| features.model_name.as_str()),
            "server_state": server.map(|server| server.status().code()),
            "type": self.kind,
            "state": self.state(now).as_str(),
            "authorization_type": self.authorization_type,
            "description": self.description,
            "publish_time": timestamp::to_second(self.publish_time),
            "not_before_deadline": timestamp::to_second(self.not_before_deadline),
        });
        if let Some(begin) = self.not_before {
            let end = begin + self.takes;
            event["not_before"] = timestamp::to_second(begin).into();
            event["not_after"] = timestamp::to_second(end).into();
            if begin <= now {
                event["start_time"] = timestamp::to_second(begin).into();
            }
            if end <= now {
                event["finish_time"] = timestamp::to_second(end).into();
            }
        }
        event
    }

    /// The beginning that a text asks for; an empty one is at once.
    fn beginning(&self, text: &str, now: SystemTime) -> Result<SystemTime, Refusal> {
        if text.is_empty() {
            return Ok(now);
        }
        timestamp::parse(text)
            .filter(|begin| (now + NOTICE..=self.not_before_deadline).contains(begin))
            .ok_or_else(|| Refusal::of_field("not_before"))
    }
}

impl State {
    /// Plans the work of every event that has a time.
    pub(crate) fn plan_events(&mut self) {
        let planned: Vec<_> = self
            .events
            .iter()
            .filter_map(|event| Some((event.id.clone(), event.not_before?)))
            .collect();
        for (event_id, begin) in planned {
            self.plan_event(event_id, begin);
        }
    }

    /// Plans the work of an event; nothing comes of the plan if the event is moved meanwhile.
    fn plan_event(&mut self, event_id: String, begin: SystemTime) {
        self.pending.plan(begin, move |state, at| state.begin_event(&event_id, at));
    }

    /// Shuts a server and its running phones down until the work is done. Assumed: scheduled-events.
    fn begin_event(&mut self, event_id: &str, now: SystemTime) {
        let is_due = |event: &&Event| event.id == event_id && event.not_before == Some(now);
        let Some(event) = self.events.iter().find(is_due) else { return };
        let (server_id, end) = (event.server_id.clone(), now + event.takes);
        let server = self.servers.get_mut(&server_id).filter(|server| {
            matches!(server.status(), ServerStatus::Normal | ServerStatus::Abnormal)
        });
        let Some(server) = server else { return };
        server.begin(event_id, ServerStatus::ShutDown, now);
        for phone in self.phones.on(&server_id) {
            if phone.status(now) == PhoneStatus::Running {
                let busy = Busy {
                    request_id: event_id.into(),
                    status: PhoneStatus::ShutDown,
                    end: Some(end),
                    afterwards: PhoneStatus::Running,
                };
                phone.begin(busy, now);
            }
        }
        let event_id = event_id.to_owned();
        self.pending.plan(end, move |state, at| {
            if let Some(server) = state.servers.get_mut(&server_id) {
                server.end(&event_id, ServerStatus::Normal, at);
            }
        });
    }
}

impl Work<'_> {
    /// `ListScheduledEvents`.
    pub(crate) fn list_events(&self) -> Result<Value, Refusal> {
        let now = self.now;
        let asked =
            |name: &str| self.query.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let time = |name| match asked(name) {
            Some(text) => timestamp::parse(text).map(Some).ok_or_else(|| Refusal::of_field(name)),
            None => Ok(None),
        };
        let one_of = |name: &str, documented: &[&str]| {
            let wanted: Vec<_> = asked(name).into_iter().flat_map(|list| list.split(',')).collect();
            let known = wanted.iter().all(|value| documented.contains(value));
            if known { Ok(wanted) } else { Err(Refusal::of_field(name)) }
        };
        let (since, until) = (time("publish_since")?, time("publish_until")?);
        let all: Vec<_> = EventState::ALL.iter().map(EventState::as_str).collect();
        let states = one_of("state", &all)?;
        let kinds = one_of("type", &[RECOVERY, MAINTENANCE])?;
        let is_asked_for = |event: &&Event| {
            asked("event_id").is_none_or(|id| id == event.id)
                && asked("server_id").is_none_or(|id| id == event.server_id)
                && since.is_none_or(|since| since <= event.publish_time)
                && until.is_none_or(|until| event.publish_time <= until)
                && (states.is_empty() || states.contains(&event.state(now).as_str()))
                && (kinds.is_empty() || kinds.contains(&event.kind))
        };
        let found: Vec<&Event> = self.state.events.iter().filter(is_asked_for).collect();
        let (page, page_info) = paging::page(&found, self.query, PAGE, |event| &event.id)?;
        let servers = &self.state.servers;
        let row = |event: &&Event| event.answer(servers.get(&event.server_id), now);
        let page: Vec<_> = page.iter().map(row).collect();
        Ok(json!({ "count": found.len(), "scheduled_events": page, "page_info": page_info }))
    }

    /// `AuthorizeScheduledEvent`.
    pub(crate) fn authorize_event(&mut self) -> Result<Value, Refusal> {
        let (authorization_type, not_before) =
            (self.text("authorization_type"), self.text("not_before"));
        if !matches!(authorization_type, "maintenance" | "redeploy") {
            return Err(Refusal::of_field("authorization_type"));
        }
        if authorization_type == "redeploy" && !not_before.is_empty() {
            return Err(Refusal::of_field("not_before"));
        }
        let now = self.now;
        let event = self.event(&EventState::Inquiring)?;
        let begin = event.beginning(not_before, now)?;
        event.not_before = Some(begin);
        authorization_type.clone_into(&mut event.authorization_type);
        let event_id = event.id.clone();
        self.state.plan_event(event_id, begin);
        Ok(json!({}))
    }

    /// `UpdateScheduledEvent`.
    pub(crate) fn update_event(&mut self) -> Result<Value, Refusal> {
        let (not_before, now) = (self.text("not_before"), self.now);
        let event = self.event(&EventState::Scheduled)?;
        let begin = event.beginning(not_before, now)?;
        event.not_before = Some(begin);
        let event_id = event.id.clone();
        self.state.plan_event(event_id, begin);
        Ok(json!({}))
    }

    /// The event in the path, which must be in this state. Assumed: scheduled-events.
    fn event(&mut self, state: &EventState) -> Result<&mut Event, Refusal> {
        let (event_id, now) = (self.argument("event_id"), self.now);
        let event = self.state.events.iter_mut().find(|event| event.id == event_id);
        let event = event.ok_or_else(|| Refusal::of_field("event_id"))?;
        if event.state(now) == *state { Ok(event) } else { Err(Refusal::of_field("event_id")) }
    }
}
