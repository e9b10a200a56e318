//! What a program shows by accident, and the search for secrets in it.

use std::{
    collections::BTreeSet,
    error::Error,
    fmt::{Debug, Display, Write as _},
    io,
    sync::{Arc, Mutex},
};

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE},
};
use cph::{ClientBuilder, Observer, Part, PartAnswer};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{fmt::format::FmtSpan, util::SubscriberInitExt as _};

/// Everything that is written to it, by whichever task.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Takes down every event and span of every crate, those that log through `log` too, until the guard is dropped. Only
    /// this thread is listened to.
    pub fn capture() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, subscriber.set_default())
    }

    /// All that was written.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// What was shown on purpose: the `Debug` and `Display` of values that a caller has in hand.
#[derive(Debug, Clone, Default)]
pub struct Shown(Arc<Mutex<String>>);

impl Shown {
    /// Shows it in both ways that a text can be shown.
    pub fn text(&self, text: &(impl Display + ?Sized)) {
        writeln!(self.0.lock().unwrap(), "{text}\n{text:#}").unwrap();
    }

    /// Shows it in both ways that a value can be shown.
    pub fn debug(&self, value: &impl Debug) {
        writeln!(self.0.lock().unwrap(), "{value:?}\n{value:#?}").unwrap();
    }

    /// Shows an error with everything behind it.
    pub fn error(&self, error: &cph::Error) {
        self.debug(error);
        self.debug(&error.problems());
        let mut link: Option<&dyn Error> = Some(error);
        while let Some(error) = link {
            self.text(error);
            self.debug(&error);
            link = error.source();
        }
    }

    /// Shows every attempt of the client, as its wire log has it.
    pub fn wire(&self, builder: ClientBuilder) -> ClientBuilder {
        let shown = self.clone();
        builder.wire_log(move |record| {
            shown.debug(record);
            shown.text(&serde_json::to_string(record).unwrap());
        })
    }

    /// All that was shown.
    pub fn all(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Shown {
    fn before(&mut self, part: &Part) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.debug(part);
        Ok(())
    }

    fn after(&mut self, part: &Part, answer: PartAnswer<'_>) {
        self.debug(part);
        self.debug(&answer);
        if let Some(error) = answer.error {
            self.error(error);
        }
    }
}

/// What must not be seen, with its name.
pub type Secrets = BTreeSet<(&'static str, String)>;

/// Fails if a text holds a secret, plain or encoded.
pub fn assert_hidden(secrets: &Secrets, text: &str) {
    assert_eq!(find(secrets, text), None);
}

/// The first secret that a text holds, and the line that it stands in.
pub fn find(secrets: &Secrets, text: &str) -> Option<String> {
    secrets.iter().find_map(|(what, secret)| {
        let form = forms(secret).into_iter().find(|form| text.contains(form.as_str()))?;
        let line = text.lines().find(|line| line.contains(form.as_str())).unwrap_or(text);
        Some(format!("the {what} stands in: {line}"))
    })
}

/// A secret in each form that a text may hold it in.
pub fn forms(secret: &str) -> BTreeSet<String> {
    assert!(secret.len() >= 8, "a shorter one is found by accident");
    let bytes = secret.as_bytes();
    let percent = |byte: &u8, code: String| {
        let plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
        if plain { char::from(*byte).to_string() } else { format!("%{code}") }
    };
    let hex = |upper: bool| {
        let code = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
        bytes.iter().map(code).collect::<String>()
    };
    let mut forms = BTreeSet::from([
        secret.to_owned(),
        // As JSON has it, and `Debug`.
        secret.escape_default().to_string(),
        secret.escape_default().to_string().escape_default().to_string(),
        bytes.iter().map(|byte| percent(byte, format!("{byte:02X}"))).collect(),
        bytes.iter().map(|byte| percent(byte, format!("{byte:02x}"))).collect(),
        url::form_urlencoded::byte_serialize(bytes).collect(),
        hex(true),
        hex(false),
    ]);
    // What comes before decides on how the bytes fall into groups of three; of these, only whole digits are the secret's.
    for before in 0..3 {
        let text = [&[0; 2][..before], bytes].concat();
        let digits = (before * 8).div_ceil(6)..text.len() * 8 / 6;
        for engine in [BASE64_STANDARD, BASE64_URL_SAFE] {
            forms.insert(engine.encode(&text)[digits.clone()].to_owned());
        }
    }
    forms
}
