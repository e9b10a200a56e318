//! `cph run`: looking at the files of runs, and going on with them.

mod check;
mod report;
mod resume;
mod show;

use cph::{RecordedRun, RunHeader};

use super::Context;
use crate::{
    Console, Exit,
    args::{Global, Run},
    env,
    exit::Failure,
    session::Session,
    settings::{Service, Settings},
};

pub(super) async fn run(
    command: Run,
    global: Global,
    settings: &Settings,
    environment: env::Environment<'_>,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    match command {
        Run::Show { file } => show::show(&file, settings, console),
        Run::Report { files } => report::report(&files, settings, console),
        Run::Check { file, boot_time } => {
            let run = RecordedRun::read(&file).map_err(Failure::to("read the run file"))?;
            let session = open(run.header(), global, settings, environment).await?;
            run.check(&session.client).map_err(Failure::to("take the run file"))?;
            let context = Context { session: &session, settings };
            check::check(context, &run, boot_time, console).await
        }
        Run::Resume { file, max_errors, yes } => {
            let mut run = cph::RunFile::open(&file).map_err(Failure::to("open the run file"))?;
            let session = open(run.header(), global, settings, environment).await?;
            run.check(&session.client).map_err(Failure::to("take the run file"))?;
            if let Some(errors) = max_errors {
                run.set_max_errors(errors);
            }
            let context = Context { session: &session, settings };
            resume::resume(context, run, &file, yes, console).await
        }
    }
}

/// A session at the endpoint and in the project of the run. Whoever names another means another run.
async fn open(
    header: &RunHeader,
    global: Global,
    settings: &Settings,
    environment: env::Environment<'_>,
) -> Result<Session, Failure> {
    let service = Service::resolve(global, environment)?;
    #[cfg_attr(
        not(feature = "sim"),
        expect(irrefutable_let_patterns, reason = "there is no other")
    )]
    let Service::Real { region, endpoint, project, profile, variables, run_files } = service else {
        return Err(Failure::usage(
            "the simulation of --sim begins with the command and knows no earlier run: \
             use a simulator that stays, with `cph sim serve`",
        ));
    };
    if header.simulator() {
        return Err(Failure::usage(
            "the run was one of --sim, whose simulation ended with the command: \
             use a simulator that stays, with `cph sim serve`",
        ));
    }
    let project = project.or(env::value(environment, "HUAWEICLOUD_SDK_PROJECT_ID")?);
    let said = [
        ("endpoint", endpoint, Some(header.endpoint())),
        ("region", region, header.region()),
        ("project", project, Some(header.project())),
    ];
    let problems: Vec<String> = said
        .into_iter()
        .filter_map(|(what, said, theirs)| {
            let (said, theirs) = (said?, theirs.unwrap_or("none"));
            let differ = said.trim_end_matches('/') != theirs.trim_end_matches('/');
            differ.then(|| {
                format!("the run file is for {what} {theirs}, flags or environment say {said}")
            })
        })
        .collect();
    if !problems.is_empty() {
        return Err(Failure::Usage(problems));
    }
    let service = Service::Real {
        region: header.region().map(str::to_owned),
        endpoint: Some(header.endpoint().to_owned()),
        project: Some(header.project().to_owned()),
        profile,
        variables,
        run_files,
    };
    Session::open(service, settings).await
}

/// Such as `run 20261124T191105Z-3f9a: RestartCloudPhone of 2000 phones in cn-north-4 at https://…, project 0f51…`.
fn told(run: &RecordedRun) -> String {
    let header = run.header();
    let region = header.region().map(|region| format!("in {region} ")).unwrap_or_default();
    let simulated = if header.simulator() { " (simulator)" } else { "" };
    format!(
        "run {}: {} of {} {region}at {}, project {}{simulated}",
        header.run_id(),
        header.operation(),
        super::counted(header.targets(), "target"),
        header.endpoint(),
        header.project(),
    )
}
