//! Where a command reads from and writes to.

use std::{
    fmt,
    io::{BufRead, Write},
};

use crate::{Exit, env};

/// Standard input, output and error of a command, and which of them are terminals.
pub struct Console<'a> {
    /// Read for answers to questions, and for `--from -`.
    pub input: &'a mut dyn BufRead,
    /// Takes the data.
    pub out: &'a mut dyn Write,
    /// Takes everything else.
    pub err: &'a mut dyn Write,
    /// Whether somebody can answer a question.
    pub input_is_terminal: bool,
    /// Whether colours make sense in the data.
    pub out_is_terminal: bool,
    /// Whether a question and a progress bar would be seen.
    pub err_is_terminal: bool,
}

impl Console<'_> {
    /// A line for the reader. Where nobody listens nothing can be said about it either.
    pub(crate) fn note(&mut self, text: impl fmt::Display) {
        let _unheard = writeln!(self.err, "{}", printable(&text.to_string()));
    }

    /// Help and version on standard output, a mistake on standard error.
    pub(crate) fn show_clap(
        &mut self,
        shown: &clap::Error,
        environment: env::Environment<'_>,
    ) -> Exit {
        let is_help = !shown.use_stderr();
        let is_terminal = if is_help { self.out_is_terminal } else { self.err_is_terminal };
        let text = shown.render();
        let text = if is_terminal && !env::is_set(environment, env::NO_COLOR) {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        let stream = if is_help { &mut *self.out } else { &mut *self.err };
        let _unread = stream.write_all(text.as_bytes());
        if is_help { Exit::Done } else { Exit::Usage }
    }
}

/// What a service or a user named may hold anything; a terminal gets no control characters but ends of lines.
pub(crate) fn printable(text: &str) -> String {
    text.replace(|char: char| char.is_control() && char != '\n', "\u{fffd}")
}

impl fmt::Debug for Console<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}
