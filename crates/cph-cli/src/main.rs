//! The `cph` command.

use std::io::{self, IsTerminal as _};

use cph_cli::{Console, Exit};

/// The run has a thread of its own: a reader of our output that pauses must not hold back the fleet.
#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Exit {
    let console = Console {
        input: &mut io::stdin().lock(),
        out: &mut io::stdout().lock(),
        err: &mut io::stderr(),
        input_is_terminal: io::stdin().is_terminal(),
        out_is_terminal: io::stdout().is_terminal(),
        err_is_terminal: io::stderr().is_terminal(),
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the command reads the environment"
    )]
    let environment = |name: &str| std::env::var_os(name);
    cph_cli::run(std::env::args_os(), &environment, console).await
}
