//! One module for each command.

mod api;
mod bandwidth;
mod change;
mod doctor;
mod encoder;
mod event;
mod follow;
mod image;
mod job;
mod listing;
mod manual;
mod perform;
mod phone;
mod restart;
mod run;
mod schema;
mod selection;
mod server;
mod shared;
#[cfg(feature = "sim")]
mod sim;
mod tables;
mod tag;

use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::{
    Console, Exit,
    args::{Args, Call, Command, Global, Job, Local},
    env,
    exit::Failure,
    output::LogFormat,
    session::Session,
    settings::{Service, Settings},
};

pub(crate) async fn run(
    args: Args,
    settings: Settings,
    environment: env::Environment<'_>,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    log(settings.verbose, args.global.log_format);
    let Args { global, command } = args;
    match command {
        Command::Doctor { assumptions: true } => doctor::assumptions(&settings, console),
        Command::Doctor { assumptions: false } => {
            doctor::doctor(global, &settings, environment, console).await
        }
        Command::Run(command) => {
            Box::pin(run::run(command, global, &settings, environment, console)).await
        }
        Command::Local(command) => local(command, &global, &settings, console).await,
        Command::Call(command) => {
            let session = Session::open(Service::resolve(global, environment)?, &settings).await?;
            let context = Context { session: &session, settings: &settings };
            Box::pin(call(context, *command, console)).await
        }
    }
}

#[cfg_attr(not(feature = "sim"), expect(clippy::unused_async, reason = "only the simulator waits"))]
async fn local(
    command: Local,
    #[cfg_attr(not(feature = "sim"), expect(unused_variables, reason = "only the simulator asks"))]
    global: &Global,
    settings: &Settings,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    match command {
        Local::Code { code } => tables::code(code.as_deref(), settings, console),
        Local::Operation { name } => tables::operation(name.as_deref(), settings, console),
        Local::Property { key } => tables::property(key.as_deref(), settings, console),
        Local::Schema { name } => schema::schema(name, console),
        Local::Completions { shell } => manual::completions(shell, console),
        Local::Man { command } => manual::page(&command, console),
        #[cfg(feature = "sim")]
        Local::Sim(crate::args::Sim::Serve(serve)) => {
            sim::serve(serve, global, settings, console).await
        }
    }
}

async fn call(
    context: Context<'_>,
    command: Call,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    match command {
        Call::Phone(command) => phone::run(context, command, console).await,
        Call::Server(command) => server::run(context, command, console).await,
        Call::Image(command) => image::run(context, command, console).await,
        Call::Tag(command) => tag::run(context, command, console).await,
        Call::Event(command) => event::run(context, command, console).await,
        Call::Bandwidth(command) => bandwidth::run(context, command, console).await,
        Call::Encoder(command) => encoder::run(context, command, console).await,
        Call::SharedFile(command) => shared::files(context, command, console).await,
        Call::SharedApp(command) => shared::apps(context, command, console).await,
        Call::Job(Job::List { request_ids }) => job::list(context, &request_ids, console).await,
        Call::Job(Job::Wait { calls, job_timeout }) => {
            job::wait(context, &calls, job_timeout, console).await
        }
        Call::Job(Job::Show { job_id }) => job::show(context, &job_id, console).await,
        Call::Api(args) => api::run(context, args, console).await,
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

/// `server 1234…`, or how many there are where that says more.
pub(crate) fn named(ids: &[String], what: &str) -> String {
    match ids {
        [one] => format!("{what} {one}"),
        [one, two] => format!("{what}s {one} and {two}"),
        _ => counted(ids.len(), what),
    }
}

/// Logs go to standard error, where the run's own thread writes them too.
fn log(verbose: u8, format: LogFormat) {
    let level = match verbose {
        0 => return,
        1 => tracing::Level::INFO,
        2 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    // Ours alone: what libraries log of the wire may hold secrets.
    let ours = Targets::new().with_target("cph", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    // A process has one log; a second command in it, as in tests, shares it.
    let _shared = tracing_subscriber::registry().with(lines.with_filter(ours)).try_init();
}
