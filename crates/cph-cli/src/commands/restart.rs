//! `cph phone restart` and `cph phone start`: the two things that the vendor's restart call does.

use cph::PhoneStatus;

use super::{Context, perform::Verb, selection::Selection};
use crate::{Console, Exit, args::Restart, exit::Failure};

pub(super) const RESTART: Verb = Verb::new("restart", "restarting", "restart phones");

pub(super) const START: Verb =
    Verb { acts_on: PhoneStatus::ShutDown, ..Verb::new("start", "starting", "start phones") };

pub(super) async fn run(
    context: Context<'_>,
    verb: &Verb,
    args: &Restart,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let Restart { which, image, set, ready, pace } = args;
    let mut selection = Selection::gather(context, verb.acts_on, which, pace, console).await?;
    selection.set_image(image.as_ref())?;
    selection.set_properties(set, "RestartCloudPhone")?;
    let mut restart = context.session.client.phones().restart(selection.targets.iter().cloned());
    if let Some(image) = &selection.image {
        restart = restart.image(image);
    }
    if let Some(ready) = ready {
        restart = restart.ready(ready.clone());
    }
    selection.perform(context, verb, restart, pace, console).await
}
