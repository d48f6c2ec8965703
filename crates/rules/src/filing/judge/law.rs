//! What of a line is taxed there, and at which rate.

use std::collections::HashMap;

use tieout_model::amount::{MONEY_SCALE, QUANTITY_SCALE, div_units, pow10, round_units};
use tieout_model::filing::Cell;
use tieout_model::{Date, Rounding};

use super::super::reference::Lack;
use super::super::sale::Sale;
use super::{Judge, Law, Stop, Treatment};

impl Judge<'_> {
    /// The law of a stack for a category, once for all lines alike.
    pub(super) fn laws(
        &mut self,
        stack: &[u32],
        sale: &Sale,
        is_intrastate: bool,
        day: Date,
        span: Option<(Date, Date)>,
    ) -> Result<Vec<Law>, Stop> {
        let category = if self.reference.taxability.is_some() { sale.category } else { sale.biller };
        let key = (stack.to_vec(), category, sale.supply, is_intrastate, day, span);
        if !self.laws.contains_key(&key) {
            let found = self.find_laws(stack, category, is_intrastate, day, span);
            self.laws.insert(key.clone(), found);
        }
        self.laws[&key].clone().map_err(|reason| Stop(Cell::NotTested, reason))
    }

    fn find_laws(
        &self,
        stack: &[u32],
        category: u32,
        is_intrastate: bool,
        day: Date,
        span: Option<(Date, Date)>,
    ) -> Result<Vec<Law>, String> {
        let category = self.sales.names.option(category);
        let scope = if is_intrastate { "intrastate" } else { "interstate" };
        let mut laws = Vec::new();
        for one in stack.iter().copied() {
            let place = &self.reference.jurisdictions[one as usize];
            let (treatment, is_reduced) = if self.reference.taxability.is_some() {
                let category = category.ok_or_else(|| "the item has no tax category".to_owned())?;
                self.treatment(one, category, day)?
            } else {
                // The biller's word, which the papers say is not verified.
                let free = ["exempt", "nontaxable", "E", "AE", "K", "G", "O", "Z"];
                let is_free = category.is_some_and(|word| free.contains(&word));
                (if is_free { Treatment::Free } else { Treatment::Taxed }, false)
            };
            let class = match category {
                Some("food" | "drug" | "food_drug") => "food_drug",
                _ if is_reduced => "reduced",
                _ => "general",
            };
            let rate = self.rate(one, class, scope, day, span).map_err(|lack| match lack {
                Lack::None => format!("no rate of {} ({class}, {scope}) is in force on {day}", place.id),
                Lack::Several => format!("several rates of {} ({class}, {scope}) are in force on {day}", place.id),
            })?;
            let holiday = category.and_then(|category| self.reference.holiday(one, category, day));
            laws.push(Law { jurisdiction: one, rate, treatment, holiday: holiday.map(|holiday| holiday.threshold) });
        }
        Ok(laws)
    }

    /// The rate on a day. Over a change, an increase governs services whose period starts on or after it, a decrease those
    /// that are billed on or after it (SSUTA 329).
    fn rate(&self, one: u32, class: &str, scope: &str, day: Date, span: Option<(Date, Date)>) -> Result<usize, Lack> {
        let Some((start, issued)) = span else { return self.reference.rate(one, class, scope, day) };
        let mut row = self.reference.rate(one, class, scope, start.min(issued))?;
        let (low, high) = (start.min(issued), start.max(issued));
        let changes: Vec<Date> = self
            .reference
            .rates_of(one, class, scope)
            .filter(|rate| low < rate.from && rate.from <= high)
            .map(|rate| rate.from)
            .collect();
        for change in changes {
            let next = self.reference.rate(one, class, scope, change)?;
            let is_increase = self.reference.rates[next].rate > self.reference.rates[row].rate;
            if if is_increase { start >= change } else { issued >= change } {
                row = next;
            }
        }
        Ok(row)
    }

    fn treatment(&self, one: u32, category: &str, day: Date) -> Result<(Treatment, bool), String> {
        let place = &self.reference.jurisdictions[one as usize].id;
        let row = self.reference.taxability(one, category, day).map_err(|lack| match lack {
            Lack::None => format!("the taxability table says nothing of {category} in {place}"),
            Lack::Several => format!("the taxability table contradicts itself on {category} in {place}"),
        })?;
        let is_reduced = row.treatment == "reduced";
        let plain = match row.treatment.as_str() {
            "taxable" | "reduced" | "included_in_price" => Treatment::Taxed,
            "exempt" | "excluded_from_price" => Treatment::Free,
            "follows_goods" => Treatment::AsGoods,
            other => return Err(format!("the treatment {other} of {category} in {place} is not known")),
        };
        let treatment = match (row.condition.as_deref(), row.threshold, plain) {
            // A line of its own is separately stated.
            (None | Some("separately_stated"), None, plain) => plain,
            (Some("over_threshold"), Some(threshold), Treatment::Taxed) => Treatment::Above(threshold),
            (Some("under_threshold"), Some(threshold), Treatment::Free) => Treatment::UpTo(threshold),
            (condition, _, _) => {
                let condition = condition.unwrap_or("threshold");
                return Err(format!("the condition {condition} of {category} in {place} is not modelled"));
            }
        };
        Ok((treatment, is_reduced))
    }

    /// What of a line is taxed, and whether a holiday spares it.
    pub(super) fn base(
        &self,
        law: &Law,
        net: i128,
        sale: &Sale,
        goods: &HashMap<u32, (i128, i128)>,
    ) -> Result<(i128, bool), Stop> {
        let test = |reason: &str| Stop(Cell::NotTested, reason.to_owned());
        // Is the price of one article at most `threshold`? Net and quantity have the same sign.
        let is_within = |threshold: i128| -> Result<bool, Stop> {
            let quantity = sale.quantity.filter(|units| *units != 0);
            let quantity =
                quantity.ok_or_else(|| test("`quantity` is missing, and the price of an article decides"))?;
            Ok(net.abs() * pow10(u32::from(QUANTITY_SCALE)) <= threshold * i128::from(quantity).abs())
        };
        if let Some(threshold) = law.holiday
            && law.treatment != Treatment::Free
            && threshold.map_or(Ok(true), is_within)?
        {
            return Ok((0, true));
        }
        let base = match law.treatment {
            Treatment::Taxed => net,
            Treatment::Free => 0,
            Treatment::UpTo(threshold) => {
                if is_within(threshold)? {
                    0
                } else {
                    net
                }
            }
            Treatment::Above(threshold) => {
                if is_within(threshold)? {
                    0
                } else {
                    let quantity = i128::from(sale.quantity.unwrap_or(0));
                    net - round_units(threshold * quantity, u32::from(QUANTITY_SCALE), Rounding::HalfUp)
                }
            }
            Treatment::AsGoods => {
                let (taxed, all) = goods.get(&law.jurisdiction).copied().unwrap_or((0, 0));
                if all == 0 {
                    return Err(test("freight follows the goods, and the document bills none"));
                }
                let drop = u32::from(MONEY_SCALE - self.places);
                let share = div_units(net * taxed, all, Rounding::HalfUp);
                round_units(share, drop, Rounding::HalfUp) * pow10(drop)
            }
        };
        Ok((base, false))
    }
}
