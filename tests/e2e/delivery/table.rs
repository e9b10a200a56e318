//! The table as users read it, made of what was measured: `crates/cph/docs/delivery.md`.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use cph::{Delivery, ErrorKind, Fate};
use futures_util::future::{join, join_all};

use super::{
    measure::{ATTEMPTS, Ended},
    rows::{REQUEST_ID, Row, sections},
};

const HEAD: &str = "| seen | the error says | delivery | restart sent again | query sent again | the phone |\n|---|---|---|---|---|---|\n";

/// What is measured of a row.
struct Measured {
    row: Row,
    restart: Ended,
    fate: Fate,
    query: Ended,
}

async fn measure(row: Row) -> Measured {
    let ((restart, fate), query) = join(row.restart(), row.query()).await;
    Measured { row, restart, fate, query }
}

#[tokio::test]
async fn the_table_is_what_calls_do() {
    let rows = sections().into_iter().flat_map(|(_, rows)| rows);
    let (slow, quick): (Vec<_>, Vec<_>) = rows.partition(|row| row.trouble.takes_time());
    // Apart, so that nothing takes the time of those that count it.
    let mut measured = join_all(slow.into_iter().map(measure)).await;
    measured.extend(join_all(quick.into_iter().map(measure)).await);
    let mut page = String::new();
    for (heading, rows) in sections() {
        write!(page, "\n**{heading}**\n\n{HEAD}").unwrap();
        for row in rows {
            let measured = measured.iter().find(|measured| measured.row.seen == row.seen).unwrap();
            measured.check();
            measured.print(&mut page);
        }
    }
    compare(&page);
}

impl Measured {
    /// What must hold of every row, whatever the table says.
    fn check(&self) {
        let Self { row, restart, fate, query } = self;
        let seen = &row.seen;
        assert_eq!(told(restart), told(query), "{seen}");
        assert!(restart.delivery != Delivery::Unknown || restart.sent == 1, "{seen}: sent twice");
        let word = match restart.delivery {
            Delivery::NotSent => "not_sent",
            Delivery::Refused => "refused",
            Delivery::Unknown => "unconfirmed",
        };
        assert_eq!(fate.word(), word, "{seen}");
        for Ended { says, in_full, status, request_id, .. } in [restart, query] {
            // Every answer that began has named the call.
            assert_eq!(request_id.as_deref(), status.map(|_| REQUEST_ID), "{seen}");
            let causes = in_full.strip_prefix(says.as_str()).unwrap_or_else(|| panic!("{in_full}"));
            assert_eq!(causes.is_empty(), row.because.is_empty(), "{seen}: {in_full}");
            // Which of two timers says it first is chance.
            let told = row.because.split(" or ").any(|because| causes.contains(because));
            assert!(told, "{seen}: {in_full}");
            assert!(!in_full.contains("://"), "{seen}: {in_full}");
        }
    }

    fn print(&self, page: &mut String) {
        let Self { row, restart, fate, query } = self;
        let (kind, delivery, _, says) = told(restart);
        let (restarts, queries) = (again(restart), again(query));
        let (seen, word) = (&row.seen, fate.word());
        writeln!(
            page,
            "| {seen} | `{kind:?}`: {says} | `{delivery:?}` | {restarts} | {queries} | `{word}` |"
        )
        .unwrap();
    }
}

/// What the error says, without the id and the times of this call.
fn told(ended: &Ended) -> (ErrorKind, Delivery, Option<u16>, String) {
    let says = ended.says.replace(&format!(" (request {REQUEST_ID})"), "");
    let says = match says.split_once(" within ") {
        Some((what, _)) => format!("{what} in time"),
        None => says,
    };
    (ended.kind, ended.delivery, ended.status, says)
}

/// Whether the request was sent again, in words.
fn again(ended: &Ended) -> String {
    let when = match ended.first_wait {
        // Waits of the client's own making are jittered.
        Some(wait) if wait == Duration::from_secs(wait.as_secs()) => {
            format!("after {} s", wait.as_secs())
        }
        _ => "after growing waits".to_owned(),
    };
    match ended.sent {
        0 | 1 => "no".to_owned(),
        2 => "once, at once".to_owned(),
        ATTEMPTS => format!("yes, {when}"),
        _ => format!("until it is let through, {when}"),
    }
}

/// Compares with the file, or writes it where snapshots are to be written.
fn compare(page: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/cph/docs/delivery.md");
    let page = format!(
        "<!-- Measured; INSTA_UPDATE=always cargo test -p cph-tests --test e2e delivery writes it. -->\n{page}"
    );
    #[expect(clippy::disallowed_methods, reason = "whoever runs the tests asks for new snapshots")]
    let update = std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always");
    if update {
        fs::write(&file, &page).unwrap();
    }
    let printed = fs::read_to_string(&file).unwrap_or_default();
    let differs = page
        .lines()
        .zip(printed.lines().chain(std::iter::repeat("")))
        .find(|(one, other)| one != other);
    assert!(
        page == printed,
        "{} differs; INSTA_UPDATE=always writes it anew: {differs:?}",
        file.display()
    );
}
