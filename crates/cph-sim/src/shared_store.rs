//! The storage that the phones of a server share.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    time::SystemTime,
};

use cph_core::ServerStatus;
use serde_json::{Value, json};

use crate::{
    chance, refusal::Refusal, server_changes::server_job, servers::Server, timestamp, work::Work,
};

/// How long the jobs take (assumed: server-jobs-take-seconds-to-minutes).
pub(crate) const MILLISECONDS: RangeInclusive<u64> = 5_000..=30_000;

/// A job keeps no more of what it prints.
const MAX_OUTPUT_BYTES: usize = 1024;
const MAX_PATH_BYTES: usize = 4096;
const MAX_LISTED_FILES: usize = 50;
const MEBIBYTE: u64 = 1 << 20;

/// The files by path.
#[derive(Default)]
pub(crate) struct Files(BTreeMap<String, File>);

struct File {
    bytes: u64,
    changed: SystemTime,
}

impl Files {
    /// Removes a file, or a directory and all that it holds.
    fn remove(&mut self, path: &str) {
        let path = path.trim_end_matches('/');
        self.0.retain(|file, _| below(file, path).is_none());
    }

    /// What a directory holds: size, time of the last change and name.
    fn rows(&self, directory: &str) -> Vec<String> {
        let directory = directory.trim_end_matches('/');
        let mut seen = BTreeSet::new();
        let row = |(path, file): (&String, &File)| {
            let inside = below(path, directory)?.strip_prefix('/')?;
            let (name, bytes) = match inside.split_once('/') {
                Some((name, _)) => (name, 4096),
                None => (inside, file.bytes),
            };
            let row = format!("{bytes} {} {name}", timestamp::in_listing(file.changed));
            seen.insert(name.to_owned()).then_some(row)
        };
        self.0.iter().filter_map(row).collect()
    }

    fn bytes(&self) -> u64 {
        self.0.values().map(|file| file.bytes).sum()
    }
}

/// What comes behind a directory in a path; nothing if it is that directory.
fn below<'p>(path: &'p str, directory: &str) -> Option<&'p str> {
    path.strip_prefix(directory).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Work<'_> {
    /// `PushShareFiles`. Assumed: pushed-tar-is-known-by-its-name.
    pub(crate) fn push_share_files(&mut self) -> Result<Value, Refusal> {
        let object = self.tar()?;
        let (path, seed, now) = (format!("/data/{}", file_name(object)), self.seed, self.now);
        let bytes = chance::rng(seed, object, &[]).u64(MEBIBYTE..=100 * MEBIBYTE);
        let server_ids = self.server_ids()?;
        self.each_server(server_ids, |work, server_id| {
            let ordinal = work.storing(server_id)?.ordinal();
            let started = work.start(server_id, server_job(ordinal, MILLISECONDS));
            let (id, path) = (server_id.to_owned(), path.clone());
            work.afterwards(&started, move |state, _| {
                if let Some(server) = state.servers.get_mut(&id) {
                    server.files.0.insert(path, File { bytes, changed: now });
                }
            });
            Ok(started.job_id)
        })
    }

    /// `DeleteShareFiles`.
    pub(crate) fn delete_share_files(&mut self) -> Result<Value, Refusal> {
        let paths: Vec<String> = self.texts("file_paths").into_iter().map(str::to_owned).collect();
        if paths.is_empty() || !paths.iter().all(|path| is_file_path(path)) {
            return Err(Refusal::of("CPS.0155"));
        }
        let server_ids = self.server_ids()?;
        self.each_server(server_ids, |work, server_id| {
            let ordinal = work.storing(server_id)?.ordinal();
            let started = work.start(server_id, server_job(ordinal, MILLISECONDS));
            let (id, paths) = (server_id.to_owned(), paths.clone());
            work.afterwards(&started, move |state, _| {
                if let Some(server) = state.servers.get_mut(&id) {
                    for path in &paths {
                        server.files.remove(path);
                    }
                }
            });
            Ok(started.job_id)
        })
    }

    /// `ListShareFiles`: what is there when the job starts.
    pub(crate) fn list_share_files(&mut self) -> Result<Value, Refusal> {
        let query = self.query;
        let text = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let number = |name: &str| text(name).parse::<usize>().ok();
        let directory = text("path");
        if !is_directory(directory) {
            return Err(Refusal::of("CPS.0199"));
        }
        let offset = number("offset").unwrap_or_default();
        let limit = number("limit").unwrap_or(MAX_LISTED_FILES);
        let server_ids: Vec<&str> =
            text("server_ids").split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
        if server_ids.is_empty() {
            return Err(Refusal::of("CPS.0095"));
        }
        self.each_server(server_ids, |work, server_id| {
            let server = work.storing(server_id)?;
            let rows = server.files.rows(directory);
            let page: Vec<&String> = rows.iter().skip(offset).take(limit).collect();
            let size = server.features.share_volume.as_ref().map_or(0, |volume| volume.disk.size);
            let used = server.files.bytes() / MEBIBYTE;
            let capacity = u64::try_from(size).unwrap_or_default() * 1024;
            let mut output = json!({
                "files_in_path": { "total": rows.len(), "count": page.len(), "files": page },
                "share_base_capacity": format!(
                    "{size}G {used}M {}M {}%",
                    capacity.saturating_sub(used),
                    used * 100 / capacity.max(1)
                ),
                "share_base_max_size": format!("{size}G"),
            })
            .to_string();
            // Paths are ASCII.
            output.truncate(MAX_OUTPUT_BYTES);
            let new = server_job(server.ordinal(), MILLISECONDS);
            let started =
                work.start(server_id, crate::work::NewJob { output: Some(output), ..new });
            Ok(started.job_id)
        })
    }

    /// A server that can take files and apps.
    pub(crate) fn storing(&mut self, server_id: &str) -> Result<&mut Server, Refusal> {
        let request_id = self.request_id;
        let server = self.state.servers.named(server_id)?;
        server.check(&[ServerStatus::Normal], request_id, "CPS.0099")?;
        if server.features.share_volume.is_none() {
            return Err(Refusal::of("CPS.0137"));
        }
        Ok(server)
    }

    /// The path of the file to fetch (assumed: what-a-call-names-exists).
    pub(crate) fn tar(&self) -> Result<&str, Refusal> {
        let bucket = self.text("bucket_name");
        let in_bucket = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.');
        if !bucket.chars().all(in_bucket) {
            return Err(Refusal::of("CPS.0134"));
        }
        let object = self.text("object_path");
        let in_object = |char: char| char.is_ascii_alphanumeric() || "./-_+#=".contains(char);
        let is_tar = object
            .strip_suffix(".tar")
            .is_some_and(|path| !path.is_empty() && !path.ends_with('/'));
        if is_tar && object.chars().all(in_object) {
            Ok(object)
        } else {
            Err(Refusal::of("CPS.0135"))
        }
    }
}

/// The last step of the path of a tar file, without `.tar`.
pub(crate) fn file_name(object: &str) -> &str {
    let name = object.rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".tar").unwrap_or(name)
}

fn is_file_path(path: &str) -> bool {
    let fits = |char: char| char.is_ascii_alphanumeric() || "./- _=".contains(char);
    path.starts_with('/')
        && path.len() <= MAX_PATH_BYTES
        && path.chars().all(fits)
        && !path.contains("..")
}

fn is_directory(path: &str) -> bool {
    let fits = |char: char| char.is_ascii_alphanumeric() || ".+-_/=".contains(char);
    path.starts_with('/')
        && path.len() > 1
        && path.chars().all(fits)
        && !path.contains("../")
        && !path.contains("//")
}
