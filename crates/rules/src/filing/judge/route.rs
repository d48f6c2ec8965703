//! Where a line is taxed: state, scope, the day that governs, and who taxes there.

use tieout_model::Date;
use tieout_model::filing::Cell;

use super::super::place::Found;
use super::super::reference::Level;
use super::super::sale::{Document, NONE, Sale, Supply};
use super::{Judge, Stack, Stop};

impl Judge<'_> {
    /// State, addresses of origin and destination, the scope of the sourcing rule, and whether the sale stays in one state.
    pub(super) fn route(&self, document: &Document, sale: &Sale) -> Result<(String, u32, u32, String, bool), Stop> {
        let address = |code: u32| self.sales.addresses.get(code as usize);
        let state_of = |code: u32| {
            let address = address(code)?;
            self.reference.state_of_address(&address.country, &address.subdivision)
        };
        let unassigned = |words: &str| Stop(Cell::Unassigned, words.to_owned());
        let is_picked_up = document.is_picked_up || sale.to != NONE && sale.to == document.from;
        if is_picked_up {
            let state = state_of(document.from)
                .ok_or_else(|| unassigned("picked up, and the counter's address is not known"))?;
            return Ok((state, document.from, document.from, "pick_up".to_owned(), true));
        }
        let by_biller = self.sales.names.option(sale.jurisdiction).and_then(|id| self.reference.jurisdiction(id));
        let by_biller = by_biller.and_then(|at| self.reference.top(at));
        let by_biller = by_biller.and_then(|top| self.reference.jurisdictions[top as usize].subdivision.clone());
        let state = state_of(sale.to).or(by_biller);
        let state = state.ok_or_else(|| unassigned("no ship-to address and no jurisdiction of the biller's"))?;
        let origin = state_of(document.from);
        // Of what is no goods, an origin that is not known is where it is used.
        let is_intrastate = origin.as_ref().is_none_or(|origin| *origin == state);
        let scope = match sale.supply {
            Supply::Service => "service",
            Supply::Lease => "lease",
            Supply::Goods => {
                let origin = origin.ok_or_else(|| {
                    unassigned("no ship-from address, so nobody can tell whether the sale is intrastate")
                })?;
                if origin == state { "intrastate" } else { "interstate" }
            }
        };
        Ok((state, document.from, sale.to, scope.to_owned(), is_intrastate))
    }

    /// The day whose rate governs; for a service over a change of rates, when its period starts and when it was billed.
    pub(super) fn governing(
        &self,
        document: &Document,
        sale: &Sale,
        state: &str,
    ) -> Result<(Date, Option<(Date, Date)>), Stop> {
        let test = |reason: &str| Stop(Cell::NotTested, reason.to_owned());
        let issued = document.issued.or(document.tax_point).ok_or_else(|| test("no day of issue"))?;
        let tax_point = document.tax_point.unwrap_or(issued);
        let lacks = |what: &str| test(&format!("the {what} date governs in {state}, and it is missing"));
        Ok(match self.reference.date_basis(state, sale.supply.name(), tax_point) {
            None | Some("tax_point") => (tax_point, None),
            Some("invoice") => (issued, None),
            Some("delivery") => (sale.delivered.ok_or_else(|| lacks("delivery"))?, None),
            Some("title") => (sale.titled.or(sale.delivered).ok_or_else(|| lacks("title"))?, None),
            Some("order") => (sale.ordered.ok_or_else(|| lacks("order"))?, None),
            Some("service_change") => {
                let start = sale.service_start.or(document.period_start).ok_or_else(|| lacks("service"))?;
                (start, Some((start, issued)))
            }
            Some(other) => return Err(test(&format!("the {other} date governs in {state}, which is not modelled"))),
        })
    }

    /// Who taxes, level by level from where the sourcing rule says.
    pub(super) fn stack(
        &mut self,
        at: u32,
        sale: &Sale,
        (origin, destination): (u32, u32),
        scope: &str,
        state: &str,
        day: Date,
    ) -> Result<(Vec<u32>, bool), Stop> {
        // Where addresses decide, they are asked once for all lines between them.
        let own = if sale.jurisdiction == NONE { at } else { NONE };
        let key = (origin, destination, sale.jurisdiction, own, scope.to_owned(), day);
        if !self.stacks.contains_key(&key) {
            let found = self.find_stack(at, sale, (origin, destination), scope, state, day);
            self.stacks.insert(key.clone(), found);
        }
        self.stacks[&key].clone().map_err(|reason| Stop(Cell::Unassigned, reason))
    }

    fn find_stack(
        &self,
        at: u32,
        sale: &Sale,
        (origin, destination): (u32, u32),
        scope: &str,
        state: &str,
        day: Date,
    ) -> Stack {
        let ask = |code: u32| match self.sales.addresses.get(code as usize) {
            Some(address) => match self.boundaries.find(address, day) {
                Found::Nothing => {
                    self.reference.set(&address.set).map_or(Found::Nothing, |set| Found::Stack(set.clone()))
                }
                found => found,
            },
            None => Found::Nothing,
        };
        let is_resolved = |code: u32| {
            let address = self.sales.addresses.get(code as usize);
            address.is_some_and(|address| matches!(self.boundaries.find(address, day), Found::Stack(_)))
        };
        let level = |one: &u32| self.reference.jurisdictions[*one as usize].level;
        let basis = |one: &u32| {
            let by_origin = self.reference.is_by_origin(state, scope, level(one), day);
            by_origin.ok_or_else(|| format!("no sourcing row for {state}, {scope}, {}", level(one).name()))
        };
        let (from, to) = (ask(origin), if destination == origin { ask(origin) } else { ask(destination) });
        let mut unclear = None;
        // The state taxes by its own rule; a sale within it is in it at both ends.
        let mut stack: Vec<u32> = Vec::new();
        let mut is_whole = true;
        let top = if self.reference.state(state).is_some_and(|top| level(&top) == Level::Country) {
            Level::Country
        } else {
            Level::State
        };
        for wanted in [top, Level::County, Level::City, Level::District] {
            let Some(by_origin) = self.reference.is_by_origin(state, scope, wanted, day) else {
                // Only a level that nobody taxes at needs no row.
                let all = [&from, &to].into_iter().filter_map(|found| match found {
                    Found::Stack(stack) => Some(stack),
                    _ => None,
                });
                if wanted == top || all.flatten().any(|one| level(one) == wanted) {
                    return Err(format!("no sourcing row for {state}, {scope}, {}", wanted.name()));
                }
                continue;
            };
            match if by_origin { &from } else { &to } {
                Found::Stack(found) => stack.extend(found.iter().filter(|one| level(one) == wanted)),
                Found::Unclear(why) => {
                    unclear = Some(why.clone());
                    is_whole = false;
                }
                Found::Nothing => is_whole = false,
            }
        }
        if is_whole {
            let is_verified = is_resolved(origin) || is_resolved(destination);
            return Ok((stack, is_verified));
        }
        // The export's own code, or what its tax rows name.
        let own = self.sales.names.option(sale.jurisdiction).and_then(|id| self.reference.jurisdiction(id));
        let mut assigned: Vec<u32> = own.map(|one| self.reference.chain(one)).unwrap_or_default();
        if assigned.is_empty() {
            let rows = self.taxes.of.get(&at).map(Vec::as_slice).unwrap_or_default();
            let named = rows.iter().filter_map(|row| self.sales.names.option(row.jurisdiction));
            let chains =
                named.filter_map(|id| self.reference.jurisdiction(id)).flat_map(|one| self.reference.chain(one));
            assigned = chains.collect();
        }
        assigned.sort_unstable();
        assigned.dedup();
        if assigned.is_empty() {
            return Err(unclear.unwrap_or_else(|| "no boundary record and no jurisdiction of the biller's".to_owned()));
        }
        for one in &assigned {
            basis(one)?;
        }
        Ok((assigned, false))
    }
}
