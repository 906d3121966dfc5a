//! A counter from one reading to the next: on, over its end, begun anew, or back to something that is
//! neither. Pure arithmetic; deliberately without a clock and without pieces.

/// Largest number that a reading holds exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// From one reading to the next, with the counts that lie between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It reads the same.
    Still,
    /// It went on.
    On(i64),
    /// It went over its end and began at 0.
    Rollover(i64),
    /// Somebody, or its control, began it anew.
    Reset(i64),
    /// It jumped back, and nobody knows why.
    Back,
}

/// A reading as a count; `None` where it is none.
pub fn count_of(reading: f64) -> Option<i64> {
    // Whole and in range, so nothing is cut off.
    #[allow(clippy::cast_possible_truncation)]
    (0.0..EXACT).contains(&reading).then_some(reading.floor() as i64)
}

/// What happened between two readings of a counter that begins again at a number of counts, where it does.
pub fn step(before: i64, now: i64, rollover_at: Option<i64>, believable: i64) -> Step {
    if now >= before {
        return if now == before { Step::Still } else { Step::On(now - before) };
    }
    // A quarter of the way round within what the time allows; further, a reset is likelier.
    let over = rollover_at.filter(|end| before < *end).map(|end| now + end - before);
    match (over, rollover_at) {
        (Some(counts), Some(end)) if counts <= believable && counts <= end / 4 => Step::Rollover(counts),
        _ if now == 0 || now <= before / 10 => Step::Reset(now),
        _ => Step::Back,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_a_counter_goes_has_its_name() {
        for (before, now, rollover_at, believable, wanted) in [
            (12, 12, None, 5, Step::Still),
            (12, 15, None, 5, Step::On(3)),
            (12, 9_000, None, 5, Step::On(8_988)),
            (9_998, 3, Some(10_000), 20, Step::Rollover(5)),
            (9_998, 3, None, 20, Step::Reset(3)),
            // So far round nobody comes in the time there was.
            (5_000, 2, Some(10_000), 20, Step::Reset(2)),
            (812, 0, None, 5, Step::Reset(0)),
            (812, 800, None, 5, Step::Back),
            (812, 800, Some(1_000), 5, Step::Back),
            (5, 1, None, 5, Step::Back),
            (1_200, 4, Some(1_000), 20, Step::Reset(4)),
        ] {
            assert_eq!(step(before, now, rollover_at, believable), wanted, "{before} to {now}");
        }
        assert_eq!([count_of(12.0), count_of(-1.0), count_of(1e18), count_of(3.9)], [Some(12), None, None, Some(3)]);
    }
}
