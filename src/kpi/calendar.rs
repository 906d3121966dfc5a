//! When a work center is open: its shifts, less what the calendar closes, with overtime. The calendar
//! is taken as it is today; what it was is in the history of its records.

use jiff::tz::TimeZone;

use super::facts::{Center, Facts, ms};
use super::timeline::sweep;
use crate::base::{ClockTime, Date, Time};
use crate::model::plant::Status;
use crate::model::shift::{ExceptionKind, ShiftType};
use crate::model::{CalendarException, Shift};

/// A shift, or hours of overtime, on one day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The pattern; 0 for overtime without one.
    pub shift: u32,
    /// From.
    pub start: i64,
    /// To.
    pub end: i64,
    /// Its break, which has a length and no time of day.
    pub break_ms: i64,
    kind: ShiftType,
}

/// Open time that belongs to one span; openings do not overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// From.
    pub start: i64,
    /// To.
    pub end: i64,
    /// Its span's place.
    pub span: usize,
}

/// A center's open time in a window, and the planned stops that the calendar itself names.
#[derive(Clone, Debug, Default)]
pub struct Hours {
    /// Spans, by which breaks are counted.
    pub spans: Vec<Span>,
    /// Open time, in order.
    pub openings: Vec<Opening>,
    /// Maintenance that the calendar names.
    pub stops: Vec<(i64, i64)>,
}

impl Hours {
    /// The shift that was open at a moment.
    pub fn shift_at(&self, moment: i64) -> Option<u32> {
        let at = self.openings.partition_point(|opening| opening.end <= moment);
        self.openings.get(at).filter(|opening| opening.start <= moment).map(|opening| self.spans[opening.span].shift)
    }
}

/// The calendar of a window of days.
pub struct Calendar<'f> {
    facts: &'f Facts,
    days: Vec<Day<'f>>,
}

/// A day with every active pattern's hours on it, whether or not it opens then.
struct Day<'f> {
    date: Date,
    shifts: Vec<(u32, &'f Shift, i64, i64)>,
}

/// Days before a period whose shifts may decide over a moment in it: a shift is as long as a day, and so is the one it overlaps.
const DAYS_BEFORE: i32 = 3;
const DAYS_AFTER: i32 = 2;

impl<'f> Calendar<'f> {
    /// The calendar that decides over a period.
    pub fn around(facts: &'f Facts, from: i64, to: i64) -> Self {
        let day = |moment: i64| date_of(moment, &facts.zone);
        let (first, last) = (day(from).plus_days(-DAYS_BEFORE), day(to).plus_days(DAYS_AFTER));
        let hours = |date: Date| {
            let active = facts.shifts.iter().filter(|(_, shift)| shift.status == Status::Active);
            let all = active.map(|(number, shift)| {
                let (start, end) = shift.hours_of(date, &facts.zone);
                (*number, shift, ms(start), ms(end))
            });
            Day { date, shifts: all.collect() }
        };
        Self { facts, days: (first.days()..=last.days()).map(|day| hours(Date::from_days(day))).collect() }
    }

    /// From when to when facts must be known for the period.
    pub fn window(&self) -> (i64, i64) {
        let midnight = |date: Date| ms(date.at(ClockTime::default(), &self.facts.zone));
        let first = self.days.first().map_or(0, |day| midnight(day.date));
        (first, self.days.last().map_or(0, |day| midnight(day.date.plus_days(1))))
    }

    /// The hours of a center, up to now.
    pub fn hours_of(&self, number: u32, center: &Center, now: i64) -> Hours {
        if !center.is_active {
            return Hours::default();
        }
        let own = |shift: u32| center.shifts.is_empty() || center.shifts.contains(&shift);
        let factory = self.facts.lines.get(&center.line).map_or(0, |line| line.factory);
        let holds = |it: &CalendarException| {
            it.work_center_id.is_none_or(|id| id.number() == u64::from(number)) && it.factory_id.is_none_or(|id| factory == 0 || id.number() == u64::from(factory))
        };
        self.hours(&own, &holds, center.since, now)
    }

    /// The hours of the plant as a whole.
    pub fn plant_hours(&self, now: i64) -> Hours {
        self.hours(&|_| true, &|it| it.work_center_id.is_none(), i64::MIN, now)
    }

    fn hours(&self, own: &dyn Fn(u32) -> bool, holds: &dyn Fn(&CalendarException) -> bool, since: i64, now: i64) -> Hours {
        let mut hours = Hours::default();
        let mut closed = Vec::new();
        for Day { date, shifts } in &self.days {
            let exceptions: Vec<&CalendarException> = self.facts.exceptions.values().filter(|it| it.exception_date == *date && holds(it)).collect();
            let all_day = |kinds: &[ExceptionKind]| exceptions.iter().any(|it| kinds.contains(&it.kind) && it.start_time.is_none());
            let overtime = all_day(&[ExceptionKind::Overtime]);
            let shut = all_day(&[ExceptionKind::Holiday, ExceptionKind::Shutdown]) && !overtime;
            for (shift, pattern, start, end) in shifts.iter().filter(|(shift, ..)| !shut && own(*shift)) {
                if overtime || pattern.days_of_week.contains(&i64::from(date.weekday())) {
                    hours.spans.push(Span { shift: *shift, start: *start, end: *end, break_ms: pattern.break_minutes.max(0) * 60_000, kind: pattern.shift_type });
                    if all_day(&[ExceptionKind::Maintenance]) {
                        hours.stops.push((*start, *end));
                    }
                }
            }
            for (it, start, end) in exceptions.iter().filter_map(|it| self.hours_told(it)) {
                match it.kind {
                    ExceptionKind::Holiday | ExceptionKind::Shutdown => closed.push((start, end)),
                    ExceptionKind::Maintenance => hours.stops.push((start, end)),
                    ExceptionKind::Overtime => hours.spans.push(Span { shift: 0, start, end, break_ms: 0, kind: ShiftType::Overtime }),
                }
            }
        }
        hours.openings = openings(&hours.spans, &closed, since, now);
        hours
    }

    fn hours_told<'e>(&self, it: &'e CalendarException) -> Option<(&'e CalendarException, i64, i64)> {
        let zone = &self.facts.zone;
        let (start, end) = (it.start_time?, it.end_time.unwrap_or(ClockTime::from_minutes(1_440)?));
        // As with shifts, an end at or before the start is on the next day.
        let ends_on = if end > start { it.exception_date } else { it.exception_date.plus_days(1) };
        Some((it, ms(it.exception_date.at(start, zone)), ms(ends_on.at(end, zone))))
    }
}

/// Every open moment under the one span it belongs to: regular before overtime, the later start before
/// the earlier, as for the shift of a moment elsewhere. Told overtime opens what is closed.
fn openings(spans: &[Span], closed: &[(i64, i64)], since: i64, now: i64) -> Vec<Opening> {
    let bounds: Vec<(i64, i64)> = spans.iter().map(|span| (span.start, span.end)).chain(closed.iter().copied()).collect();
    let mut found: Vec<Opening> = Vec::new();
    sweep(&bounds, |start, end, active| {
        let shut = active.iter().any(|at| *at >= spans.len());
        let open = active.iter().copied().filter(|at| *at < spans.len() && (!shut || spans[*at].shift == 0));
        let (start, end) = (start.max(since), end.min(now));
        if let Some(span) = open.min_by_key(|at| (spans[*at].kind, std::cmp::Reverse(spans[*at].start)))
            && start < end
        {
            match found.last_mut() {
                Some(last) if last.span == span && last.end == start => last.end = end,
                _ => found.push(Opening { start, end, span }),
            }
        }
    });
    found
}

/// The plant's day of a moment.
pub fn date_of(moment: i64, zone: &TimeZone) -> Date {
    Time::from_micros(moment.saturating_mul(1_000)).date(zone)
}

/// Where the days of a period begin, the first at or before it.
pub fn days(from: i64, to: i64, zone: &TimeZone) -> Vec<i64> {
    let (first, last) = (date_of(from, zone), date_of(to - 1, zone));
    (first.days()..=last.days()).map(|day| ms(Date::from_days(day).at(ClockTime::default(), zone))).collect()
}

/// Where the hours of a period begin, counted from each day's beginning.
pub fn hours(from: i64, to: i64, zone: &TimeZone) -> Vec<i64> {
    let days = days(from, to, zone);
    let ends = days.iter().skip(1).copied().chain(std::iter::once(to));
    let all = days.iter().zip(ends).flat_map(|(start, end)| (0..).map(move |hour| start + hour * 3_600_000).take_while(move |at| *at < end));
    let from_first: Vec<i64> = all.collect();
    let first = from_first.partition_point(|at| *at <= from).saturating_sub(1);
    from_first[first..].to_vec()
}
