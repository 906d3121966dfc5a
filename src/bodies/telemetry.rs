//! Telemetry as people's and programs' tools read it: JSON, CSV, and columns for Arrow and Parquet.
//! Numbers are 64-bit floats and written as such, not as the plant's exact decimals. What is asked
//! often is written straight into one text.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::points::Naming;
use crate::base::value::write_json_text;
use crate::base::{Code, Refusal, Time, Value, limits};
use crate::lake::{Cells, Column};
use crate::model::telemetry::{Gap, Measure, Quarantined, Reading, Sample, Series};
use crate::telemetry::{Bucket, Identity, Lane, Receipt};
use crate::views::telemetry::{Ask, Figure, Rows, each};

/// Faults of one body: the first are named, the rest counted.
#[derive(Default)]
pub struct Faults {
    named: Vec<(usize, String)>,
    count: usize,
}

impl Faults {
    /// Notes what is wrong at a place.
    pub fn note(&mut self, place: usize, why: impl Into<String>) {
        self.count += 1;
        if self.named.len() < limits::SAMPLE_FAULTS_MAX {
            self.named.push((place, why.into()));
        }
    }

    /// Whether nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn listed(&self, place: &'static str) -> Value {
        let line = |(at, why): &(usize, String)| Value::Object(vec![(place, Value::Int(i64::try_from(*at).unwrap_or(i64::MAX))), ("error", Value::Text(why.clone()))]);
        Value::List(self.named.iter().map(line).collect())
    }
}

/// Bad lines of line protocol, as clients of InfluxDB read it; `taken` good lines are on disk.
pub fn bad_lines(faults: &Faults, taken: usize) -> String {
    // Telegraf looks for these beginnings to know that trying again is of no use.
    let message = match (taken, faults.named.first()) {
        (0, Some((line, why))) => format!("unable to parse: none of {} lines was taken; line {line}: {why}", faults.count),
        (_, Some((line, why))) => format!("partial write: {} lines were not taken, {taken} are kept; line {line}: {why}", faults.count),
        (_, None) => String::new(),
    };
    let count = i64::try_from(faults.count).unwrap_or(i64::MAX);
    Value::Object(vec![
        ("code", Value::Text("invalid".to_owned())),
        ("message", Value::Text(message.clone())),
        ("error", Value::Text(message)),
        ("bad_lines", Value::Int(count)),
        ("lines", faults.listed("line")),
    ])
    .to_json()
}

fn counts(receipt: Receipt) -> Vec<(&'static str, Value)> {
    let count = |count: u64| Value::Int(i64::try_from(count).unwrap_or(i64::MAX));
    vec![("stored", count(receipt.stored)), ("repeated", count(receipt.repeated)), ("quarantined", count(receipt.quarantined))]
}

/// What became of samples.
pub fn receipt(receipt: Receipt) -> String {
    Value::Object(counts(receipt)).to_json()
}

/// Samples of which some were refused, as a problem; the others are on disk.
pub fn bad_samples(faults: &Faults, receipt: Receipt) -> String {
    let detail = format!("{} samples were not taken; the others are kept", faults.count);
    let code = Code::Invalid;
    let mut fields = vec![
        ("type", Value::Text(format!("/api/docs/problems#{}", code.word()))),
        ("code", Value::Text(code.word().to_owned())),
        ("title", Value::Text(code.title().to_owned())),
        ("detail", Value::Text(detail)),
        ("status", Value::Int(i64::from(code.status()))),
        ("field", Value::Text("samples".to_owned())),
    ];
    fields.extend(counts(receipt));
    fields.push(("samples", faults.listed("index")));
    Value::Object(fields).to_json()
}

/// The body of samples, for the description.
pub fn samples_schema() -> Json {
    let sample = json!({"type": "object", "required": ["machine", "metric", "value"], "properties": {
        "machine": {"type": "string", "maxLength": limits::SERIES_NAME_MAX, "description": "The machine's code."},
        "metric": {"type": "string", "maxLength": limits::SERIES_NAME_MAX, "description": "What is measured."},
        "value": {"type": ["number", "string", "boolean", "null"], "description": "true is 1, false is 0, null says that there is no value."},
        "time": {"type": "string", "format": "date-time", "description": "When it was measured; now where absent."},
        "unit": {"type": "string"}, "department": {"type": "string"},
    }});
    json!({"type": "object", "required": ["samples"], "properties": {"samples": {"type": "array", "items": sample}}})
}

/// Samples of a body; each bad one is named by its index and left out.
pub fn samples(body: &Map<String, Json>, now: Time, naming: Naming<'_>, faults: &mut Faults) -> Result<Vec<Sample>, Refusal> {
    if let Some(name) = body.keys().find(|name| *name != "samples") {
        let shown: String = name.chars().take(60).collect();
        return Err(Refusal::field(Code::Malformed, &shown, format!("there is no field {shown:?} here; the only one is samples")));
    }
    let Some(Json::Array(items)) = body.get("samples") else { return Err(Refusal::invalid("samples", "samples must be given, as a list")) };
    let mut taken = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match sample(item, now, naming) {
            Ok(sample) => taken.push(sample),
            Err(refusal) => faults.note(index, refusal.detail),
        }
    }
    Ok(taken)
}

fn sample(item: &Json, now: Time, naming: Naming<'_>) -> Result<Sample, Refusal> {
    const KNOWN: [&str; 6] = ["machine", "metric", "value", "time", "unit", "department"];
    let Json::Object(fields) = item else { return Err(Refusal::invalid("samples", "a sample must be an object")) };
    if fields.keys().any(|name| !KNOWN.contains(&name.as_str())) {
        return Err(Refusal::invalid("samples", format!("a sample has the fields {}", KNOWN.join(", "))));
    }
    let optional = |name: &str| match fields.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(Refusal::invalid(name, format!("{name} must be a text"))),
    };
    let text = |name: &str| optional(name)?.ok_or_else(|| Refusal::invalid(name, format!("{name} must be given, as a text")));
    let at = optional("time")?.map(|time| time.parse().map_err(|fault| Refusal::invalid("time", format!("time {fault}")))).transpose()?.unwrap_or(now);
    let (machine, metric, unit, department) = (text("machine")?, text("metric")?, optional("unit")?, optional("department")?);
    let series = |measure| naming(Identity { machine, metric, measure, unit, department });
    let value = reading(fields.get("value"))?;
    let series = match &value {
        Reading::Number(_) => series(Measure::Number)?,
        Reading::Text(_) => series(Measure::Text)?,
        // That there is no value fits both.
        Reading::Unavailable => series(Measure::Number).or_else(|_| series(Measure::Text))?,
    };
    Ok(Sample { series, at, value })
}

fn reading(value: Option<&Json>) -> Result<Reading, Refusal> {
    let wrong = |detail: String| Refusal::invalid("value", detail);
    match value {
        Some(Json::Null) => Ok(Reading::Unavailable),
        Some(Json::Bool(yes)) => Ok(Reading::Number(f64::from(u8::from(*yes)))),
        Some(Json::Number(number)) => number.as_f64().filter(|it| it.is_finite()).map(Reading::Number).ok_or_else(|| wrong("value is not finite".to_owned())),
        Some(Json::String(text)) if text.len() <= limits::READING_TEXT_MAX => Ok(Reading::Text(text.as_str().into())),
        Some(Json::String(_)) => Err(wrong(format!("value is longer than {} bytes", limits::READING_TEXT_MAX))),
        Some(_) => Err(wrong("value must be a number, a text, true, false or null".to_owned())),
        None => Err(wrong("value must be given; null says that there is none".to_owned())),
    }
}

/// The series.
pub fn series(found: &[Series], is_known: impl Fn(&str) -> bool) -> String {
    let mut out = String::from("{\"data\":[");
    for (at, it) in found.iter().enumerate() {
        out.push_str(if at > 0 { ",{" } else { "{" });
        write_identity(it, &mut out);
        _ = write!(out, ",\"unknown_machine\":{}}}", !is_known(&it.machine));
    }
    out.push_str("]}");
    out
}

fn write_identity(it: &Series, out: &mut String) {
    _ = write!(out, "\"series\":{},\"machine\":", it.id.0);
    write_json_text(&it.machine, out);
    out.push_str(",\"metric\":");
    write_json_text(&it.metric, out);
    _ = write!(out, ",\"measure\":\"{}\"", it.measure.word());
    for (name, text) in [(",\"unit\":", &it.unit), (",\"department\":", &it.department)] {
        out.push_str(name);
        match text {
            Some(text) => write_json_text(text, out),
            None => out.push_str("null"),
        }
    }
}

/// The newest sample of every series, of one machine where asked for.
pub fn last(series: &[Series], newest: &[Sample], machine: Option<&str>) -> String {
    let mut out = String::with_capacity(newest.len() * 160 + 16);
    out.push_str("{\"data\":[");
    let mut is_first = true;
    for sample in newest {
        let Some(it) = series.get(sample.series.0 as usize).filter(|it| machine.is_none_or(|machine| it.machine == machine)) else { continue };
        out.push_str(if is_first { "{" } else { ",{" });
        is_first = false;
        write_identity(it, &mut out);
        _ = write!(out, ",\"time\":\"{}\",\"value\":", sample.at);
        write_reading(&sample.value, &mut out);
        out.push('}');
    }
    out.push_str("]}");
    out
}

fn write_reading(reading: &Reading, out: &mut String) {
    match reading {
        Reading::Number(number) => write_number(Some(*number), out),
        Reading::Text(text) => write_json_text(text, out),
        Reading::Unavailable => out.push_str("null"),
    }
}

fn write_number(number: Option<f64>, out: &mut String) {
    match number.filter(|number| number.is_finite()) {
        Some(number) => _ = write!(out, "{number}"),
        None => out.push_str("null"),
    }
}

/// An answer as JSON, and whether it was cut.
pub fn json(lane: &Lane, ask: &Ask, figures: &[Figure]) -> Result<(String, bool), Refusal> {
    let mut out = format!("{{\"from\":\"{}\",\"to\":\"{}\",\"step_minutes\":", ask.from, ask.to);
    match ask.step {
        Some(step) => _ = write!(out, "{}", step.as_secs() / 60),
        None => out.push_str("null"),
    }
    out.push_str(",\"data\":[");
    let mut is_first = true;
    let is_cut = each(lane, ask, &mut |it, rows| {
        out.push_str(if is_first { "{" } else { ",{" });
        is_first = false;
        write_identity(it, &mut out);
        match rows {
            Rows::Samples(samples) => write_samples(&samples, &mut out),
            Rows::Buckets(buckets) => write_buckets(&buckets, figures, &mut out),
        }
        out.push('}');
    })?;
    _ = write!(out, "],\"cut\":{is_cut}}}");
    Ok((out, is_cut))
}

fn write_samples(samples: &[(Time, Reading)], out: &mut String) {
    out.push_str(",\"samples\":[");
    for (at, (time, reading)) in samples.iter().enumerate() {
        _ = write!(out, "{}[\"{time}\",", if at > 0 { "," } else { "" });
        write_reading(reading, out);
        out.push(']');
    }
    out.push(']');
}

fn write_buckets(buckets: &[Bucket], figures: &[Figure], out: &mut String) {
    out.push_str(",\"buckets\":[");
    for (at, bucket) in buckets.iter().enumerate() {
        _ = write!(out, "{}{{\"time\":\"{}\"", if at > 0 { "," } else { "" }, bucket.at);
        for figure in figures {
            _ = write!(out, ",\"{}\":", figure.word());
            match figure {
                Figure::Avg | Figure::Min | Figure::Max | Figure::Sum => write_number(number(*figure, bucket), out),
                Figure::Count => _ = write!(out, "{}", bucket.count),
                Figure::Last => write_reading(bucket.last.as_ref().unwrap_or(&Reading::Unavailable), out),
                Figure::States => out.push_str(&states(bucket)),
            }
        }
        out.push('}');
    }
    out.push(']');
}

/// How long each text held in milliseconds, as a JSON object.
fn states(bucket: &Bucket) -> String {
    let mut out = String::from("{");
    for (at, (text, held_ms)) in bucket.held_ms.iter().enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        write_json_text(text, &mut out);
        _ = write!(out, ":{held_ms}");
    }
    out.push('}');
    out
}

/// An answer as columns, and whether it was cut.
pub fn columns(lane: &Lane, ask: &Ask, figures: &[Figure]) -> Result<(Vec<Column>, bool), Refusal> {
    let mut sheet = Sheet { rest: if ask.step.is_some() { figure_columns(figures) } else { sample_columns() }, ..Sheet::default() };
    let is_cut = each(lane, ask, &mut |it, rows| sheet.extend(it, &rows))?;
    Ok((sheet.columns(), is_cut))
}

type Texts = Vec<Option<Arc<str>>>;

/// Columns in the making.
#[derive(Default)]
struct Sheet {
    times: Vec<i64>,
    machines: Texts,
    metrics: Texts,
    units: Texts,
    /// What follows, and of which figure it is.
    rest: Vec<(Figure, Column)>,
}

fn numbers(name: &'static str) -> Column {
    Column { name, cells: Cells::Numbers(Vec::new()) }
}

fn texts(name: &'static str) -> Column {
    Column { name, cells: Cells::Texts(Vec::new()) }
}

/// A sample has either; it is its own last reading.
fn sample_columns() -> Vec<(Figure, Column)> {
    vec![(Figure::Last, numbers("value")), (Figure::Last, texts("text"))]
}

fn figure_columns(figures: &[Figure]) -> Vec<(Figure, Column)> {
    let of = |figure: &Figure| match figure {
        Figure::Count => vec![(*figure, Column { name: figure.word(), cells: Cells::Counts(Vec::new()) })],
        Figure::Last => vec![(*figure, numbers("last")), (*figure, texts("last_text"))],
        Figure::States => vec![(*figure, texts("states_ms"))],
        Figure::Avg | Figure::Min | Figure::Max | Figure::Sum => vec![(*figure, numbers(figure.word()))],
    };
    figures.iter().flat_map(of).collect()
}

impl Sheet {
    fn extend(&mut self, it: &Series, rows: &Rows) {
        match rows {
            Rows::Samples(samples) => self.times.extend(samples.iter().map(|(at, _)| at.micros())),
            Rows::Buckets(buckets) => self.times.extend(buckets.iter().map(|bucket| bucket.at.micros())),
        }
        let count = self.times.len();
        self.machines.resize(count, Some(it.machine.as_str().into()));
        self.metrics.resize(count, Some(it.metric.as_str().into()));
        self.units.resize(count, it.unit.as_deref().map(Arc::from));
        for (figure, column) in &mut self.rest {
            extend(&mut column.cells, *figure, rows);
        }
    }

    fn columns(self) -> Vec<Column> {
        let first = [("machine", self.machines), ("metric", self.metrics), ("unit", self.units)];
        let first = first.map(|(name, texts)| Column { name, cells: Cells::Texts(texts) });
        let rest = self.rest.into_iter().map(|(_, column)| column);
        std::iter::once(Column { name: "time", cells: Cells::Times(self.times) }).chain(first).chain(rest).collect()
    }
}

fn extend(cells: &mut Cells, figure: Figure, rows: &Rows) {
    match (cells, rows) {
        (Cells::Numbers(numbers), Rows::Samples(samples)) => numbers.extend(samples.iter().map(|(_, reading)| number_side(reading))),
        (Cells::Texts(texts), Rows::Samples(samples)) => texts.extend(samples.iter().map(|(_, reading)| text_side(reading))),
        (Cells::Numbers(numbers), Rows::Buckets(buckets)) => numbers.extend(buckets.iter().map(|bucket| number(figure, bucket))),
        (Cells::Texts(texts), Rows::Buckets(buckets)) => texts.extend(buckets.iter().map(|bucket| text(figure, bucket))),
        (Cells::Counts(counts), Rows::Buckets(buckets)) => counts.extend(buckets.iter().map(|bucket| i64::try_from(bucket.count).unwrap_or(i64::MAX))),
        // Times stand beside the figures, and samples are not counted.
        (Cells::Times(_), _) | (Cells::Counts(_), Rows::Samples(_)) => {}
    }
}

fn number(figure: Figure, bucket: &Bucket) -> Option<f64> {
    let some = (bucket.count > 0).then_some(bucket.sum);
    match figure {
        Figure::Avg => some.map(|sum| sum / bucket.count as f64),
        Figure::Min => bucket.min,
        Figure::Max => bucket.max,
        Figure::Sum => some,
        Figure::Last => bucket.last.as_ref().and_then(number_side),
        Figure::Count | Figure::States => None,
    }
}

fn text(figure: Figure, bucket: &Bucket) -> Option<Arc<str>> {
    match figure {
        Figure::Last => bucket.last.as_ref().and_then(text_side),
        Figure::States => (!bucket.held_ms.is_empty()).then(|| states(bucket).into()),
        Figure::Avg | Figure::Min | Figure::Max | Figure::Sum | Figure::Count => None,
    }
}

fn number_side(reading: &Reading) -> Option<f64> {
    if let Reading::Number(number) = reading { Some(*number) } else { None }
}

fn text_side(reading: &Reading) -> Option<Arc<str>> {
    if let Reading::Text(text) = reading { Some(text.as_ref().into()) } else { None }
}

/// Columns as CSV (RFC 4180), with a head.
pub fn csv(columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let mut out = names.join(",");
    out.push_str("\r\n");
    let rows = columns.first().map_or(0, |column| if let Cells::Times(times) = &column.cells { times.len() } else { 0 });
    for row in 0..rows {
        for (at, column) in columns.iter().enumerate() {
            out.push_str(if at > 0 { "," } else { "" });
            write_cell(&column.cells, row, &mut out);
        }
        out.push_str("\r\n");
    }
    out
}

fn write_cell(cells: &Cells, row: usize, out: &mut String) {
    match cells {
        Cells::Times(times) => _ = write!(out, "{}", Time::from_micros(times[row])),
        Cells::Counts(counts) => _ = write!(out, "{}", counts[row]),
        Cells::Numbers(numbers) => numbers[row].map_or((), |number| _ = write!(out, "{number}")),
        Cells::Texts(texts) => match texts[row].as_deref() {
            Some(text) if text.contains([',', '"', '\r', '\n']) => _ = write!(out, "\"{}\"", text.replace('"', "\"\"")),
            Some(text) => out.push_str(text),
            None => {}
        },
    }
}

/// Gaps, newest first.
pub fn gaps(gaps: &[Gap]) -> String {
    let shown = |gap: &Gap| {
        Value::Object(vec![
            ("source", Value::Text(gap.source.clone())),
            ("from", gap.from.map_or(Value::Null, Value::Time)),
            ("to", Value::Time(gap.to)),
            ("lost", gap.lost.map_or(Value::Null, |lost| Value::Int(i64::try_from(lost).unwrap_or(i64::MAX)))),
            ("why", Value::Text(gap.why.clone())),
        ])
    };
    Value::Object(vec![("data", Value::List(gaps.iter().map(shown).collect()))]).to_json()
}

/// What could not be taken, newest first; bytes that are no text are shown as such.
pub fn quarantine(kept: &[Quarantined]) -> String {
    let shown = |it: &Quarantined| {
        Value::Object(vec![
            ("source", Value::Text(it.source.clone())),
            ("received_at", Value::Time(it.received_at)),
            ("why", Value::Text(it.why.clone())),
            ("original", Value::Text(String::from_utf8_lossy(&it.original).into_owned())),
        ])
    };
    Value::Object(vec![("data", Value::List(kept.iter().map(shown).collect()))]).to_json()
}
