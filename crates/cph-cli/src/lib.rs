//! The `cph` command as a library: [`run`] is all of it, and a test can call it as `main` does.
//!
//! Data goes to [`Console::out`], everything else to [`Console::err`]; the environment is looked up through a function.

mod args;
mod commands;
mod confirm;
mod console;
mod env;
mod exit;
mod input;
mod output;
mod progress;
mod session;
mod settings;
mod signals;
#[cfg(feature = "sim")]
mod simulator;
mod wire_log;

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _};

pub use console::Console;
pub use exit::Exit;

use crate::{args::Args, settings::Settings};

/// Runs the command with these arguments, the first of which is the name of the program.
///
/// # Cancellation
///
/// Dropping the future stops sending; what was sent goes on at the service.
pub async fn run(
    args: impl IntoIterator<Item = OsString>,
    environment: &dyn Fn(&str) -> Option<OsString>,
    mut console: Console<'_>,
) -> Exit {
    let parsed = Args::command().try_get_matches_from(args);
    let args = match parsed.and_then(|matches| Args::from_arg_matches(&matches)) {
        Ok(args) => args,
        Err(shown) => return console.show_clap(&shown, environment),
    };
    let settings = Settings::resolve(&args.global, environment, &console);
    let wire_log = settings.wire_log.clone();
    let exit = match commands::run(args, settings, environment, &mut console).await {
        Ok(exit) => exit,
        Err(failure) => failure.report(&mut console),
    };
    if let Some(note) = wire_log.and_then(|log| log.note()) {
        console.note(note);
    }
    exit
}
