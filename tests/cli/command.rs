//! Runs `cph` in process and keeps what it says.

use std::{
    cell::RefCell,
    collections::HashMap,
    io::{self, Write},
    rc::Rc,
};

use cph_cli::Console;
use cph_sim::Simulator;

pub(crate) const FIRST: &str = "a7f3a1c5258347d6b6f1def79e11f2bc";
pub(crate) const SECOND: &str = "1678567b8bab40f93711234cb80d0764";

/// The example request of the vendor's restart page.
pub(crate) const EXAMPLE: &str = r#"{ "phones": [ { "phone_id": "a7f3a1c5258347d6b6f1def79e11f2bc", "property": "{\"phone_num\":\"13666666666\",\"imsi\":\"460021624617113\",\"iccid\":\"42947a38410b137c\",\"wifi_name\":\"test_wifi\"}" }, { "phone_id": "1678567b8bab40f93711234cb80d0764", "property": "{\"phone_num\":\"13666666666\",\"imsi\":\"460021624617113\",\"iccid\":\"42947a38410b137c\",\"wifi_name\":\"test_wifi\"}" } ], "image_id": "1564567b8bab40f34711234cb80d8574" }"#;

/// Where commands that change something keep their runs.
const STATE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/state");

/// A file that lives as long as its handle.
pub(crate) fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// A command that is about to run.
#[derive(Clone)]
pub(crate) struct Cph {
    args: Vec<String>,
    environment: HashMap<String, String>,
    input: String,
    is_terminal: bool,
}

/// What it did.
pub(crate) struct Ran {
    args: Vec<String>,
    pub(crate) exit: u8,
    pub(crate) out: String,
    pub(crate) err: String,
    /// Both in the order in which they were written.
    pub(crate) both: String,
    /// Variables that it asked for.
    pub(crate) looked_up: Vec<String>,
}

impl Cph {
    pub(crate) fn new(args: &[&str]) -> Self {
        let new = Self {
            args: Vec::new(),
            environment: HashMap::new(),
            input: String::new(),
            is_terminal: false,
        };
        new.args(args)
    }

    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(ToString::to_string));
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Keys and a project that suit whoever does not look at them.
    pub(crate) fn keys(self, endpoint: &str) -> Self {
        self.state()
            .variable("CPH_ENDPOINT", endpoint)
            .variable("HUAWEICLOUD_SDK_PROJECT_ID", "0123456789abcdef0123456789abcdef")
            .variable("HUAWEICLOUD_SDK_AK", "AK")
            .variable("HUAWEICLOUD_SDK_SK", "SK")
    }

    pub(crate) fn simulator(self, sim: &Simulator, endpoint: &str) -> Self {
        self.state()
            .variable("CPH_ENDPOINT", endpoint)
            .variable("CPH_REGION", sim.region())
            .variable("HUAWEICLOUD_SDK_PROJECT_ID", sim.project())
            .variable("HUAWEICLOUD_SDK_AK", sim.access_key())
            .variable("HUAWEICLOUD_SDK_SK", sim.secret_key())
    }

    /// A home for run files.
    fn state(self) -> Self {
        self.variable("XDG_STATE_HOME", STATE)
    }

    pub(crate) fn input(mut self, text: &str) -> Self {
        text.clone_into(&mut self.input);
        self
    }

    /// Somebody sits before it and types this.
    pub(crate) fn terminal(mut self, answer: &str) -> Self {
        self.is_terminal = true;
        self.input(answer)
    }

    pub(crate) async fn run(self) -> Ran {
        let out = Shared::default();
        let ran = self.run_into(&mut out.clone()).await;
        Ran { out: out.text(), ..ran }
    }

    /// Standard output goes to `out`; if that is [`Shared`], it is part of `both`.
    pub(crate) async fn run_into(self, out: &mut dyn Write) -> Ran {
        let (err, looked_up) = (Shared::default(), RefCell::new(Vec::new()));
        let lookup = |name: &str| {
            looked_up.borrow_mut().push(name.to_owned());
            self.environment.get(name).map(Into::into)
        };
        BOTH.with_borrow_mut(Vec::clear);
        let console = Console {
            input: &mut self.input.as_bytes(),
            out,
            err: &mut err.clone(),
            input_is_terminal: self.is_terminal,
            out_is_terminal: self.is_terminal,
            err_is_terminal: self.is_terminal,
        };
        let args = std::iter::once("cph").chain(self.args.iter().map(String::as_str));
        let exit = cph_cli::run(args.map(Into::into), &lookup, console).await;
        let both = BOTH.with_borrow(|both| String::from_utf8(both.clone()).unwrap());
        Ran {
            args: self.args,
            exit: exit.code(),
            out: String::new(),
            err: err.text(),
            both,
            looked_up: looked_up.into_inner(),
        }
    }
}

impl Ran {
    /// Everything that a user sees, for a snapshot.
    pub(crate) fn shown(&self) -> String {
        self.shown_as(&self.args.join(" "))
    }

    pub(crate) fn shown_as(&self, command: &str) -> String {
        let Self { exit, out, err, .. } = self;
        filtered(&format!("$ cph {command}\nexit {exit}\n----- stdout\n{out}----- stderr\n{err}\n"))
    }
}

/// The text without what differs from run to run: times, durations, ports, files, and ids that no test has chosen. What
/// stands in a column keeps its width.
pub(crate) fn filtered(text: &str) -> String {
    let is_part = |char: char| char.is_ascii_alphanumeric() || ":.-/_".contains(char);
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|char| !is_part(char)).unwrap_or(from.len()));
        shown += before;
        shown += &without_chance(word);
        rest = after;
    }
    shown += rest;
    let lines: Vec<String> = shown.split('\n').map(without_duration).collect();
    lines.join("\n")
}

fn without_chance(word: &str) -> String {
    const CHOSEN: [&str; 3] = [FIRST, SECOND, "1564567b8bab40f34711234cb80d8574"];

    const HERE: &str = "http://127.0.0.1:";

    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_id = word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_time = word.len() == 20 && word.ends_with('Z') && word.as_bytes()[10] == b'T';
    let is_run = word.len() >= 21
        && word.as_bytes()[8] == b'T'
        && &word[15..17] == "Z-"
        && word.bytes().take(8).all(|byte| byte.is_ascii_digit());
    let is_seconds = word.split_once('.').is_some_and(|(seconds, tenths)| {
        are_digits(seconds) && are_digits(tenths) && tenths.len() == 1
    });
    let is_file =
        word.starts_with(std::env::temp_dir().to_str().unwrap()) || word.starts_with(STATE);
    match word {
        _ if is_id && !CHOSEN.contains(&word) => "x".repeat(32),
        _ if is_run => format!("RUN{}", &word[21..]),
        _ if is_time => "yyyy-mm-ddThh:mm:ssZ".to_owned(),
        _ if is_seconds => word.replace(|char: char| char.is_ascii_digit(), "n"),
        _ if word.starts_with(HERE) => format!("{HERE}PORT"),
        _ if is_file && word.ends_with(':') => "FILE:".to_owned(),
        _ if is_file => "FILE".to_owned(),
        word => word.to_owned(),
    }
}

/// `31 done in 42 s` without the number.
fn without_duration(line: &str) -> String {
    match line.split_once(" in ") {
        Some((before, after)) if after.starts_with(|char: char| char.is_ascii_digit()) => {
            match after.split_once(" s") {
                Some((_, after)) if after.is_empty() || after.starts_with(';') => {
                    format!("{before} in n s{after}")
                }
                _ => line.to_owned(),
            }
        }
        _ => line.to_owned(),
    }
}

thread_local! {
    static BOTH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Keeps what is written, by itself and in [`BOTH`].
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        BOTH.with_borrow_mut(|both| both.extend(bytes));
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
