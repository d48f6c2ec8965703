//! Rows by a code or a small number, which are places of their own. Codes come in blocks, and a column has some of them only,
//! so that pages which nothing uses are not there.

use tieout_ingest::texts::CODES_A_BLOCK;

use super::vector::NO_ROW;

/// Places that may always be there, however few are used.
const FREE: usize = 1 << 16;

/// The rows of one block.
type Page = Box<[u32; CODES_A_BLOCK]>;

/// A row for each place, `NO_ROW` where there is none.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// By block.
    pages: Vec<Option<Page>>,
    used: usize,
}

impl Places {
    /// The row of a place.
    #[inline]
    pub fn get(&self, place: usize) -> u32 {
        match self.pages.get(place / CODES_A_BLOCK) {
            Some(Some(page)) => page[place % CODES_A_BLOCK],
            _ => NO_ROW,
        }
    }

    /// The row of a place, to be changed.
    #[inline]
    pub fn slot(&mut self, place: usize) -> &mut u32 {
        let block = place / CODES_A_BLOCK;
        if self.pages.len() <= block {
            self.pages.resize(block + 1, None);
        }
        let page = self.pages[block].get_or_insert_with(|| {
            self.used += 1;
            Box::new([NO_ROW; CODES_A_BLOCK])
        });
        &mut page[place % CODES_A_BLOCK]
    }

    /// Whether a place can be used without too many that are not, `each` times the rows at most.
    #[inline]
    pub fn admits(&self, place: usize, rows: usize, each: usize) -> bool {
        let known = self.pages.get(place / CODES_A_BLOCK).is_some_and(Option::is_some);
        known || self.is_dense(rows, each)
    }

    /// Whether there are at most so many times the rows, with another page.
    pub fn is_dense(&self, rows: usize, each: usize) -> bool {
        (self.used + 1) * CODES_A_BLOCK <= (each * rows).max(FREE)
    }

    /// All rows that are there.
    pub fn rows(&self) -> impl Iterator<Item = u32> + '_ {
        self.pages.iter().flatten().flat_map(|page| page.iter()).copied().filter(|row| *row != NO_ROW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_that_are_used_are_there() {
        let mut places = Places::default();
        let far = 70 * CODES_A_BLOCK + 5;
        *places.slot(far) = 9;
        *places.slot(3) = 7;
        assert_eq!((places.get(far), places.get(3), places.get(far + 1)), (9, 7, NO_ROW));
        assert_eq!((places.get(CODES_A_BLOCK), places.get(usize::MAX)), (NO_ROW, NO_ROW));
        assert_eq!(places.used, 2);
        assert_eq!(places.rows().collect::<Vec<_>>(), [7, 9]);
        let full = (0..FREE / CODES_A_BLOCK).all(|block| {
            places.admits(block * CODES_A_BLOCK, 0, 8) && {
                places.slot(block * CODES_A_BLOCK);
                true
            }
        });
        assert!(!full && places.admits(3, 0, 8), "beyond what is free, a page has to be filled");
    }
}
