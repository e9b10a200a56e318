//! Asking before much is changed.

use crate::{Console, exit::Failure};

/// Whether to go on: as answered on a terminal; without one there must have been `--yes`.
pub(crate) fn confirm(console: &mut Console<'_>, question: &str) -> Result<bool, Failure> {
    if !(console.input_is_terminal && console.err_is_terminal) {
        return Err(Failure::usage(format!(
            "without a terminal to ask on, --yes is needed to {question}; nothing was sent"
        )));
    }
    let mut answer = String::new();
    let asked = write!(console.err, "{question}? [y/N] ")
        .and_then(|()| console.err.flush())
        .and_then(|()| console.input.read_line(&mut answer));
    Ok(asked.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes"))
}
