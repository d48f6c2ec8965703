//! Which lines of which bills a credit takes back.

use super::document::{Document, Line, THINGS};
use super::{LineLeft, Open, WINDOW_DAYS};

/// A part of a line.
pub(super) struct Taken {
    pub(super) line: usize,
    pub(super) quantity: i128,
    pub(super) amount: i128,
}

/// What a credit takes of one bill.
pub(super) struct Target {
    pub(super) bill: usize,
    pub(super) lines: Vec<Taken>,
}

impl Target {
    /// Net money taken.
    pub(super) fn amount(&self) -> i128 {
        self.lines.iter().map(|taken| taken.amount).sum()
    }
}

impl Open<'_> {
    /// Bills of the credit's customer and currency of which something is left, in order.
    pub(super) fn bills_of<'s>(&'s self, credit: &'s Document) -> impl Iterator<Item = usize> + 's {
        let bills = self.books.of_party(credit);
        bills.filter(|&bill| {
            let document = &self.books.all[bill];
            !document.credit && !document.void && self.gross[bill] > 0
        })
    }
}

/// By what the lines bill: each line of the credit from the nearest earlier bill of the same thing, whole lines before
/// parts. `None` if a line of the credit names nothing that was billed.
pub(super) fn by_thing(open: &Open<'_>, index: usize) -> Option<(&'static str, Vec<Target>)> {
    let credit = &open.books.all[index];
    let mut targets: Vec<Target> = Vec::new();
    let mut tier = None;
    for line in credit.lines.iter().filter(|line| !line.contrary) {
        let (name, bill, at) = THINGS.iter().find_map(|(name, _)| {
            let thing = line.things.iter().find(|thing| thing.0 == *name)?;
            let bills = open.bills_of(credit).filter(|&bill| open.books.all[bill].date <= credit.date);
            let same = bills.flat_map(|bill| {
                let lines = open.books.all[bill].lines.iter().enumerate();
                lines.filter(|(_, own)| own.things.contains(thing)).map(move |(at, _)| (bill, at))
            });
            let same: Vec<(usize, usize)> =
                same.filter(|&(bill, at)| !nothing_left(&targets, open, bill, at)).collect();
            let whole = |&&(bill, at): &&(usize, usize)| {
                let left = left_of(&targets, open, bill, at);
                left.quantity == line.quantity && left.amount == line.amount
            };
            let (bill, at) = same.iter().rev().find(whole).or(same.last()).copied()?;
            Some((*name, bill, at))
        })?;
        tier = tier.or(Some(name));
        take(open, &mut targets, line, bill, at);
    }
    tier.map(|tier| (tier, targets))
}

/// The lines of one bill that a credit takes back: by its line's number, by what it bills, by item and price, by item; what
/// finds no line takes nothing of a line.
pub(super) fn lines_of(open: &Open<'_>, index: usize, bill: usize) -> Target {
    let credit = &open.books.all[index];
    let billed = &open.books.all[bill];
    let mut targets = vec![Target { bill, lines: Vec::new() }];
    if credit.lines.is_empty() && -credit.gross == open.gross[bill] {
        let all = billed.lines.iter().zip(&open.lines[bill]).enumerate();
        let whole = all.map(|(line, (_, left))| Taken { line, quantity: left.quantity, amount: left.amount });
        return Target { bill, lines: whole.collect() };
    }
    for line in credit.lines.iter().filter(|line| !line.contrary) {
        let criteria: [&dyn Fn(&Line) -> bool; 4] = [
            &|own| !line.original.is_null() && own.no == line.original,
            &|own| own.things.iter().any(|thing| line.things.contains(thing)),
            &|own| own.item == line.item && own.price == line.price,
            &|own| own.item == line.item,
        ];
        let found = criteria.iter().find_map(|same| {
            let mut fits = (0..billed.lines.len())
                .filter(|&at| same(&billed.lines[at]) && !nothing_left(&targets, open, bill, at));
            fits.next()
        });
        if let Some(at) = found {
            take(open, &mut targets, line, bill, at);
        }
    }
    targets.swap_remove(0)
}

fn left_of(targets: &[Target], open: &Open<'_>, bill: usize, line: usize) -> LineLeft {
    let mut left = open.lines[bill][line];
    let taken = targets.iter().filter(|target| target.bill == bill).flat_map(|target| &target.lines);
    for taken in taken.filter(|taken| taken.line == line) {
        left.quantity -= taken.quantity;
        left.amount -= taken.amount;
    }
    left
}

fn nothing_left(targets: &[Target], open: &Open<'_>, bill: usize, line: usize) -> bool {
    let left = left_of(targets, open, bill, line);
    left.quantity <= 0 && left.amount <= 0
}

fn take(open: &Open<'_>, targets: &mut Vec<Target>, line: &Line, bill: usize, at: usize) {
    let left = left_of(targets, open, bill, at);
    let taken = Taken {
        line: at,
        quantity: line.quantity.min(left.quantity).max(0),
        amount: line.amount.min(left.amount).max(0),
    };
    match targets.iter_mut().find(|target| target.bill == bill) {
        Some(target) => target.lines.push(taken),
        None => targets.push(Target { bill, lines: vec![taken] }),
    }
}

/// Whole before partial; bills of the same content are interchangeable, so the nearest earlier one stands for them.
pub(super) fn by_content(open: &Open<'_>, index: usize) -> Vec<usize> {
    let all = &open.books.all;
    let credit = &all[index];
    let earlier: Vec<usize> = open
        .bills_of(credit)
        .filter(|&bill| all[bill].date <= credit.date && all[bill].date.add_days(WINDOW_DAYS) >= credit.date)
        .collect();
    let whole: Vec<usize> = earlier
        .iter()
        .copied()
        .filter(|&bill| open.gross[bill] == -credit.gross && all[bill].gross == -credit.gross)
        .collect();
    let same = whole.iter().copied().filter(|&bill| !credit.lines.is_empty() && all[bill].same_content(credit));
    if let Some(nearest) = same.max_by(|&a, &b| all[a].order().cmp(&all[b].order())) {
        return vec![nearest];
    }
    if credit.lines.is_empty() {
        return whole;
    }
    earlier.into_iter().filter(|&bill| open.gross[bill] >= -credit.gross && all[bill].contains(credit)).collect()
}
