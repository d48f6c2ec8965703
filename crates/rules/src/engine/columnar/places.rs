//! Rows by a code or a small number, which are places of their own. Codes come in blocks, and a column has some of them only,
//! so that pages which nothing uses are not there.

use tieout_ingest::texts::CODES_A_BLOCK;

use super::vector::NO_ROW;

/// Places that may always be there, however few are used.
const FREE: usize = 1 << 16;

/// A row for each place, `NO_ROW` where there is none.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Which page the places of a block are on.
    pages: Vec<u32>,
    rows: Vec<u32>,
}

impl Places {
    /// The row of a place.
    #[inline]
    pub fn get(&self, place: usize) -> u32 {
        match self.pages.get(place / CODES_A_BLOCK) {
            Some(&page) if page != NO_ROW => self.rows[page as usize * CODES_A_BLOCK + place % CODES_A_BLOCK],
            _ => NO_ROW,
        }
    }

    /// The row of a place, to be changed.
    #[inline]
    pub fn slot(&mut self, place: usize) -> &mut u32 {
        let block = place / CODES_A_BLOCK;
        if self.pages.get(block).is_none_or(|page| *page == NO_ROW) {
            self.open(block);
        }
        &mut self.rows[self.pages[block] as usize * CODES_A_BLOCK + place % CODES_A_BLOCK]
    }

    #[cold]
    fn open(&mut self, block: usize) {
        if self.pages.len() <= block {
            self.pages.resize(block + 1, NO_ROW);
        }
        self.pages[block] = u32::try_from(self.rows.len() / CODES_A_BLOCK).unwrap_or(NO_ROW);
        self.rows.resize(self.rows.len() + CODES_A_BLOCK, NO_ROW);
    }

    /// Whether a place can be used without too many that are not, `each` times the rows at most.
    #[inline]
    pub fn admits(&self, place: usize, rows: usize, each: usize) -> bool {
        let known = self.pages.get(place / CODES_A_BLOCK).is_some_and(|page| *page != NO_ROW);
        known || self.is_dense(rows, each)
    }

    /// Whether there are at most so many times the rows, with another page.
    pub fn is_dense(&self, rows: usize, each: usize) -> bool {
        self.rows.len() + CODES_A_BLOCK <= (each * rows).max(FREE)
    }

    /// All rows that are there.
    pub fn rows(&self) -> impl Iterator<Item = u32> + '_ {
        self.rows.iter().copied().filter(|row| *row != NO_ROW)
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
        assert_eq!(places.rows.len(), 2 * CODES_A_BLOCK);
        assert_eq!(places.rows().collect::<Vec<_>>(), [9, 7]);
        let full = (0..FREE / CODES_A_BLOCK).all(|block| {
            places.admits(block * CODES_A_BLOCK, 0, 8) && {
                places.slot(block * CODES_A_BLOCK);
                true
            }
        });
        assert!(!full && places.admits(3, 0, 8), "beyond what is free, a page has to be filled");
    }
}
