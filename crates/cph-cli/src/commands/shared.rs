//! `cph shared-file` and `cph shared-app`: what all phones of a server share.

use cph::{Fate, ServerOutcome, SharedApp as Listed, SharedFileListing, SharedFilesList};
use serde_json::json;

use super::{
    Context, counted,
    listing::{as_it_is, list},
    named,
    perform::{About, Verb, perform},
};
use crate::{
    Console, Exit,
    args::{Servers, SharedApp, SharedFile},
    exit::Failure,
    output::{Fields, Records},
};

const PUSH_FILE: Verb = Verb::new(
    "push an archive to the shared storage of",
    "pushing an archive to the shared storage of",
    "push the archive",
);
const DELETE_FILE: Verb = Verb::new("delete", "deleting", "delete files");
const PUSH_APP: Verb = Verb::new("install", "installing", "install the app");
const DELETE_APP: Verb = Verb::new("remove", "removing", "remove the app");

pub(super) async fn files(
    context: Context<'_>,
    command: SharedFile,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let files = context.session.client.shared_files();
    match command {
        SharedFile::List { ids, path, offset, limit, job_timeout } => {
            let mut query = files.list(ids, &path);
            if let Some(offset) = offset {
                query = query.offset(offset);
            }
            if let Some(limit) = limit {
                query = query.limit(limit);
            }
            if let Some(timeout) = job_timeout {
                query = query.job_timeout(timeout);
            }
            list_files(context, query, &path, console).await
        }
        SharedFile::Push { servers: Servers { ids, pace }, bucket, object } => {
            let about = About::named(&PUSH_FILE, named(&ids, "server"));
            perform(context, files.push(ids, bucket, object), &about, &pace, console).await
        }
        SharedFile::Delete { servers: Servers { ids, pace }, path } => {
            let (paths, servers) = (counted(path.len(), "file"), named(&ids, "server"));
            let about = About::named(&DELETE_FILE, format!("{paths} from {servers}"));
            perform(context, files.delete(ids, path), &about, &pace, console).await
        }
    }
}

pub(super) async fn apps(
    context: Context<'_>,
    command: SharedApp,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let apps = context.session.client.shared_apps();
    match command {
        SharedApp::List { id, package } => {
            let mut query = apps.snapshot(id);
            if let Some(package) = package {
                query = query.package_name(package);
            }
            list(context, "list shared apps", query.stream(), as_it_is, APPS, console).await
        }
        SharedApp::Push {
            servers: Servers { ids, pace },
            package,
            bucket,
            object,
            pre_install,
        } => {
            let what = format!("{package} for all phones of {}", named(&ids, "server"));
            let about = About::named(&PUSH_APP, what);
            let mut push = apps.push(ids, package, bucket, object);
            if pre_install {
                push = push.pre_install(true);
            }
            perform(context, push, &about, &pace, console).await
        }
        SharedApp::Delete { servers: Servers { ids, pace }, package } => {
            let what = format!("{package} from all phones of {}", named(&ids, "server"));
            let about = About::named(&DELETE_APP, what);
            perform(context, apps.delete(ids, package), &about, &pace, console).await
        }
    }
}

/// Prints the files of each server as its job ends. An empty directory has no record, so what there is to know of a
/// server as a whole is also said beside them.
async fn list_files(
    context: Context<'_>,
    query: SharedFilesList,
    path: &str,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let mut run = query.start().map_err(Failure::to("list shared files"))?;
    let mut records = Records::new(FILES, context.settings);
    records.begin(console.out)?;
    let mut exit = Exit::Done;
    while let Some(outcome) = run.next().await {
        let server = &outcome.server;
        let listing = match listing(&outcome) {
            Ok(listing) => listing,
            Err(problem) => {
                console.note(format_args!("cph: server {server}: {problem}"));
                let is_open = matches!(outcome.fate, Fate::Unconfirmed(_) | Fate::StillRunning);
                if is_open {
                    exit = Exit::Unconfirmed;
                } else if exit == Exit::Done {
                    exit = Exit::NotAll;
                }
                continue;
            }
        };
        for file in &listing.files_in_path.files {
            let record = json!({
                "server_id": server.as_str(),
                "path": path,
                "file": file,
                "total": listing.files_in_path.total,
                "count": listing.files_in_path.count,
                "share_base_capacity": listing.share_base_capacity,
                "share_base_max_size": listing.share_base_max_size,
            });
            records.write(console.out, &record)?;
        }
        if !context.settings.quiet {
            console.note(format_args!("server {server}: {}", summary(&listing, path)));
        }
    }
    records.finish(console.out)?;
    Ok(exit)
}

/// What a server listed, or why there is nothing.
fn listing(outcome: &ServerOutcome) -> Result<SharedFileListing, String> {
    let word = outcome.fate.word().replace('_', " ");
    match &outcome.fate {
        Fate::Done => {
            let output = outcome.output.as_deref().unwrap_or_default();
            output.parse().map_err(|error: cph::InvalidListing| error.to_string())
        }
        Fate::Refused(fault) | Fate::Failed(fault) => Err(format!("{word}: {fault}")),
        Fate::StillRunning => Err(match &outcome.request_id {
            Some(request_id) => format!("{word}; see its job: cph job list {request_id}"),
            None => word,
        }),
        Fate::NotSent(reason) => Err(format!("{word}: {reason}")),
        Fate::Unconfirmed(reason) => Err(format!("{word}: {reason}")),
    }
}

/// Such as `2 of 60 files in /data; storage 99G 1.2G 93G 2% (size, used, free, percentage used); at most 100G`.
fn summary(listing: &SharedFileListing, path: &str) -> String {
    let listed = listing.files_in_path.files.len();
    let files = match listing.files_in_path.total {
        Some(total) => format!("{listed} of {total} files"),
        None => counted(listed, "file"),
    };
    let capacity = listing
        .share_base_capacity
        .as_ref()
        .map(|capacity| format!("; storage {capacity} (size, used, free, percentage used)"));
    let size = listing.share_base_max_size.as_ref().map(|size| format!("; at most {size}"));
    format!("{files} in {path}{}{}", capacity.unwrap_or_default(), size.unwrap_or_default())
}

const FILES: Fields = Fields::new(
    &["server_id", "path", "file", "total", "count", "share_base_capacity", "share_base_max_size"],
    &["server_id", "file"],
);

const APPS: Fields = Fields::new(Listed::FIELDS, Listed::FIELDS);
