//! Points of line protocol as samples of series: which machine, which metric, which job. What a line
//! says in its tags is looked up once and remembered by its bytes, so that a line like one before
//! costs one look. Deliberately without waiting: it gathers samples, and the caller hands them on.

use std::borrow::Cow;
use std::collections::HashMap;

use super::line_protocol::{Content, Field, Point, name, parts, text};
use crate::base::{Refusal, Time, limits};
use crate::model::telemetry::{Measure, Reading, Sample, SeriesId};
use crate::telemetry::{Identity, Speaker};

/// The measurement whose field keys are metrics by themselves.
const PLAIN_MEASUREMENT: &str = "machine_metrics";
/// A field of this key, alone in its line, is what the measurement is.
const SOLE_FIELD: &str = "value";
/// Tags that name the machine; the first that is there counts. Telegraf puts `host` on every line.
const MACHINE_TAGS: [&str; 3] = ["machine_id", "machine", "host"];
/// Tags that are series of their own: what the machine works on, and who works at it.
const CONTEXT_TAGS: [&str; 3] = ["job_id", "part_id", "operator"];

/// Finds the number of a series.
pub type Naming<'n> = &'n dyn Fn(Identity<'_>) -> Result<SeriesId, Refusal>;

/// Why a point is not taken.
pub type Fault = Cow<'static, str>;

/// What was learned of lines so far.
#[derive(Default)]
pub struct Points {
    keys: HashMap<Box<[u8]>, Known>,
    /// What each context series holds, and the earliest moment at which that was told.
    held: Held,
}

type Held = HashMap<SeriesId, (Box<str>, Time)>;

/// What a measurement with its tags stands for.
struct Known {
    machine: Box<str>,
    fields: Vec<KnownField>,
    context: Vec<(SeriesId, Box<str>)>,
}

struct KnownField {
    key: Box<[u8]>,
    measure: Measure,
    /// It was alone in its line.
    sole: bool,
    series: SeriesId,
}

impl KnownField {
    fn is(&self, field: &Field<'_>, sole: bool) -> bool {
        *self.key == *field.key && self.sole == sole && self.measure == measure(field.content)
    }
}

/// A measurement with its tags, read.
struct Described<'k> {
    measurement: Cow<'k, str>,
    machine: Cow<'k, str>,
    department: Option<Cow<'k, str>>,
    unit: Option<Cow<'k, str>>,
    context: Vec<(&'static str, Cow<'k, str>)>,
    /// `{tag=value,...}`, or nothing.
    rest: String,
}

impl Points {
    /// Adds what a point holds; a point that is refused adds nothing.
    pub fn take(&mut self, point: &Point<'_, '_>, now: Time, speaker: &Speaker, naming: Naming<'_>, samples: &mut Vec<Sample>) -> Result<(), Fault> {
        let at = point.at.unwrap_or(now);
        let allowed = |machine: &str| speaker.may_tell_of(machine).map_err(|refusal| Fault::from(refusal.detail));
        // Remembered from whoever said it first, so it is asked of each.
        if let Some(known) = self.keys.get_mut(point.key) {
            allowed(&known.machine)?;
            return known.take(point, at, naming, &mut self.held, samples);
        }
        let described = described(point.key)?;
        allowed(&described.machine)?;
        let mut known = described.known(naming)?;
        known.take(point, at, naming, &mut self.held, samples)?;
        if self.keys.len() >= limits::POINT_KEYS_MAX {
            self.keys.clear();
        }
        self.keys.insert(point.key.into(), known);
        Ok(())
    }

    /// What was taken last may not be on disk: contexts are told again.
    pub fn forget_contexts(&mut self) {
        self.held.clear();
    }
}

/// Whether a context says something that it did not say before at that moment.
fn is_news(held: &mut Held, series: SeriesId, value: &str, at: Time) -> bool {
    match held.get_mut(&series) {
        Some((known, since)) if **known == *value && *since <= at => false,
        Some(known) => {
            *known = (value.into(), at);
            true
        }
        None => {
            held.insert(series, (value.into(), at));
            true
        }
    }
}

const fn measure(content: Content<'_>) -> Measure {
    match content {
        Content::Number(_) => Measure::Number,
        Content::Text(_) => Measure::Text,
    }
}

impl Known {
    fn take(&mut self, point: &Point<'_, '_>, at: Time, naming: Naming<'_>, held: &mut Held, samples: &mut Vec<Sample>) -> Result<(), Fault> {
        let before = samples.len();
        for (place, field) in point.fields.iter().enumerate() {
            match self.sample(place, field, point, naming) {
                Ok((series, value)) => samples.push(Sample { series, at, value }),
                Err(fault) => {
                    samples.truncate(before);
                    return Err(fault);
                }
            }
        }
        for (series, value) in &self.context {
            if is_news(held, *series, value, at) {
                samples.push(Sample { series: *series, at, value: Reading::Text(value.clone()) });
            }
        }
        Ok(())
    }

    fn sample(&mut self, place: usize, field: &Field<'_>, point: &Point<'_, '_>, naming: Naming<'_>) -> Result<(SeriesId, Reading), Fault> {
        let value = match field.content {
            Content::Number(number) => Reading::Number(number),
            Content::Text(raw) => Reading::Text(reading_text(raw)?),
        };
        let sole = point.fields.len() == 1;
        // Fields mostly come in the order in which they came before.
        let expected = self.fields.get(place).filter(|known| known.is(field, sole));
        let known = expected.or_else(|| self.fields.iter().find(|known| known.is(field, sole)));
        let series = match known {
            Some(known) => known.series,
            None => {
                let series = described(point.key)?.series(field, sole, naming)?;
                self.fields.push(KnownField { key: field.key.into(), measure: measure(field.content), sole, series });
                series
            }
        };
        Ok((series, value))
    }
}

fn reading_text(raw: &[u8]) -> Result<Box<str>, Fault> {
    let text = text(raw).ok_or("a text is not UTF-8")?;
    if text.len() > limits::READING_TEXT_MAX {
        return Err(format!("a text is longer than {} bytes", limits::READING_TEXT_MAX).into());
    }
    Ok(text.into())
}

fn utf8(raw: &[u8]) -> Result<Cow<'_, str>, Fault> {
    name(raw).ok_or(Cow::Borrowed("a name or a tag is not UTF-8"))
}

fn described(key: &[u8]) -> Result<Described<'_>, Fault> {
    let (measurement, tags) = parts(key)?;
    let mut tags = tags.into_iter().map(|(tag, value)| Ok((utf8(tag)?, utf8(value)?))).collect::<Result<Vec<_>, Fault>>()?;
    tags.sort();
    if let Some(pair) = tags.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(format!("the tag {} is there twice", pair[0].0).into());
    }
    let mut taken = |wanted: &str| tags.iter().position(|(tag, _)| tag == wanted).map(|at| tags.remove(at).1);
    let machine = MACHINE_TAGS.iter().find_map(|tag| taken(tag)).ok_or("no machine: name it in the tag machine_id, machine or host")?;
    // Beside a named machine the host is only who passed it on; another gateway must not begin new series.
    _ = taken("host");
    let (department, unit) = (taken("department"), taken("unit"));
    let context = CONTEXT_TAGS.iter().filter_map(|tag| Some((*tag, taken(tag)?))).collect();
    let rest: Vec<String> = tags.iter().map(|(tag, value)| format!("{tag}={value}")).collect();
    let rest = if rest.is_empty() { String::new() } else { format!("{{{}}}", rest.join(",")) };
    Ok(Described { measurement: utf8(measurement)?, machine, department, unit, context, rest })
}

impl Described<'_> {
    fn known(&self, naming: Naming<'_>) -> Result<Known, Fault> {
        let series = |metric| naming(Identity { machine: &self.machine, metric, measure: Measure::Text, unit: None, department: self.department.as_deref() });
        let context = self.context.iter().map(|(metric, value)| Ok((series(metric).map_err(|refusal| refusal.detail)?, value.as_ref().into())));
        Ok(Known { machine: self.machine.as_ref().into(), fields: Vec::new(), context: context.collect::<Result<_, Fault>>()? })
    }

    fn series(&self, field: &Field<'_>, sole: bool, naming: Naming<'_>) -> Result<SeriesId, Fault> {
        let key = utf8(field.key)?;
        let metric = match (self.measurement.as_ref(), key.as_ref()) {
            (PLAIN_MEASUREMENT, key) => format!("{key}{}", self.rest),
            (measurement, SOLE_FIELD) if sole => format!("{measurement}{}", self.rest),
            (measurement, key) => format!("{measurement}.{key}{}", self.rest),
        };
        let identity = Identity { machine: &self.machine, metric: &metric, measure: measure(field.content), unit: self.unit.as_deref(), department: self.department.as_deref() };
        naming(identity).map_err(|refusal| refusal.detail.into())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use proptest::prelude::*;

    use super::*;
    use crate::base::Code;
    use crate::bodies::line_protocol::{Lines, Place, Precision};

    /// Names series as a lane does, and remembers how often it was asked.
    #[derive(Default)]
    struct Lane {
        series: RefCell<Vec<(String, Measure)>>,
        asked: RefCell<usize>,
    }

    impl Lane {
        fn number(&self, it: Identity<'_>) -> Result<SeriesId, Refusal> {
            *self.asked.borrow_mut() += 1;
            let shown = |text: Option<&str>| text.map(|text| format!(" {text}")).unwrap_or_default();
            let name = format!("{} {}{}{}", it.machine, it.metric, shown(it.unit), shown(it.department));
            let mut series = self.series.borrow_mut();
            match series.iter().position(|(known, _)| *known == name) {
                Some(at) if series[at].1 != it.measure => Err(Refusal::new(Code::Invalid, "another measure")),
                Some(at) => Ok(SeriesId(at as u32)),
                None => {
                    series.push((name, it.measure));
                    Ok(SeriesId(series.len() as u32 - 1))
                }
            }
        }

        /// Every sample that a body comes to, as `machine metric=value@seconds`, and every fault.
        fn take(&self, points: &mut Points, body: &str) -> Vec<String> {
            let (mut lines, mut said) = (Lines::starting(body.as_bytes(), Precision::Seconds, Place::START), Vec::new());
            while let Some((line, point)) = lines.read() {
                let mut samples = Vec::new();
                match points.take(&point.unwrap(), Time::from_micros(9_000_000), &Speaker::ForAll, &|it| self.number(it), &mut samples) {
                    Ok(()) => said.extend(samples.iter().map(|it| self.shown(it))),
                    Err(fault) => said.push(format!("{line}: {fault}")),
                }
            }
            said
        }

        fn shown(&self, sample: &Sample) -> String {
            let value = match &sample.value {
                Reading::Number(number) => format!("{number}"),
                Reading::Text(text) => text.to_string(),
                Reading::Unavailable => "unavailable".to_owned(),
            };
            format!("{}={value}@{}", self.series.borrow()[sample.series.0 as usize].0, sample.at.micros() / 1_000_000)
        }
    }

    fn taken(body: &str) -> Vec<String> {
        Lane::default().take(&mut Points::default(), body)
    }

    #[test]
    fn machine_unit_and_department_come_from_tags_and_the_metric_from_what_is_left() {
        assert_eq!(taken("machine_metrics,machine_id=L-1,unit=kW,department=laser power=3 1"), ["L-1 power kW laser=3@1"]);
        assert_eq!(taken("laser,machine=L-1 power=3,state=\"RUN\" 1"), ["L-1 laser.power=3@1", "L-1 laser.state=RUN@1"]);
        assert_eq!(taken("power,machine_id=L-1 value=3"), ["L-1 power=3@9"]);
        assert_eq!(taken("power,machine_id=L-1 value=3,max=4 1"), ["L-1 power.value=3@1", "L-1 power.max=4@1"]);
        assert_eq!(taken("cpu,host=box,cpu=cpu0,arch=arm usage=3 1"), ["box cpu.usage{arch=arm,cpu=cpu0}=3@1"]);
        assert_eq!(taken("m,host=box,machine_id=L-1,machine=x v=3 1"), ["L-1 m.v{machine=x}=3@1"]);
    }

    #[test]
    fn jobs_parts_and_operators_are_told_when_they_change() {
        let (lane, mut points) = (Lane::default(), Points::default());
        let line = |job: &str, at: u32| format!("machine_metrics,machine_id=L-1,job_id={job} power=3 {at}\n");
        let body = [line("A", 5), line("A", 6), line("B", 7), line("B", 8)].concat();
        assert_eq!(lane.take(&mut points, &body), ["L-1 power=3@5", "L-1 job_id=A@5", "L-1 power=3@6", "L-1 power=3@7", "L-1 job_id=B@7", "L-1 power=3@8"]);
        // Told late that it had begun earlier.
        assert_eq!(lane.take(&mut points, &line("B", 6)), ["L-1 power=3@6", "L-1 job_id=B@6"]);
        points.forget_contexts();
        assert_eq!(lane.take(&mut points, &line("B", 9)).len(), 2);
    }

    #[test]
    fn a_line_like_one_before_asks_for_no_series() {
        let (lane, mut points) = (Lane::default(), Points::default());
        let body = "m,machine_id=L-1,job_id=A a=1,b=\"x\" 1\n";
        lane.take(&mut points, body);
        let asked = *lane.asked.borrow();
        lane.take(&mut points, &body.repeat(50));
        assert_eq!(*lane.asked.borrow(), asked);
        // In another order, with another measure, or alone, it is looked at again.
        assert_eq!(lane.take(&mut points, "m,machine_id=L-1,job_id=A b=\"x\",a=2 1"), ["L-1 m.b=x@1", "L-1 m.a=2@1"]);
        assert_eq!(lane.take(&mut points, "m,machine_id=L-1,job_id=A a=\"x\",b=\"y\" 1"), ["1: another measure"]);
    }

    #[test]
    fn a_point_is_taken_whole_or_not_at_all() {
        for (line, wanted) in [("m f=1", "no machine"), ("m,machine_id=L-1,x=1,x=2 f=1", "x is there twice"), ("m,machine_id f=1", "name=value")] {
            let said = taken(line);
            assert!(said.len() == 1 && said[0].contains(wanted), "{line}: {said:?}");
        }
        let (lane, mut points) = (Lane::default(), Points::default());
        let long = format!("m,machine_id=L-1 good=1,bad=\"{}\" 1\nm,machine_id=L-1 good=2 2", "ä".repeat(limits::READING_TEXT_MAX / 2 + 1));
        assert_eq!(lane.take(&mut points, &long), [format!("1: a text is longer than {} bytes", limits::READING_TEXT_MAX), "L-1 m.good=2@2".to_owned()]);
    }

    #[test]
    fn more_keys_than_are_remembered_cost_time_and_nothing_else() {
        let (lane, mut points) = (Lane::default(), Points::default());
        let mut samples = Vec::new();
        for number in 0..limits::POINT_KEYS_MAX + 10 {
            let key = format!("m,machine_id=L-1,department=d{number}");
            let fields = [Field { key: b"f", content: Content::Number(1.0) }];
            let naming = |_: Identity<'_>| Ok(SeriesId(0));
            points.take(&Point { key: key.as_bytes(), fields: &fields, at: None }, Time::default(), &Speaker::ForAll, &naming, &mut samples).unwrap();
        }
        assert!(points.keys.len() <= limits::POINT_KEYS_MAX && samples.len() == limits::POINT_KEYS_MAX + 10);
        assert_eq!(*lane.asked.borrow(), 0);
    }

    proptest! {
        #[test]
        fn whatever_stands_in_a_line_it_is_taken_whole_or_refused_with_a_reason(body in proptest::collection::vec(proptest::sample::select(b"m,machine=host\\ \"\xc3\xa4\n{}1i".to_vec()), 0..200)) {
            let (lane, mut points) = (Lane::default(), Points::default());
            let (mut lines, mut samples) = (Lines::starting(&body, Precision::Seconds, Place::START), Vec::new());
            while let Some((_, point)) = lines.read() {
                let Ok(point) = point else { continue };
                let before = samples.len();
                match points.take(&point, Time::default(), &Speaker::ForAll, &|it| lane.number(it), &mut samples) {
                    Ok(()) => prop_assert_eq!(samples.len(), before + point.fields.len()),
                    Err(why) => prop_assert!(!why.is_empty() && samples.len() == before),
                }
            }
        }
    }
}
