//! The command line, in process: what commands print, where, and how they end.

mod api;
mod brakes;
mod command;
mod input;
mod mistakes;
mod output;
mod requests;
mod restart;
mod runs;
mod servers;
mod wire_log;

use command::Cph;

/// Runs the rows in turn and holds all that they printed against one snapshot.
async fn check(name: &str, rows: &[&[&str]]) {
    let mut shown = String::new();
    for args in rows {
        shown += &Cph::new(args).run().await.shown();
    }
    insta::assert_snapshot!(name, shown);
}
