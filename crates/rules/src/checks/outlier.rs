//! `outlier`: a number unlike the history of its own peers; advice only, and never with money.
//!
//! What is expected is learned from the peers (records of one key) in exact integers: the middle value, and the usual
//! distance from it, at least a tenth of the middle. Rare values far away are candidates. Partition key: `key`.

use tieout_model::{Amount, Code, Severity};

use super::build::{Build, Graded, Refusal, all_present, names};
use super::{Judge, Procedure};
use crate::expr::{Cmp, Expr};
use crate::file::{OutlierFile, Text};
use crate::judge::outlier::{self, Terms};
use crate::plan::{Agg, Join, Plan};
use crate::value::{Dim, Ty};

/// Plans the check.
pub fn plan(file: &OutlierFile, mut build: Build<'_>) -> Result<Procedure, Refusal> {
    let mut extra = build.parts("key", &file.key);
    let key = names(&extra);
    let value = build.number(&file.value);
    extra.push(("~value".to_owned(), value.clone()));
    if build.rule.card.severity != Severity::Advice {
        build.complain(Code::RuleSyntax, &file.value, "an outlier is advice: severity = \"advice\"");
    }
    let mut share = |text: &Text| {
        let amount = text.as_ref().parse::<Amount>().ok().filter(|amount| amount.units > 0);
        if amount.is_none() {
            build.complain(Code::RuleSyntax, text, "a positive number is wanted here, like \"0.02\"");
        }
        amount.map_or((1, 1), |amount| (amount.units, tieout_model::amount::pow10(u32::from(amount.scale))))
    };
    let terms = Terms {
        key: key.clone(),
        points: share(&file.points).0,
        times: share(&file.times),
        share: share(&file.share),
        scale: value.ty.scale(),
    };
    build.settled()?;
    let exception = all_present(extra.iter().map(|(_, part)| part));
    let history = build.history(&file.key, &file.value);
    let on = key.iter().map(|name| (name.clone(), format!("peer{name}"))).collect();
    let narrow = {
        let (history, terms) = (history.clone(), terms.clone());
        move |graded: Plan| rare(graded, &history, &terms)
    };
    let judge = Judge {
        narrow: Some(Box::new(narrow)),
        others: vec![(history, on)],
        decide: Box::new(move |candidates, others| outlier::judge(candidates, &others[0], &terms)),
        ..Judge::default()
    };
    let expected = Some(Expr::null(value.ty));
    build.grade(exception, Graded { extra, expected, stated: Some(value), judge: Some(judge), ..Graded::default() })
}

impl Build<'_> {
    /// How often each value occurs among the peers: `peer~key:<n>`, `peer.value`, `peer.count`.
    fn history(&mut self, key: &[Text], value: &Text) -> Plan {
        let population = self.scope.population.clone();
        let mut inner = Build::over(self, &population);
        let condition = self.rule.file.condition.as_ref().map(|text| inner.truth(text));
        let mut columns = Vec::new();
        for (index, text) in key.iter().enumerate() {
            let part = inner.expr(text);
            columns.push((format!("peer~key:{index}"), part));
        }
        let value = inner.number(value);
        columns.push(("peer.value".to_owned(), value));
        let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        let plan = inner.assemble(None);
        let plan = match condition {
            Some(condition) => plan.filter(condition),
            None => plan,
        };
        plan.project(columns).aggregate(names, vec![("peer.count".to_owned(), Agg::Count)])
    }
}

/// Records whose value is rare among enough peers.
fn rare(graded: Plan, history: &Plan, terms: &Terms) -> Plan {
    let peers: Vec<String> = terms.key.iter().map(|name| format!("peer{name}")).collect();
    let all =
        history.clone().aggregate(peers.clone(), vec![("peer.all".to_owned(), Agg::Sum("peer.count".to_owned()))]);
    let renamed: Vec<(String, Expr)> = all
        .columns()
        .into_iter()
        .map(|column| {
            let name = if column.name == "peer.all" { column.name.clone() } else { format!("of{}", column.name) };
            (name, Expr::col(column.name, column.ty))
        })
        .collect();
    let on = peers.iter().map(|name| (name.clone(), format!("of{name}"))).collect();
    let number = |name: &str| Expr::col_bounded(name, Ty::INT, 1 << 40);
    let few = number("peer.count").times(Expr::int(terms.share.1), Dim::Plain);
    let allowed = number("peer.all").times(Expr::int(terms.share.0), Dim::Plain);
    let rare = history
        .clone()
        .join(all.project(renamed), on, Join::Inner)
        .filter(few.compare(Cmp::Le, allowed).and(number("peer.all").compare(Cmp::Ge, Expr::int(terms.points))));
    let mut on: Vec<(String, String)> = terms.key.iter().map(|name| (name.clone(), format!("peer{name}"))).collect();
    on.push(("~value".to_owned(), "peer.value".to_owned()));
    graded.join(rare, on, Join::Semi)
}
