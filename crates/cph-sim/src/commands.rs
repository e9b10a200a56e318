//! Commands to phones: files, apps, and a tiny shell.

use std::{sync::Arc, time::SystemTime};

use cph_core::limits;
use serde_json::{Value, json};

use crate::{
    changes::short,
    jobs::Kind,
    phones::Phone,
    refusal::Refusal,
    work::{NewJob, Started, Work},
};

const OBS: &str = "obs://";
/// What a content may have besides letters and digits. The pages leave out the space
/// (assumed: command-content-takes-spaces).
const NAME: &str = "_./:-";
const APKS: &str = "_./:- ";
const SHELL: &str = "_./:- ?=&|";
/// How much of what a command prints is kept.
const MAX_OUTPUT_BYTES: usize = 1024;

impl<'a> Work<'a> {
    /// `PushFile`. Assumed: named-files-exist.
    pub(crate) fn push_file(&mut self) -> Result<Value, Refusal> {
        let content = self.content(&["push"], limits::PUSH_FILE_CONTENT_BYTES, NAME)?;
        if !content.starts_with(OBS) || !ends_with(content, ".tar") {
            return Err(Refusal::of("CPS.0118"));
        }
        self.command(|work, phone_id| work.start_command(phone_id, None))
    }

    /// `InstallApk`. Assumed: named-files-exist.
    pub(crate) fn install_apk(&mut self) -> Result<Value, Refusal> {
        let split = self.text("command") == "install-multiple";
        let (max_bytes, max_apks) = if split {
            (limits::INSTALL_APK_MULTIPLE_CONTENT_BYTES, limits::INSTALL_APK_MULTIPLE_APKS)
        } else {
            (limits::INSTALL_APK_CONTENT_BYTES, 1)
        };
        let content = self.content(&["install", "install-multiple"], max_bytes, APKS)?;
        let words = content.split(' ').filter(|word| !word.is_empty());
        let apks: Vec<&str> = words.filter(|word| !word.starts_with('-')).collect();
        let all_in_buckets = apks.iter().all(|apk| apk.starts_with(OBS));
        if !all_in_buckets || !(1..=max_apks).contains(&apks.len()) {
            return Err(Refusal::of("CPS.0118"));
        }
        if !apks.iter().all(|apk| ends_with(apk, ".apk")) {
            return Err(Refusal::of("CPS.0119"));
        }
        let file = apks[0].rsplit('/').next().unwrap_or_default();
        let package = &file[..file.len() - ".apk".len()];
        self.command(|work, phone_id| {
            let job = work.start_command(phone_id, None)?;
            let package = package.to_owned();
            work.change_phone(phone_id, &job, |phone| {
                phone.packages.insert(package);
            });
            Ok(job)
        })
    }

    /// `UninstallApk`.
    pub(crate) fn uninstall_apk(&mut self) -> Result<Value, Refusal> {
        let package = self.content(&["uninstall"], limits::UNINSTALL_APK_CONTENT_BYTES, NAME)?;
        self.command(|work, phone_id| {
            let job = work.start_command(phone_id, None)?;
            let package = package.to_owned();
            work.change_phone(phone_id, &job, move |phone| {
                phone.packages.remove(&package);
            });
            Ok(job)
        })
    }

    /// `RunShellCommand`.
    pub(crate) fn run_shell(&mut self) -> Result<Value, Refusal> {
        let content = self.content(&["shell"], limits::RUN_SHELL_COMMAND_CONTENT_BYTES, SHELL)?;
        let (seed, now) = (self.seed, self.now);
        self.command(|work, phone_id| {
            let output = printed(work.state.phones.named(phone_id)?, content, seed, now);
            work.start_command(phone_id, Some(output))
        })
    }

    /// `RunSyncCommand`: its jobs have ended when it answers (assumed: sync-jobs-are-listed).
    pub(crate) fn run_sync(&mut self) -> Result<Value, Refusal> {
        let content = self.content(&["shell"], limits::RUN_SYNC_COMMAND_CONTENT_BYTES, SHELL)?;
        let mut jobs = Vec::new();
        for (kind, phone_id) in self.command_targets()? {
            // The page has no place for a server in the answer.
            if kind == Kind::Server {
                return Err(self.why_no_phones(&phone_id));
            }
            jobs.push(match self.run_at_once(&phone_id, content) {
                Ok((job_id, output)) => json!({
                    "phone_id": self.name_of(&phone_id),
                    "job_id": job_id,
                    "status": 2,
                    "error_code": "",
                    "error_msg": "",
                    "execute_msg": output,
                }),
                Err(Refusal { code, message, .. }) => json!({
                    "phone_id": self.name_of(&phone_id),
                    "status": -1,
                    "error_code": code,
                    "error_msg": message,
                }),
            });
        }
        Ok(json!({ "jobs": self.in_order(jobs) }))
    }

    fn run_at_once(
        &mut self,
        phone_id: &str,
        content: &str,
    ) -> Result<(Arc<str>, String), Refusal> {
        let output = printed(self.state.phones.named(phone_id)?, content, self.seed, self.now);
        let new = NewJob {
            output: Some(output.clone()),
            is_listed: self.assumptions.sync_jobs_are_listed,
            ..NewJob::new(Kind::Phone, 0..=0)
        };
        let job = self.start_on_phone(phone_id, Phone::check_running, new)?;
        Ok((job.job_id, output))
    }

    fn start_command(
        &mut self,
        phone_id: &str,
        output: Option<String>,
    ) -> Result<Started, Refusal> {
        self.start_on_phone(phone_id, Phone::check_running, NewJob { output, ..short() })
    }

    /// The content of a command, if both may be.
    fn content(
        &self,
        commands: &[&str],
        max_bytes: usize,
        marks: &str,
    ) -> Result<&'a str, Refusal> {
        let content = self.text("content");
        if !commands.contains(&self.text("command")) {
            return Err(Refusal::of("CPS.0117"));
        }
        let allowed = |char: char| char.is_ascii_alphanumeric() || marks.contains(char);
        if content.is_empty() || content.len() > max_bytes || !content.chars().all(allowed) {
            return Err(Refusal::of("CPS.0118"));
        }
        Ok(content)
    }

    /// Gives each phone the command; a server that has none is refused by itself.
    fn command(
        &mut self,
        mut act: impl FnMut(&mut Self, &str) -> Result<Started, Refusal>,
    ) -> Result<Value, Refusal> {
        let targets = self.command_targets()?;
        let mut entries = Vec::new();
        for (kind, id) in &targets {
            let entry = match kind {
                Kind::Phone => act(self, id).map(|job| job.job_id),
                _ => Err(self.why_no_phones(id)),
            };
            entries.push((*kind, id.as_str(), entry));
        }
        self.answer_mixed(entries)
    }

    /// What is said of a server that no phone is on: there is none, or it has none (assumed: unknown-server-is-0159).
    fn why_no_phones(&self, server_id: &str) -> Refusal {
        Refusal::of(if self.state.servers.get(server_id).is_some() {
            "CPS.0081"
        } else {
            "CPS.0097"
        })
    }

    /// The phones that the call names, or else those of its servers; among them the servers that have none.
    fn command_targets(&self) -> Result<Vec<(Kind, String)>, Refusal> {
        let ids = |field| self.targets(field).iter().filter_map(Value::as_str);
        let phones: Vec<_> = ids("phone_ids").map(|id| (Kind::Phone, id.to_owned())).collect();
        if !phones.is_empty() {
            self.check_count(phones.len())?;
            return Ok(phones);
        }
        let mut targets = Vec::new();
        for server_id in ids("server_ids") {
            let before = targets.len();
            let phones = self.state.phones.ids_on(server_id);
            targets.extend(phones.map(|phone_id| (Kind::Phone, phone_id.to_owned())));
            if targets.len() == before {
                targets.push((Kind::Server, server_id.to_owned()));
            }
        }
        if targets.is_empty() { Err(Refusal::of("CPS.0081")) } else { Ok(targets) }
    }
}

fn ends_with(name: &str, suffix: &str) -> bool {
    name.to_ascii_lowercase().ends_with(suffix)
}

/// What a command prints on a phone.
fn printed(phone: &Phone, command: &str, seed: u64, now: SystemTime) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    let mut output = match words.as_slice() {
        ["echo", words @ ..] => words.join(" "),
        ["getprop", "sys.boot_completed"] => "1".to_owned(),
        ["getprop", key] => {
            let property = phone.property(seed);
            let value = property.get(*key).or_else(|| phone.custom_property.get(*key));
            value.cloned().unwrap_or_default()
        }
        ["pm", "list", "packages"] => {
            let lines = phone.packages.iter().map(|package| format!("package:{package}"));
            lines.collect::<Vec<_>>().join("\n")
        }
        ["grep", "btime", "/proc/stat", "&&", "cat", "/proc/1/stat"] => boot_time(phone, now),
        _ => String::new(),
    };
    output.truncate(output.floor_char_boundary(MAX_OUTPUT_BYTES));
    output
}

/// When the machine began, and process 1 of the phone in hundredths of a second after that (assumed: boot-time-of-a-phone).
fn boot_time(phone: &Phone, now: SystemTime) -> String {
    let machine = phone.create_time;
    let ticks = phone.booted(now).duration_since(machine).unwrap_or_default().as_millis() / 10;
    let machine = machine.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    format!("btime {machine}\n1 (init) S 0 0 0 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 {ticks} 0 0")
}
