//! The columns of a rule's effect: amount, net, tax, party.

use tieout_model::Code;

use super::build::Build;
use crate::expr::Expr;
use crate::file::Text;
use crate::value::{Dim, Ty};

/// `__amount`, `__net`, `__tax`, `__party`, `__rightful`, as far as the rule states them.
pub fn columns(build: &mut Build<'_>) -> Vec<(String, Expr)> {
    let mut columns = Vec::new();
    let rule = build.rule;
    let effect = rule.file.effect.as_ref();
    let party = match effect.and_then(|effect| effect.party.as_ref()) {
        Some(text) => Some(build.expr(text)),
        None => [
            "customer_id",
            "invoice.customer_id",
            "payment.customer_id",
            "credit_note.customer_id",
            "subscription.customer_id",
        ]
        .iter()
        .find_map(|path| build.scope.column(path)),
    };
    if let Some(party) = party {
        columns.push(("__party".to_owned(), party));
    }
    let Some(effect) = effect else { return columns };
    if let Some(text) = &effect.rightful {
        let rightful = build.expr(text);
        columns.push(("__rightful".to_owned(), rightful));
    }
    if let Some(text) = &effect.amount {
        let amount = money(build, text);
        columns.push(("__amount".to_owned(), amount));
    }
    for (name, text) in [("__net", &effect.net), ("__tax", &effect.tax)] {
        let Some(text) = text else { continue };
        // The split is stated where the exports have it; its lack does not keep the rule from running.
        let before = build.missing_so_far();
        let amount = money(build, text);
        if build.forget_missing(before).is_empty() {
            columns.push((name.to_owned(), amount));
        }
    }
    for text in [&effect.above, &effect.below].into_iter().flatten() {
        if tieout_model::EffectClass::parse(text.as_ref()).is_none() {
            let known = tieout_model::EffectClass::ALL.map(tieout_model::EffectClass::name).join(", ");
            build.complain(Code::RuleSyntax, text, format!("`{}` is not one of: {known}", text.as_ref()));
        }
    }
    if let Some(text) = &effect.part
        && !matches!(text.as_ref().as_str(), "gross" | "net" | "tax")
    {
        build.complain(Code::RuleSyntax, text, "a part is `gross`, `net` or `tax`");
    }
    columns
}

fn money(build: &mut Build<'_>, text: &Text) -> Expr {
    let amount = build.number(text);
    let fits = matches!(amount.ty, Ty::Num { dim: Dim::Money | Dim::Plain, scale } if scale <= tieout_model::amount::MONEY_SCALE);
    if !fits && build.diagnostics.is_empty() {
        build.complain(
            Code::RuleType,
            text,
            "an amount of at most six decimals is wanted; round it with `round_money(…)`",
        );
    }
    if fits { amount.widened(tieout_model::amount::MONEY_SCALE) } else { amount }
}
