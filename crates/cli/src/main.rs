//! `tieout`: arguments, engagement file, progress, exit code. What an audit is, the other crates know.

mod allocator;
mod args;
mod baseline;
mod commands;
mod engagement;
mod gate;
mod interrupt;
mod output;
mod pipeline;
mod progress;
mod register;
mod say;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Cli, Command};
use tieout_model::register::Step;

fn main() -> ExitCode {
    let command = Cli::parse().command;
    if matches!(command, Command::Audit(_) | Command::Return(_)) {
        allocator::keep_freed_memory();
    }
    interrupt::answer();
    let exit = match command {
        Command::Audit(args) => commands::audit::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Rules(command) => commands::rules::run(&command),
        Command::Compare(args) => commands::compare::run(&args),
        Command::Correct(args) => commands::correct::run(&args),
        Command::Signoff(args) => commands::signoff::run(&args),
        Command::Register(args) => commands::register::run(&args),
        Command::Approve(args) => commands::register::step(&args, Step::Approved),
        Command::Told(args) => commands::register::step(&args, Step::Told),
        Command::Withdraw(args) => commands::register::step(&args, Step::Withdrawn),
        Command::Rates(args) => commands::rates::run(&args),
        Command::Return(args) => commands::returns::run(&args),
        Command::Chase(args) => commands::chase::run(&args),
        Command::Complaints(args) => commands::complaints::run(&args),
        Command::Customer(args) => commands::customer::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "tieout", &mut script);
            commands::print(|out| out.write_all(&script))
        }
    };
    exit.into()
}
