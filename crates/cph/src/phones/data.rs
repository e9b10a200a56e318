//! Files of phones, exported into buckets and restored from them.

use cph_raw::types::{
    BatchExportCloudPhoneDataRequestBody, BatchImportCloudPhoneDataRequestBody, RestoreInfo,
    StorageInfo,
};

use crate::text::{TextRule, shown};
use crate::{
    Batch, Client, Outcome, Result, Target,
    batch::{
        Answer,
        builder::{BatchKind, sealed::Sealed},
        jobs,
    },
};

/// A bucket, documented on pages `cph_api_0538` and `cph_api_0539`.
const BUCKET_NAME: TextRule = TextRule {
    min: 3,
    max: 63,
    unit: "characters",
    allows: |char| char.is_ascii_lowercase() || char.is_ascii_digit() || matches!(char, '-' | '.'),
    allowed: "the letters a to z, digits, - and .",
};

/// Where an export goes, documented on page `cph_api_0538`.
const EXPORT_PATH: TextRule = TextRule {
    min: 1,
    max: 1024,
    unit: "characters",
    allows: |char| {
        char.is_ascii_alphanumeric() || matches!(char, '.' | '/' | '-' | '_' | '+' | '#' | '=')
    },
    allowed: "the letters a to z and A to Z, digits, . / - _ + # and =",
};

/// Where an export lies, documented on page `cph_api_0539`, which names no characters.
const IMPORT_PATH: TextRule = TextRule { allows: |_| true, allowed: "all", ..EXPORT_PATH };

/// A path on a phone, documented on page `cph_api_0538`.
const FILE: TextRule = TextRule {
    min: 1,
    max: 4096,
    unit: "bytes",
    allows: |char| (EXPORT_PATH.allows)(char) || matches!(char, '*' | '~'),
    allowed: "the letters a to z and A to Z, digits, . / - _ + # * ~ and =",
};

/// May only be exported whole, and together with [`MISC_NEEDS`].
const MISC: &str = "/data/misc";
const MISC_NEEDS: [&str; 2] = ["/data/system", "/data/system_de"];

/// A phone, what to export from it, and where to.
///
/// ```
/// use cph::ExportTarget;
///
/// let apps = ExportTarget::new("1234567b8bab40ffb711234cb80d0234", "mybucket", "backup/phone-1.tar", ["/data/app", "/data/local"])
///     .exclude_files(["/data/app/com.xx.xx-*"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportTarget {
    phone_id: String,
    bucket_name: String,
    object_path: String,
    include_files: Vec<String>,
    exclude_files: Vec<String>,
}

impl ExportTarget {
    /// A phone by its id, the bucket, the path in it (such as `backup/phone-1.tar`, at most 1024 characters), and what to
    /// export: absolute paths under `/data` or `/cache`, at most 4096 bytes each, with a star only at the end.
    ///
    /// `/data/misc` is exported whole or not at all, and together with `/data/system` and `/data/system_de`.
    pub fn new(
        phone_id: impl Into<String>,
        bucket_name: impl Into<String>,
        object_path: impl Into<String>,
        include_files: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            phone_id: phone_id.into(),
            bucket_name: bucket_name.into(),
            object_path: object_path.into(),
            include_files: include_files.into_iter().map(Into::into).collect(),
            exclude_files: Vec::new(),
        }
    }

    /// Leaves paths out, though the others have them; the same rules hold.
    #[must_use]
    pub fn exclude_files(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.exclude_files = paths.into_iter().map(Into::into).collect();
        self
    }

    /// The phone's id, as given.
    pub fn phone_id(&self) -> &str {
        &self.phone_id
    }
}

impl Target for ExportTarget {
    fn id(&self) -> &str {
        &self.phone_id
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = bucket_problems(&self.bucket_name);
        problems.extend(EXPORT_PATH.problems("object_path", &self.object_path));
        if self.include_files.is_empty() {
            problems.push("include_files is empty; name a path to export".to_owned());
        }
        for path in &self.include_files {
            problems.extend(file_problems("include_files", path));
        }
        for path in &self.exclude_files {
            problems.extend(file_problems("exclude_files", path));
        }
        let included = |path: &str| self.include_files.iter().any(|file| file == path);
        if included(MISC) && !MISC_NEEDS.into_iter().all(included) {
            let needed = MISC_NEEDS.join(" and ");
            problems
                .push(format!("include_files has {MISC}, which is exported with {needed} only"));
        }
        problems
    }
}

fn bucket_problems(bucket_name: &str) -> Vec<String> {
    BUCKET_NAME.problems(&format!("bucket_name {}", shown(bucket_name)), bucket_name)
}

/// What is wrong with a path on a phone.
fn file_problems(field: &str, path: &str) -> Vec<String> {
    let what = format!("{field} {}", shown(path));
    let mut problems = FILE.problems(&what, path);
    let under = |root: &str| {
        path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if !under("/data") && !under("/cache") {
        problems.push(format!("{what} is no path under /data or /cache"));
    }
    if path.chars().rev().skip(1).any(|char| char == '*') {
        problems.push(format!("{what} has a star before its end"));
    }
    if path == "/data/misc*" || path.starts_with("/data/misc/") {
        problems.push(format!("{what} is a part of {MISC}, which has to be named as such"));
    }
    problems
}

/// An export in the making; see [`Phones::export_data`](crate::Phones::export_data).
pub type ExportData = Batch<ExportPhoneData>;

/// An export takes nothing but its targets.
#[derive(Debug)]
pub struct ExportPhoneData;

impl Sealed for ExportPhoneData {}

impl BatchKind for ExportPhoneData {
    type Target = ExportTarget;
    type Outcome = Outcome;
    type Body = BatchExportCloudPhoneDataRequestBody;

    const OPERATION: &'static str = "BatchExportCloudPhoneData";

    fn body(&self, part: &[&ExportTarget]) -> BatchExportCloudPhoneDataRequestBody {
        let phone = |target: &&ExportTarget| StorageInfo {
            phone_id: target.phone_id.clone(),
            bucket_name: target.bucket_name.clone(),
            object_path: target.object_path.clone(),
            include_files: target.include_files.clone(),
            exclude_files: target.exclude_files.clone(),
        };
        BatchExportCloudPhoneDataRequestBody { storage_infos: part.iter().map(phone).collect() }
    }

    async fn send(client: Client, body: BatchExportCloudPhoneDataRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.batch_export_cloud_phone_data(&project, &body).await
        });
        Ok(jobs!(call.await?, phone_id))
    }
}

/// A phone, and where the export lies that is restored on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportTarget {
    phone_id: String,
    bucket_name: String,
    object_path: String,
}

impl ImportTarget {
    /// A phone by its id, the bucket, and the path in it, at most 1024 characters.
    pub fn new(
        phone_id: impl Into<String>,
        bucket_name: impl Into<String>,
        object_path: impl Into<String>,
    ) -> Self {
        Self {
            phone_id: phone_id.into(),
            bucket_name: bucket_name.into(),
            object_path: object_path.into(),
        }
    }

    /// The phone's id, as given.
    pub fn phone_id(&self) -> &str {
        &self.phone_id
    }
}

impl Target for ImportTarget {
    fn id(&self) -> &str {
        &self.phone_id
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = bucket_problems(&self.bucket_name);
        problems.extend(IMPORT_PATH.problems("object_path", &self.object_path));
        problems
    }
}

/// A restoring of exports in the making; see [`Phones::import_data`](crate::Phones::import_data).
pub type ImportData = Batch<ImportPhoneData>;

/// A restoring of exports takes nothing but its targets.
#[derive(Debug)]
pub struct ImportPhoneData;

impl Sealed for ImportPhoneData {}

impl BatchKind for ImportPhoneData {
    type Target = ImportTarget;
    type Outcome = Outcome;
    type Body = BatchImportCloudPhoneDataRequestBody;

    const OPERATION: &'static str = "BatchImportCloudPhoneData";

    fn body(&self, part: &[&ImportTarget]) -> BatchImportCloudPhoneDataRequestBody {
        let phone = |target: &&ImportTarget| RestoreInfo {
            phone_id: target.phone_id.clone(),
            bucket_name: target.bucket_name.clone(),
            object_path: target.object_path.clone(),
        };
        BatchImportCloudPhoneDataRequestBody { restore_infos: part.iter().map(phone).collect() }
    }

    async fn send(client: Client, body: BatchImportCloudPhoneDataRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.batch_import_cloud_phone_data(&project, &body).await
        });
        Ok(jobs!(call.await?, phone_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(files: &[&str]) -> String {
        ExportTarget::new("p", "mybucket", "a/b.tar", files.iter().copied()).problems().join("; ")
    }

    #[test]
    fn paths_that_may_be_exported() {
        for files in [
            &["/data/app", "/data/local", "/data/media"][..],
            &["/data/app/com.xx.xx-*", "/cache", "/data"],
            &["/data/a+b#c~d=e_f"],
            &["/data/misc", "/data/system", "/data/system_de"],
            &["/data/misc_ce"],
        ] {
            assert_eq!(export(files), "", "{files:?}");
        }
    }

    #[test]
    fn paths_that_may_not() {
        for (files, wrong) in [
            (&[][..], "include_files is empty; name a path to export"),
            (&["data/app"], "include_files `data/app` is no path under /data or /cache"),
            (&["/database"], "include_files `/database` is no path under /data or /cache"),
            (&["/data/*/x"], "include_files `/data/*/x` has a star before its end"),
            (
                &["/data/misc/wifi"],
                "include_files `/data/misc/wifi` is a part of /data/misc, which has to be named as such",
            ),
            (
                &["/data/misc", "/data/system"],
                "include_files has /data/misc, which is exported with /data/system and /data/system_de only",
            ),
            (
                &["/data/a b"],
                "include_files `/data/a b` contains ' '; allowed are the letters a to z and A to Z, digits, . / - _ + # * ~ and =",
            ),
        ] {
            assert_eq!(export(files), wrong);
        }
        assert!(export(&[&format!("/data/{}", "x".repeat(4090))]).is_empty());
        assert!(export(&[&format!("/data/{}", "x".repeat(4091))]).contains("has 4097 bytes"));
        let excluded =
            ExportTarget::new("p", "mybucket", "a.tar", ["/data"]).exclude_files(["app"]);
        assert_eq!(excluded.problems(), ["exclude_files `app` is no path under /data or /cache"]);
    }

    #[test]
    fn buckets_and_paths_in_them() {
        let import = |bucket: &str, path: &str| ImportTarget::new("p", bucket, path).problems();
        assert!(import("my-bucket.1", "Büro/a b.tar").is_empty());
        assert_eq!(
            import("My", ""),
            [
                "bucket_name `My` has 2 characters, at least 3 are needed",
                "bucket_name `My` contains 'M'; allowed are the letters a to z, digits, - and .",
                "object_path has 0 characters, at least 1 are needed",
            ]
        );
        assert!(import(&"b".repeat(63), &"é".repeat(1024)).is_empty());
        assert_eq!(import(&"b".repeat(64), &"é".repeat(1025)).len(), 2);
        let export = ExportTarget::new("p", "mybucket", "a b", ["/data"]).problems();
        assert_eq!(export.len(), 1, "{export:?}");
    }
}
