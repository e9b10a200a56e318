//! The export of data of phones into buckets, and its import.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::{
    changes::long,
    phones::Phone,
    refusal::Refusal,
    work::{NewJob, Started, Work},
};

/// The apps of each export, by bucket and path.
pub(crate) type Exports = HashMap<(String, String), BTreeSet<String>>;

/// May only be exported whole, and together with the others.
const MISC: &str = "/data/misc";
const MISC_NEEDS: [&str; 2] = ["/data/system", "/data/system_de"];

impl Work<'_> {
    /// `BatchExportCloudPhoneData`.
    pub(crate) fn export_data(&mut self) -> Result<Value, Refusal> {
        let targets = self.targets("storage_infos");
        self.check_data_count(targets.len(), "CPS.0167", "CPS.0170")?;
        for target in targets {
            check_bucket(target)?;
            let path = target["object_path"].as_str().unwrap_or_default();
            if path.is_empty() || !path.chars().all(is_of_paths) {
                return Err(Refusal::of("CPS.0135"));
            }
            check_files(target)?;
        }
        self.each(targets, |work, phone_id, target| {
            let job = work.start_on_phone(phone_id, Phone::check_settled, long())?;
            work.export(phone_id, &job, target);
            Ok(job)
        })
    }

    /// Has the export lie in its bucket when the job ends.
    fn export(&mut self, phone_id: &str, job: &Started, target: &Value) {
        let (phone_id, object) = (phone_id.to_owned(), object(target));
        let apps = |field| {
            paths(target, field)
                .any(|path| matches!(path, "/data" | "/data/*" | "/data/app" | "/data/app/*"))
        };
        let has_apps = apps("include_files") && !apps("exclude_files");
        self.afterwards(job, move |state, _| {
            let phone = state.phones.get(&phone_id).filter(|_| has_apps);
            let packages = phone.map(|phone| phone.packages.clone()).unwrap_or_default();
            state.exports.insert(object, packages);
        });
    }

    /// `BatchImportCloudPhoneData`.
    pub(crate) fn import_data(&mut self) -> Result<Value, Refusal> {
        let targets = self.targets("restore_infos");
        self.check_data_count(targets.len(), "CPS.0171", "CPS.0190")?;
        for target in targets {
            check_bucket(target)?;
            if target["object_path"] == "" {
                return Err(Refusal::of("CPS.0135"));
            }
        }
        self.each(targets, |work, phone_id, target| {
            let object = object(target);
            work.state.phones.named(phone_id)?;
            let packages = work.state.exports.get(&object).cloned();
            // Assumed: only-exports-are-imported.
            let Some(packages) = packages else {
                let unregistered = Refusal::of("CPS.0172");
                if work.assumptions.only_exports_are_imported {
                    return Err(unregistered);
                }
                let fails = NewJob { failure: Some(unregistered.code), ..long() };
                return work.start_on_phone(phone_id, Phone::check_settled, fails);
            };
            let job = work.start_on_phone(phone_id, Phone::check_settled, long())?;
            work.change_phone(phone_id, &job, |phone| phone.packages.extend(packages));
            Ok(job)
        })
    }

    fn check_data_count(&self, count: usize, none: &str, too_many: &str) -> Result<(), Refusal> {
        if count == 0 {
            return Err(Refusal::of(none));
        }
        self.check_count(count).map_err(|_| Refusal::of(too_many))
    }
}

fn object(target: &Value) -> (String, String) {
    let text = |field: &str| target[field].as_str().unwrap_or_default().to_owned();
    (text("bucket_name"), text("object_path"))
}

/// Its length has been checked.
fn check_bucket(target: &Value) -> Result<(), Refusal> {
    let name = target["bucket_name"].as_str().unwrap_or_default();
    let allows = |char: char| {
        char.is_ascii_lowercase() || char.is_ascii_digit() || matches!(char, '-' | '.')
    };
    if name.chars().all(allows) { Ok(()) } else { Err(Refusal::of("CPS.0134")) }
}

fn check_files(target: &Value) -> Result<(), Refusal> {
    let included = |path| paths(target, "include_files").any(|file| file == path);
    let good = |field| paths(target, field).all(is_file);
    let none = paths(target, "include_files").next().is_none();
    if none || !good("include_files") || included(MISC) && !MISC_NEEDS.into_iter().all(included) {
        return Err(Refusal::of("CPS.0168"));
    }
    if good("exclude_files") { Ok(()) } else { Err(Refusal::of("CPS.0169")) }
}

fn paths<'t>(target: &'t Value, field: &str) -> impl Iterator<Item = &'t str> {
    target[field].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Whether this is a path on a phone that may be exported.
fn is_file(path: &str) -> bool {
    let under = |root: &str| {
        path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let start = path.strip_suffix('*').unwrap_or(path);
    (under("/data") || under("/cache"))
        && start.chars().all(|char| is_of_paths(char) || char == '~')
        && path != "/data/misc*"
        && !path.starts_with("/data/misc/")
}

fn is_of_paths(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '/' | '-' | '_' | '+' | '#' | '=')
}
