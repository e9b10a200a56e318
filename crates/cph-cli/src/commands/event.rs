//! `cph event`.

use cph::{Authorization, EventState, ScheduledEvent};

use super::{
    Context,
    listing::{as_it_is, done, list},
    perform::agreed,
    tables::find_operation,
};
use crate::{
    Console, Exit,
    args::{Event, How},
    exit::Failure,
    output::Fields,
};

pub(super) async fn run(
    context: Context<'_>,
    command: Event,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let events = context.session.client.events();
    match command {
        Event::List { event, server, state, kind, publish_since, publish_until } => {
            let mut query = events.list();
            if let Some(event) = event {
                query = query.event(event);
            }
            if let Some(server) = server {
                query = query.server(server);
            }
            if !state.is_empty() {
                query = query.states(state.into_iter().map(EventState::from).collect::<Vec<_>>());
            }
            if !kind.is_empty() {
                query = query.kinds(kind);
            }
            if let Some(since) = publish_since {
                query = query.publish_since(since);
            }
            if let Some(until) = publish_until {
                query = query.publish_until(until);
            }
            list(context, "list events", query.stream(), as_it_is, EVENTS, console).await
        }
        Event::Authorize { id, how, not_before, yes } => {
            let authorization = match how {
                How::Maintenance => Authorization::Maintenance { not_before },
                How::Redeploy if not_before.is_some() => {
                    return Err(Failure::usage(
                        "--not-before is for maintenance, not for redeploy",
                    ));
                }
                How::Redeploy => Authorization::Redeploy,
            };
            let how = match authorization {
                Authorization::Redeploy => "redeploy",
                _ => "maintain",
            };
            let what = format!("{how} the server of event {id}");
            if !agreed(context, find_operation("AuthorizeScheduledEvent")?, &what, yes, console)? {
                return Ok(Exit::Usage);
            }
            let authorized = events.authorize(&id, authorization).await;
            authorized.map_err(Failure::to("authorize the event"))?;
            Ok(done(context, &format!("authorized event {id}"), console))
        }
        Event::Reschedule { id, not_before, now: _, yes } => {
            let when = not_before.and_then(|time| jiff::Timestamp::try_from(time).ok());
            let when = when.map_or_else(|| "now".to_owned(), |time| time.to_string());
            let what = format!("move event {id} to {when}");
            if !agreed(context, find_operation("UpdateScheduledEvent")?, &what, yes, console)? {
                return Ok(Exit::Usage);
            }
            let moved = events.reschedule(&id, not_before).await;
            moved.map_err(Failure::to("move the event"))?;
            Ok(done(context, &format!("moved event {id}"), console))
        }
    }
}

const EVENTS: Fields = Fields::new(
    ScheduledEvent::FIELDS,
    &["event_id", "server_id", "type", "state", "not_before", "not_before_deadline"],
);
