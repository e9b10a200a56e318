//! The batches over phones besides restart: each says which phones, what is done, and hands over to [`perform`].

use std::collections::HashSet;

use cph::{ExportTarget, ImportTarget, PropertyUpdate, ResetTarget, RestartTarget};

use super::{Context, perform::Verb, selection::Selection};
use crate::{
    Console, Exit,
    args::{
        Exec, Export, Grow, Import, Install, PhonePace, Place, Push, Reset, Restart, SetProperties,
        Stop, Traffic, Uninstall, Which,
    },
    exit::Failure,
};

const RESET: Verb = Verb::new("reset", "resetting", "reset phones");
const STOP: Verb = Verb::new("stop", "stopping", "stop phones");
const SET: Verb = Verb::new("set properties of", "setting properties of", "set properties");
const PUSH: Verb = Verb::new("push a file to", "pushing a file to", "push a file");
const INSTALL: Verb = Verb::new("install an app on", "installing an app on", "install an app");
const UNINSTALL: Verb = Verb::new("remove an app from", "removing an app from", "remove an app");
const EXPORT: Verb = Verb::new("export data of", "exporting data of", "export data");
const IMPORT: Verb = Verb::new("import data to", "importing data to", "import data");
const GROW: Verb = Verb::new("enlarge the disks of", "enlarging the disks of", "enlarge disks");
const TRAFFIC: Verb = Verb::new("route the traffic of", "routing the traffic of", "route traffic");
const EXEC: Verb =
    Verb { prints: true, ..Verb::new("run a command on", "running a command on", "run a command") };

/// The phones of a command that takes nothing else of them.
async fn select(
    context: Context<'_>,
    verb: &Verb,
    which: &Which,
    pace: &PhonePace,
    console: &mut Console<'_>,
) -> Result<(Selection, Vec<String>), Failure> {
    let mut selection = Selection::gather(context, verb.acts_on, which, pace, console).await?;
    let ids = selection.ids(verb.plain)?;
    Ok((selection, ids))
}

pub(super) async fn reset(
    context: Context<'_>,
    args: &Reset,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let Reset { restart: Restart { which, image, set, ready, pace }, factory_reset } = args;
    let mut selection = Selection::gather(context, RESET.acts_on, which, pace, console).await?;
    selection.set_image(image.as_ref())?;
    selection.set_properties(set, "ResetCloudPhone")?;
    let target = |target: &RestartTarget| {
        let mut reset = ResetTarget::new(target.phone_id());
        if let Some(text) = target.property() {
            reset = reset.property_text(text.as_str());
        }
        if let Some(image) = target.image_id() {
            reset = reset.image(image);
        }
        if *factory_reset { reset.factory_reset_enabled(true) } else { reset }
    };
    let mut reset = context.session.client.phones().reset(selection.targets.iter().map(target));
    if let Some(image) = &selection.image {
        reset = reset.image(image);
    }
    if let Some(ready) = ready {
        reset = reset.ready(ready.clone());
    }
    selection.perform(context, &RESET, reset, pace, console).await
}

pub(super) async fn stop(
    context: Context<'_>,
    args: &Stop,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let (selection, ids) = select(context, &STOP, &args.which, &args.pace, console).await?;
    let stop = context.session.client.phones().stop(ids);
    selection.perform(context, &STOP, stop, &args.pace, console).await
}

pub(super) async fn set(
    context: Context<'_>,
    args: &SetProperties,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let SetProperties { which, set, custom, pace } = args;
    let mut selection = Selection::gather(context, SET.acts_on, which, pace, console).await?;
    selection.refuse_images(SET.plain)?;
    selection.set_properties(set, "UpdateCloudPhoneProperty")?;
    let mut keys = HashSet::new();
    if let Some((key, _)) = custom.iter().find(|(key, _)| !keys.insert(key)) {
        return Err(Failure::usage(format!("--custom gives {key} twice")));
    }
    let target = |target: &RestartTarget| {
        let text = target.property().cloned().unwrap_or_else(|| cph::Properties::new().to_text());
        let update = PropertyUpdate::new(target.phone_id(), text);
        if custom.is_empty() { update } else { update.custom_property(custom.iter().cloned()) }
    };
    let targets = selection.targets.iter().map(target);
    let update = context.session.client.phones().update_property(targets);
    selection.perform(context, &SET, update, pace, console).await
}

pub(super) async fn exec(
    context: Context<'_>,
    args: &Exec,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let Exec { which, sync, pace, command } = args;
    let (selection, ids) = select(context, &EXEC, which, pace, console).await?;
    let phones = context.session.client.phones();
    let command = command.join(" ");
    if *sync {
        selection.perform(context, &EXEC, phones.run_sync(ids, command), pace, console).await
    } else {
        selection.perform(context, &EXEC, phones.run_shell(ids, command), pace, console).await
    }
}

pub(super) async fn push(
    context: Context<'_>,
    args: &Push,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let (selection, ids) = select(context, &PUSH, &args.which, &args.pace, console).await?;
    let push = context.session.client.phones().push_file(ids, &args.file);
    selection.perform(context, &PUSH, push, &args.pace, console).await
}

pub(super) async fn install(
    context: Context<'_>,
    args: &Install,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let (selection, ids) = select(context, &INSTALL, &args.which, &args.pace, console).await?;
    let phones = context.session.client.phones();
    let install = match args.apk.as_slice() {
        [apk] => phones.install_apk(ids, apk),
        apks => phones.install_split_apk(ids, apks),
    };
    selection.perform(context, &INSTALL, install, &args.pace, console).await
}

pub(super) async fn uninstall(
    context: Context<'_>,
    args: &Uninstall,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let (selection, ids) = select(context, &UNINSTALL, &args.which, &args.pace, console).await?;
    let uninstall = context.session.client.phones().uninstall_apk(ids, &args.package);
    selection.perform(context, &UNINSTALL, uninstall, &args.pace, console).await
}

/// Where each phone's data goes. Two phones in one object would leave the data of one.
fn object_of(place: &Place, phones: usize) -> Result<impl Fn(&str) -> String, Failure> {
    const PLACEHOLDER: &str = "{phone_id}";
    if phones > 1 && !place.object.contains(PLACEHOLDER) {
        return Err(Failure::usage(format!(
            "--object names one object for {phones} phones; put {PLACEHOLDER} in it, such as backup/{PLACEHOLDER}.tar"
        )));
    }
    Ok(|phone_id: &str| place.object.replace(PLACEHOLDER, phone_id))
}

pub(super) async fn export(
    context: Context<'_>,
    args: &Export,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let Export { which, place, include, exclude, pace } = args;
    let (selection, ids) = select(context, &EXPORT, which, pace, console).await?;
    let object = object_of(place, ids.len())?;
    let target = |id: &String| {
        let target = ExportTarget::new(id, &place.bucket, object(id), include);
        if exclude.is_empty() { target } else { target.exclude_files(exclude) }
    };
    let targets: Vec<_> = ids.iter().map(target).collect();
    let export = context.session.client.phones().export_data(targets);
    selection.perform(context, &EXPORT, export, pace, console).await
}

pub(super) async fn import(
    context: Context<'_>,
    args: &Import,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let Import { which, place, pace } = args;
    let (selection, ids) = select(context, &IMPORT, which, pace, console).await?;
    let object = |id: &str| place.object.replace("{phone_id}", id);
    let targets = ids.iter().map(|id| ImportTarget::new(id, &place.bucket, object(id)));
    let import = context.session.client.phones().import_data(targets);
    selection.perform(context, &IMPORT, import, pace, console).await
}

pub(super) async fn grow(
    context: Context<'_>,
    args: &Grow,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let (selection, ids) = select(context, &GROW, &args.which, &args.pace, console).await?;
    let targets = ids.into_iter().map(|id| (id, args.size));
    let grow = context.session.client.phones().expand_volume(targets);
    selection.perform(context, &GROW, grow, &args.pace, console).await
}

pub(super) async fn traffic(
    context: Context<'_>,
    args: &Traffic,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let (selection, ids) = select(context, &TRAFFIC, &args.which, &args.pace, console).await?;
    let traffic = context.session.client.phones().set_traffic(ids, args.kind);
    selection.perform(context, &TRAFFIC, traffic, &args.pace, console).await
}
