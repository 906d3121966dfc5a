//! Facts of one kind, each under the number of its record, so that a changed record replaces its fact.
//! Numbers rise nearly with time: pages of them know the span they cover, and an answer looks only at
//! pages that touch its period. Deliberately no tree: a fact costs its own bytes and no more.

use std::collections::VecDeque;

/// Records on a page.
const PAGE: usize = 256;

/// Something that happened at a moment or over a span, in milliseconds.
pub trait Spanned {
    /// From when to when; the same twice for a moment, `i64::MAX` as an end that is not there yet.
    fn span(&self) -> (i64, i64);
}

struct Page<F> {
    earliest: i64,
    latest: i64,
    facts: Vec<Option<F>>,
}

impl<F: Spanned> Page<F> {
    const fn empty() -> Self {
        Self { earliest: i64::MAX, latest: i64::MIN, facts: Vec::new() }
    }

    fn measure(&mut self) {
        let spans = self.facts.iter().flatten().map(Spanned::span);
        (self.earliest, self.latest) = spans.fold((i64::MAX, i64::MIN), |(earliest, latest), (start, end)| (earliest.min(start), latest.max(end)));
    }
}

/// The facts.
pub struct Shelf<F> {
    /// Number of the first page that is kept.
    first: usize,
    pages: VecDeque<Page<F>>,
}

impl<F> Default for Shelf<F> {
    fn default() -> Self {
        Self { first: 0, pages: VecDeque::new() }
    }
}

impl<F: Spanned> Shelf<F> {
    /// Puts a record's fact, or takes it away.
    pub fn put(&mut self, number: u32, fact: Option<F>) {
        let (page, place) = (number as usize / PAGE, number as usize % PAGE);
        // What lies before the first page was forgotten for its age.
        let Some(at) = page.checked_sub(self.first) else { return };
        if at >= self.pages.len() {
            if fact.is_none() {
                return;
            }
            self.pages.resize_with(at + 1, Page::empty);
        }
        let page = &mut self.pages[at];
        if place >= page.facts.len() {
            page.facts.resize_with(place + 1, || None);
        }
        let replaces = page.facts[place].is_some();
        if let Some((start, end)) = fact.as_ref().map(Spanned::span) {
            (page.earliest, page.latest) = (page.earliest.min(start), page.latest.max(end));
        }
        page.facts[place] = fact;
        if replaces {
            page.measure();
        }
    }

    /// The fact of a record.
    pub fn get(&self, number: u32) -> Option<&F> {
        let page = self.pages.get((number as usize / PAGE).checked_sub(self.first)?)?;
        page.facts.get(number as usize % PAGE)?.as_ref()
    }

    /// Facts that touch a period, with the numbers of their records.
    pub fn within(&self, from: i64, to: i64) -> impl Iterator<Item = (u32, &F)> {
        let pages = self.pages.iter().enumerate().filter(move |(_, page)| page.earliest < to && page.latest >= from);
        let facts = pages.flat_map(move |(at, page)| {
            let before = (self.first + at) * PAGE;
            page.facts.iter().enumerate().filter_map(move |(place, fact)| Some((u32::try_from(before + place).unwrap_or(u32::MAX), fact.as_ref()?)))
        });
        facts.filter(move |(_, fact)| {
            let (start, end) = fact.span();
            start < to && end >= from
        })
    }

    /// All facts.
    pub fn all(&self) -> impl Iterator<Item = (u32, &F)> {
        self.within(i64::MIN, i64::MAX)
    }

    /// The earliest moment of any fact.
    pub fn earliest(&self) -> Option<i64> {
        self.pages.iter().map(|page| page.earliest).min().filter(|earliest| *earliest != i64::MAX)
    }

    /// Gives up pages whose facts all ended before a moment.
    pub fn forget_before(&mut self, moment: i64) {
        while self.pages.front().is_some_and(|page| page.latest < moment) {
            self.pages.pop_front();
            self.first += 1;
        }
        // An old fact that is still open keeps its own page, and no other.
        for page in self.pages.iter_mut().filter(|page| page.latest < moment) {
            *page = Page::empty();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Spanned for (i64, i64) {
        fn span(&self) -> (i64, i64) {
            *self
        }
    }

    fn numbers(shelf: &Shelf<(i64, i64)>, from: i64, to: i64) -> Vec<u32> {
        shelf.within(from, to).map(|(number, _)| number).collect()
    }

    #[test]
    fn a_changed_record_replaces_its_fact_and_a_removed_one_takes_it_away() {
        let mut shelf = Shelf::default();
        shelf.put(7, Some((10, i64::MAX)));
        shelf.put(9_000, Some((30, 40)));
        assert_eq!(numbers(&shelf, 1_000, 2_000), [7], "what is open touches everything after its start");
        shelf.put(7, Some((10, 20)));
        assert_eq!((numbers(&shelf, 1_000, 2_000), numbers(&shelf, 0, 31)), (vec![], vec![7, 9_000]));
        shelf.put(7, None);
        assert_eq!((numbers(&shelf, 0, 100), shelf.earliest()), (vec![9_000], Some(30)));
    }

    #[test]
    fn what_ended_long_ago_is_forgotten_and_what_is_open_is_not() {
        let mut shelf = Shelf::default();
        (0..1_000).for_each(|number| shelf.put(number, Some((i64::from(number), i64::from(number) + 1))));
        shelf.put(600, Some((600, i64::MAX)));
        shelf.forget_before(900);
        let kept = numbers(&shelf, i64::MIN, i64::MAX);
        assert!(kept.contains(&600) && kept.contains(&999) && !kept.contains(&400) && !kept.contains(&10));
        shelf.put(3, Some((3, 4)));
        assert!(shelf.get(3).is_none(), "a late correction of what was forgotten stays forgotten");
    }
}
