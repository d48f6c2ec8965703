//! One command a file.

pub mod audit;
pub mod chase;
pub mod check;
pub mod compare;
pub mod complaints;
pub mod correct;
pub mod customer;
pub mod explain;
pub mod rates;
pub mod register;
pub mod returns;
pub mod rules;
mod rules_check;
mod rules_new;
pub mod signoff;
pub mod verify;

use std::io;

use tieout_model::{Code, Diagnostic};

use crate::gate::Exit;
use crate::{output, say};

/// Prints what a command has to say; only a screen that cannot be written to makes it fail.
pub fn print(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Exit {
    match output::to_screen(write) {
        Ok(()) => Exit::Passed,
        Err(error) => {
            let message = format!("the screen cannot be written to: {error}");
            say::complain(&[Diagnostic::new(Code::OutputFailed, message)]);
            Exit::NotAudited
        }
    }
}

/// Says why a command could not do its work.
pub fn refuse(diagnostics: &[Diagnostic]) -> Exit {
    say::complain(diagnostics);
    Exit::NotAudited
}
