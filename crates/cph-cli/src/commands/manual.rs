//! `cph completions` and `cph man`: both are made from the very arguments that are parsed.

use clap::CommandFactory as _;

use crate::{Console, Exit, args::Args, exit::Failure};

pub(super) fn completions(
    shell: clap_complete::Shell,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "cph", &mut text);
    console.out.write_all(&text)?;
    Ok(Exit::Done)
}

pub(super) fn page(path: &[String], console: &mut Console<'_>) -> Result<Exit, Failure> {
    let mut whole = Args::command();
    whole.build();
    let mut command = &whole;
    for (depth, word) in path.iter().enumerate() {
        command = command.find_subcommand(word).ok_or_else(|| {
            let known: Vec<&str> = command
                .get_subcommands()
                .map(clap::Command::get_name)
                .filter(|name| *name != "help")
                .collect();
            let at = [&["cph".to_owned()], &path[..depth]].concat().join(" ");
            Failure::usage(format!("{at} has no command `{word}`; there are {}", known.join(", ")))
        })?;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text)?;
    console.out.write_all(&text)?;
    Ok(Exit::Done)
}
