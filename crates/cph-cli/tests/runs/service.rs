//! A simulator behind a socket, and processes of the command that call it.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use cph_sim::{Assumptions, Serving, SimClock, Simulator};

/// A simulator behind a socket, and what a client of it needs.
pub(crate) struct Service {
    pub(crate) simulator: Simulator,
    environment: Vec<(&'static str, String)>,
    directory: tempfile::TempDir,
    _serving: Serving,
    _runtime: tokio::runtime::Runtime,
}

impl Service {
    /// So many phones, whose time runs so much faster than ours.
    pub(crate) fn start(phones: usize, speed: f64) -> Self {
        let clock = SimClock::scaled(speed);
        let free = Assumptions { calls_per_second: 0, ..Assumptions::default() };
        let builder = Simulator::builder().phones(phones).servers(20).seed(5).clock(clock);
        let simulator = builder.assume(free).build().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let serving = runtime.block_on(simulator.start()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let environment = vec![
            ("HUAWEICLOUD_SDK_AK", simulator.access_key().to_owned()),
            ("HUAWEICLOUD_SDK_SK", simulator.secret_key().to_owned()),
            ("HUAWEICLOUD_SDK_PROJECT_ID", simulator.project().to_owned()),
            ("CPH_REGION", simulator.region().to_owned()),
            ("CPH_ENDPOINT", serving.endpoint()),
            ("XDG_STATE_HOME", directory.path().display().to_string()),
        ];
        Self { simulator, environment, directory, _serving: serving, _runtime: runtime }
    }

    /// A path that only this service's test uses.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment.iter().cloned()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The command with these arguments.
    pub(crate) fn cph(&self, args: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_cph"));
        command.args(args);
        command
    }

    /// A process whose files cannot grow beyond so many blocks of 512 bytes: the system kills it within the write that
    /// would, or with `trap` has the write fail.
    pub(crate) fn limited(&self, trap: &str, blocks: u64, args: &[&str]) -> Command {
        let mut command = self.command("sh");
        let script = format!("{trap} ulimit -c 0; ulimit -f {blocks}; exec \"$@\"");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_cph")]).args(args);
        command
    }

    /// A file that names all phones.
    pub(crate) fn all_phones(&self) -> PathBuf {
        let path = self.path("phones.txt");
        let phones: Vec<String> = self.simulator.phones().iter().map(ToString::to_string).collect();
        fs::write(&path, phones.join("\n")).unwrap();
        path
    }
}
