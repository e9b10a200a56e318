//! The apps that the phones of a server share, and the snapshots of them.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::{
    paging,
    refusal::Refusal,
    server_changes::server_job,
    shared_store::{MILLISECONDS, file_name},
    timestamp,
    work::Work,
};

/// Apps are collected every two hours, on the even ones (assumed: apps-are-collected-on-even-hours).
const SNAPSHOT_SECONDS: u64 = 2 * 60 * 60;

const MAX_PACKAGE_BYTES: usize = 128;
const MAX_VERSION_CHARS: usize = 32;

/// Every version of an app that there ever was.
#[derive(Default)]
pub(crate) struct Apps(Vec<Version>);

struct Version {
    package_name: String,
    name: String,
    since: SystemTime,
    /// `None`: it is there.
    until: Option<SystemTime>,
}

impl Apps {
    fn push(&mut self, package_name: &str, version: &str, at: SystemTime) {
        let is_it = |app: &&mut Version| app.package_name == package_name && app.name == version;
        if self.0.iter_mut().filter(is_it).all(|app| app.until.is_some()) {
            self.0.push(Version {
                package_name: package_name.to_owned(),
                name: version.to_owned(),
                since: at,
                until: None,
            });
        }
    }

    fn delete(&mut self, package_name: &str, at: SystemTime) {
        for app in &mut self.0 {
            if app.package_name == package_name {
                app.until.get_or_insert(at);
            }
        }
    }

    fn has(&self, package_name: &str) -> bool {
        self.0.iter().any(|app| app.package_name == package_name && app.until.is_none())
    }

    /// The versions of each app that a snapshot found.
    fn snapshot(&self, at: SystemTime) -> BTreeMap<&str, Vec<&str>> {
        let mut apps = BTreeMap::<_, Vec<_>>::new();
        for app in &self.0 {
            let there = app.since <= at && app.until.is_none_or(|until| at < until);
            if there && is_version(&app.name) {
                apps.entry(app.package_name.as_str()).or_default().push(app.name.as_str());
            }
        }
        for versions in apps.values_mut() {
            versions.sort_unstable();
        }
        apps
    }
}

impl Work<'_> {
    /// `PushShareApps`. Assumed: pushed-tar-is-known-by-its-name.
    pub(crate) fn push_share_apps(&mut self) -> Result<Value, Refusal> {
        let package_name = package_name(self.text("package_name"))?;
        let version = file_name(self.tar()?).to_owned();
        let server_ids = self.server_ids()?;
        self.each_server(server_ids, |work, server_id| {
            let ordinal = work.storing(server_id)?.ordinal();
            let started = work.start(server_id, server_job(ordinal, MILLISECONDS));
            let (id, package_name) = (server_id.to_owned(), package_name.clone());
            let version = version.clone();
            work.afterwards(&started, move |state, at| {
                if let Some(server) = state.servers.get_mut(&id) {
                    server.apps.push(&package_name, &version, at);
                }
            });
            Ok(started.job_id)
        })
    }

    /// `DeleteShareApps`: every version of the app; the job fails where there is none.
    pub(crate) fn delete_share_apps(&mut self) -> Result<Value, Refusal> {
        let package_name = package_name(self.text("package_name"))?;
        let server_ids = self.server_ids()?;
        self.each_server(server_ids, |work, server_id| {
            let server = work.storing(server_id)?;
            let mut new = server_job(server.ordinal(), MILLISECONDS);
            new.failure = (!server.apps.has(&package_name)).then(|| "CPS.1010".to_owned());
            let started = work.start(server_id, new);
            let (id, package_name) = (server_id.to_owned(), package_name.clone());
            work.afterwards(&started, move |state, at| {
                if let Some(server) = state.servers.get_mut(&id) {
                    server.apps.delete(&package_name, at);
                }
            });
            Ok(started.job_id)
        })
    }

    /// `ListShareAppsSnapshot`.
    pub(crate) fn list_share_apps(&mut self) -> Result<Value, Refusal> {
        let asked = self.query.get("package_name").filter(|name| !name.is_empty());
        let asked = asked.map(|name| package_name(name)).transpose()?;
        let age = self.now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let collected = UNIX_EPOCH + Duration::from_secs(age - age % SNAPSHOT_SECONDS);
        let query = self.query;
        let server = self.state.servers.named(self.argument("server_id"))?;
        let mut apps: Vec<_> = server.apps.snapshot(collected).into_iter().collect();
        apps.retain(|(name, _)| asked.as_ref().is_none_or(|asked| asked == name));
        let (page, page_info) = paging::page(&apps, query, 100, |(name, _)| name)?;
        let app = |(name, versions): &(&str, Vec<&str>)| json!({ "package_name": name, "versions": versions });
        Ok(json!({
            "collect_time": timestamp::to_second(collected),
            "share_apps": page.iter().map(app).collect::<Vec<_>>(),
            "page_info": page_info,
        }))
    }
}

fn package_name(name: &str) -> Result<String, Refusal> {
    let fits = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.');
    let is_package = name.len() <= MAX_PACKAGE_BYTES
        && name.chars().all(fits)
        && name.contains('.')
        && !name.starts_with(|char: char| char.is_ascii_digit() || char == '_')
        && !name.ends_with('.');
    if is_package { Ok(name.to_owned()) } else { Err(Refusal::of("CPS.0173")) }
}

fn is_version(version: &str) -> bool {
    let fits = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    version.len() <= MAX_VERSION_CHARS
        && version.chars().all(fits)
        && !version.starts_with(['-', '.'])
}
