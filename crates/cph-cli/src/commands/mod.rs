//! One module for each command.

mod change;
mod follow;
mod job;
mod listing;
mod perform;
mod phone;
mod restart;
mod selection;
#[cfg(feature = "sim")]
mod sim;
mod tables;

use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::{
    Console, Exit,
    args::{Args, Command, Job},
    env,
    exit::Failure,
    session::Session,
    settings::{Service, Settings},
};

pub(crate) async fn run(
    args: Args,
    settings: Settings,
    environment: env::Environment<'_>,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    log(settings.verbose);
    let Args { global, command } = args;
    match command {
        Command::Code { code } => tables::code(code.as_deref(), &settings, console),
        Command::Operation { name } => tables::operation(name.as_deref(), &settings, console),
        Command::Property { key } => tables::property(key.as_deref(), &settings, console),
        #[cfg(feature = "sim")]
        Command::Sim(crate::args::Sim::Serve(serve)) => {
            sim::serve(serve, &global, &settings, console).await
        }
        Command::Phone(command) => {
            let session = Session::open(Service::resolve(global, environment)?, &settings)?;
            let context = Context { session: &session, settings: &settings };
            Box::pin(phone::run(context, command, console)).await
        }
        Command::Job(job) => {
            let session = Session::open(Service::resolve(global, environment)?, &settings)?;
            let context = Context { session: &session, settings: &settings };
            match job {
                Job::List { request_ids } => job::list(context, &request_ids, console).await,
                Job::Show { job_id } => job::show(context, &job_id, console).await,
            }
        }
    }
}

/// What commands that call the service work with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) session: &'a Session,
    pub(crate) settings: &'a Settings,
}

/// `1 phone`, `2 phones`.
pub(crate) fn phones(count: usize) -> String {
    counted(count, "phone")
}

/// `1 server`, `2 servers`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Logs go to standard error, where the run's own thread writes them too.
fn log(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => tracing::Level::INFO,
        2 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    // Ours alone: what libraries log of the wire may hold secrets.
    let ours = Targets::new().with_target("cph", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(ours);
    // A process has one log; a second command in it, as in tests, shares it.
    let _shared = tracing_subscriber::registry().with(lines).try_init();
}
