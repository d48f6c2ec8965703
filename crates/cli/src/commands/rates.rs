//! `tieout rates`: the rate tables of an engagement, each source by itself and one against the other.

use tieout_model::rates::{RateSource, disagreements};
use tieout_model::{Code, Diagnostic};
use tieout_report::rates::{Compared, Look};

use crate::args::RatesArgs;
use crate::commands::{print, refuse};
use crate::gate::Exit;
use crate::output;
use crate::pipeline::{self, Columns};
use crate::say;

/// Runs the command: 0 it is told, 2 it cannot be.
pub fn run(args: &RatesArgs) -> Exit {
    match look(args) {
        Ok((sources, compared)) => {
            let look = Look {
                on: args.on,
                jurisdiction: args.jurisdiction.as_deref(),
                sources: &sources,
                compared: &compared,
            };
            print(|out| tieout_report::rates::render(&look, out))
        }
        Err(diagnostics) => refuse(&diagnostics),
    }
}

fn look(args: &RatesArgs) -> Result<(Vec<RateSource>, Vec<Compared>), Vec<Diagnostic>> {
    let prepared = pipeline::prepare(&args.path, &args.sources, Columns::All)?;
    let failed = |what: String| vec![Diagnostic::new(Code::OutputFailed, what)];
    let mut sources = Vec::new();
    for source in &prepared.engagement.sources {
        let (store, diagnostics) = pipeline::read_some(&prepared, &args.sources, std::slice::from_ref(source));
        if !store.populations.contains_key("tax_rate") && !pipeline::is_stopped(&diagnostics) {
            continue;
        }
        if pipeline::is_stopped(&diagnostics) {
            return Err(diagnostics);
        }
        // That rates have no control figure is no news here.
        let told: Vec<Diagnostic> = diagnostics.into_iter().filter(|one| one.code != Code::ControlMissing).collect();
        say::complain(&told);
        let name = source.path.get_ref().0.join(", ");
        let rates = tieout_rules::filing::rates(&store, &name)
            .map_err(|error| failed(format!("the rates of {name} cannot be read: {error}")))?;
        sources.push(rates);
    }
    if sources.is_empty() {
        let message = "no source of the engagement gives tax rates".to_owned();
        let help = "add a [[source]] with population = \"tax_rate\", or with `profile = \"sst-rates\"`";
        return Err(vec![Diagnostic::new(Code::EngagementValue, message).help(help)]);
    }
    let mut compared = Vec::new();
    for (at, left) in sources.iter().enumerate() {
        for right in &sources[at + 1..] {
            let list = disagreements(left, right);
            let (left, right) = (left.name.clone(), right.name.clone());
            compared.push(Compared { left, right, list });
        }
    }
    if let Some(file) = &args.out {
        output::to_file(file, |out| tieout_report::rates::table(&compared, out))
            .map_err(|error| failed(format!("`{}` cannot be written: {error}", file.display())))?;
    }
    Ok((sources, compared))
}
