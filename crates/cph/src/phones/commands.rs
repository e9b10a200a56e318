//! Commands to phones: files, apps, and the shell.

use cph_core::{JobStatus, limits};
use cph_raw::types::{RunSyncCommandRequestBody, SendPhoneCommandRequestBody};

use crate::text::{TextRule, shown};
use crate::{
    Batch, Client, Entry, Outcome, Problem, Result,
    batch::{
        Answer,
        builder::{BatchKind, sealed::Sealed},
        jobs,
    },
};

const OBS: &str = "obs://";

/// What names a file in a bucket or an app, documented on pages `cph_api_0529`, `cph_api_0530` and `cph_api_0531`.
const NAME: TextRule = TextRule {
    min: 1,
    max: limits::PUSH_FILE_CONTENT_BYTES,
    unit: "bytes",
    allows: |char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.' | '/' | ':' | '-'),
    allowed: "the letters a to z and A to Z, digits, _ . / : and -",
};

/// Apks, and options before them. The page leaves out the space, which stands in its examples.
/// Assumed: command-content-takes-spaces.
const APKS: TextRule = TextRule {
    allows: |char| (NAME.allows)(char) || char == ' ',
    allowed: "the letters a to z and A to Z, digits, spaces, _ . / : and -",
    ..NAME
};

/// A shell command. The newest SDK allows more than page `cph_api_0532`, and both leave out the space of their examples.
const SHELL: TextRule = TextRule {
    allows: |char| (APKS.allows)(char) || matches!(char, '?' | '=' | '&' | '|'),
    allowed: "the letters a to z and A to Z, digits, spaces, _ . / : - ? = & and |",
    ..NAME
};

/// Declares a command that each phone runs as a job.
macro_rules! command {
    ($(#[$doc:meta])* $batch:ident, $kind:ident, $operation:literal) => {
        $(#[$doc])*
        pub type $batch = Batch<$kind>;

        /// What all phones of the batch are told.
        #[derive(Debug)]
        pub struct $kind(Command);

        impl Sealed for $kind {}

        impl BatchKind for $kind {
            type Target = String;
            type Outcome = Outcome;
            type Body = SendPhoneCommandRequestBody;

            const OPERATION: &'static str = $operation;

            fn check(&self, problems: &mut Vec<Problem>) {
                problems.extend(self.0.problems().into_iter().map(Problem::new));
            }

            fn body(&self, part: &[&String]) -> SendPhoneCommandRequestBody {
                SendPhoneCommandRequestBody {
                    command: self.0.name().to_owned(),
                    content: self.0.content.clone(),
                    phone_ids: part.iter().map(ToString::to_string).collect(),
                    server_ids: Vec::new(),
                }
            }

            async fn send(client: Client, body: SendPhoneCommandRequestBody) -> Result<Answer> {
                let call = client.call(Self::OPERATION, async |raw, project| {
                    raw.send_phone_command(&project, &body).await
                });
                Ok(jobs!(call.await?, phone_id))
            }
        }
    };
}

command!(
    /// A push of a file in the making; see [`Phones::push_file`](crate::Phones::push_file).
    PushFile, PushFileToPhones, "PushFile"
);
command!(
    /// An installation in the making; see [`Phones::install_apk`](crate::Phones::install_apk).
    InstallApk, InstallApkOnPhones, "InstallApk"
);
command!(
    /// A removal of an app in the making; see [`Phones::uninstall_apk`](crate::Phones::uninstall_apk).
    UninstallApk, UninstallApkFromPhones, "UninstallApk"
);
command!(
    /// A shell command in the making; see [`Phones::run_shell`](crate::Phones::run_shell).
    RunShell, RunShellOnPhones, "RunShellCommand"
);

impl PushFileToPhones {
    pub(super) fn new(content: String) -> Self {
        Self(Command { verb: Verb::Push, content })
    }
}

impl InstallApkOnPhones {
    pub(super) fn new(content: String) -> Self {
        Self(Command { verb: Verb::Install, content })
    }

    pub(super) fn split(contents: &[String]) -> Self {
        Self(Command { verb: Verb::InstallMultiple, content: contents.join(" ") })
    }
}

impl UninstallApkFromPhones {
    pub(super) fn new(package: String) -> Self {
        Self(Command { verb: Verb::Uninstall, content: package })
    }
}

impl RunShellOnPhones {
    pub(super) fn new(content: String) -> Self {
        Self(Command { verb: Verb::Shell, content })
    }
}

#[derive(Debug)]
struct Command {
    verb: Verb,
    content: String,
}

#[derive(Debug, Clone, Copy)]
enum Verb {
    Push,
    Install,
    InstallMultiple,
    Uninstall,
    Shell,
    /// The shell, answered at once.
    ShellSync,
}

impl Command {
    fn name(&self) -> &'static str {
        match self.verb {
            Verb::Push => "push",
            Verb::Install => "install",
            Verb::InstallMultiple => "install-multiple",
            Verb::Uninstall => "uninstall",
            Verb::Shell | Verb::ShellSync => "shell",
        }
    }

    fn rule(&self) -> TextRule {
        let (max, rule) = match self.verb {
            Verb::Push => (limits::PUSH_FILE_CONTENT_BYTES, NAME),
            Verb::Install => (limits::INSTALL_APK_CONTENT_BYTES, APKS),
            Verb::InstallMultiple => (limits::INSTALL_APK_MULTIPLE_CONTENT_BYTES, APKS),
            Verb::Uninstall => (limits::UNINSTALL_APK_CONTENT_BYTES, NAME),
            Verb::Shell => (limits::RUN_SHELL_COMMAND_CONTENT_BYTES, SHELL),
            Verb::ShellSync => (limits::RUN_SYNC_COMMAND_CONTENT_BYTES, SHELL),
        };
        TextRule { max, ..rule }
    }

    /// What is wrong with it; the content itself is never quoted.
    fn problems(&self) -> Vec<String> {
        let content = &self.content;
        let mut problems = self.rule().problems("content", content);
        let apks = content.split(' ').filter(|word| word.starts_with(OBS)).count();
        let most = limits::INSTALL_APK_MULTIPLE_APKS;
        let mut words = content.split(' ');
        let stray = words.find(|word| !word.starts_with(OBS) && !word.starts_with('-'));
        let problem = match self.verb {
            Verb::Push
                if !content.starts_with(OBS) || !content.to_ascii_lowercase().ends_with(".tar") =>
            {
                "content is no tar file in a bucket, such as obs://BUCKET/PATH/FILE.tar".to_owned()
            }
            Verb::Install | Verb::InstallMultiple if apks == 0 => {
                "content names no apk in a bucket, such as obs://BUCKET/PATH/FILE.apk".to_owned()
            }
            Verb::Install | Verb::InstallMultiple if stray.is_some() => {
                format!(
                    "content has {}, neither an apk in a bucket nor an option",
                    shown(stray.unwrap_or_default())
                )
            }
            Verb::Install if apks > 1 => format!(
                "content names {apks} apks; allowed is one, and several only as one app that is split"
            ),
            Verb::InstallMultiple if apks > most => {
                format!("content names {apks} apks; at most {most} are allowed")
            }
            _ => return problems,
        };
        problems.push(problem);
        problems
    }
}

/// A shell command that is answered at once, in the making; see [`Phones::run_sync`](crate::Phones::run_sync).
pub type RunSync = Batch<RunSyncOnPhones>;

/// What all phones of the batch are told.
#[derive(Debug)]
pub struct RunSyncOnPhones(Command);

impl RunSyncOnPhones {
    pub(super) fn new(content: String) -> Self {
        Self(Command { verb: Verb::ShellSync, content })
    }
}

impl Sealed for RunSyncOnPhones {}

impl BatchKind for RunSyncOnPhones {
    type Target = String;
    type Outcome = Outcome;
    type Body = RunSyncCommandRequestBody;

    const OPERATION: &'static str = "RunSyncCommand";
    /// Few calls a minute are allowed.
    const IN_FLIGHT: usize = 1;

    fn check(&self, problems: &mut Vec<Problem>) {
        problems.extend(self.0.problems().into_iter().map(Problem::new));
    }

    fn body(&self, part: &[&String]) -> RunSyncCommandRequestBody {
        RunSyncCommandRequestBody {
            command: self.0.name().to_owned(),
            content: self.0.content.clone(),
            phone_ids: part.iter().map(ToString::to_string).collect(),
            server_ids: Vec::new(),
        }
    }

    async fn send(client: Client, body: RunSyncCommandRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.run_sync_command(&project, &body).await
        });
        let reply = call.await?;
        let entries = reply.body.jobs.unwrap_or_default().into_iter().map(|job| Entry {
            target: job.phone_id,
            job_id: job.job_id,
            error_code: job.error_code,
            error_msg: job.error_msg,
            status: job.status.map(JobStatus::from_code),
            execute_msg: job.execute_msg,
        });
        Ok(Answer::new(reply.body.request_id, reply.request_id, entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials;

    fn problems(verb: Verb, content: &str) -> String {
        Command { verb, content: content.to_owned() }.problems().join("; ")
    }

    #[test]
    fn what_the_pages_show_passes() {
        for (verb, content) in [
            (Verb::Push, "obs://push-bucket/my_apps/test.tar"),
            (Verb::Install, "-t -r obs://push-bucket/my_apps/test.apk"),
            (Verb::InstallMultiple, "-t -r obs://push-bucket/a.apk obs://push-bucket/b.apk"),
            (Verb::Uninstall, "com.myapp.test"),
            (Verb::Shell, "ls -l /system"),
            (Verb::ShellSync, "a=b & c | d?"),
        ] {
            assert_eq!(problems(verb, content), "");
        }
    }

    #[test]
    fn what_they_forbid_does_not() {
        for (verb, content, wrong) in [
            (Verb::Push, "obs://b/a.zip", "content is no tar file in a bucket"),
            (Verb::Push, "/sdcard/a.tar", "content is no tar file in a bucket"),
            (Verb::Install, "-r", "content names no apk in a bucket"),
            (Verb::Install, "obs://b/a.apk obs://b/b.apk", "content names 2 apks; allowed is one"),
            (Verb::Uninstall, "com.a com.b", "content contains ' '; allowed are"),
            (Verb::Uninstall, "", "content has 0 bytes, at least 1 are needed"),
            (Verb::Shell, "echo $HOME", "content contains '$'; allowed are"),
            (Verb::ShellSync, "echo ä", "content contains 'ä'; allowed are"),
        ] {
            let found = problems(verb, content);
            assert!(found.starts_with(wrong), "{content}: {found}");
        }
    }

    #[test]
    fn each_command_has_its_own_size() {
        for (verb, max) in [
            (Verb::Push, 1024),
            (Verb::Install, 1024),
            (Verb::InstallMultiple, 8100),
            (Verb::Uninstall, 1024),
            (Verb::Shell, 2048),
            (Verb::ShellSync, 2048),
        ] {
            let content = |bytes: usize| format!("obs://{}.tar", "x".repeat(bytes - 10));
            assert_eq!(problems(verb, &content(max)), "", "{verb:?}");
            assert_eq!(
                problems(verb, &content(max + 1)),
                format!("content has {} bytes, at most {max} are allowed", max + 1)
            );
        }
    }

    #[test]
    fn a_split_app_has_at_most_50_apks() {
        let split = |apks: usize| {
            let apks = (0..apks).map(|apk| format!("{OBS}b/{apk}.apk")).collect::<Vec<_>>();
            InstallApkOnPhones::split(&apks).0.problems()
        };
        assert!(split(1).is_empty() && split(50).is_empty());
        assert_eq!(split(51), ["content names 51 apks; at most 50 are allowed"]);
        assert_eq!(split(0).len(), 2);
    }

    #[tokio::test]
    async fn what_a_command_printed_stands_in_the_answer() {
        let answer = r#"{"request_id": "r", "jobs": [
            {"phone_id": "a", "job_id": "1", "status": -1, "error_code": "CPS.0191", "error_msg": "Run command failed.", "execute_msg": "no such file"},
            {"phone_id": "b", "job_id": "2", "status": 2, "error_code": "", "error_msg": "", "execute_msg": "system"}]}"#;
        let client = Client::builder()
            .region("cn-north-4")
            .project("p")
            .credentials(Credentials::access_key("AK", "SK"))
            .transport(move |_| std::future::ready(http::Response::builder().body(answer.into())))
            .build()
            .unwrap();
        let mut run = client.phones().run_sync(["a", "b"], "ls /system").start().unwrap();
        let mut told = Vec::new();
        while let Some(outcome) = run.next().await {
            told.push((outcome.phone.to_string(), outcome.fate.word(), outcome.output.unwrap()));
        }
        let expected = [("a", "failed", "no such file"), ("b", "done", "system")];
        assert_eq!(
            told,
            expected.map(|(phone, fate, output)| (phone.to_owned(), fate, output.to_owned()))
        );
    }
}
