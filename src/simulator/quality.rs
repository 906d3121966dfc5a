//! Inspections with their measured values, defects from detection to closing, and customers'
//! complaints. Deliberately a result follows from what was measured and seen: nobody draws a verdict.

use super::Simulator;
use super::agenda::Event;
use super::book::whole;
use super::desk::Who;
use crate::base::{Decimal, Refusal, Time};
use crate::model::command::{AnalyzeDefect, ApproveInspection, CloseDefect, DisposeHeldPieces, DisposeInspection, RecordDefect, RecordInspection};
use crate::model::field::Note;
use crate::model::quality::{
    DefectCategory as Category, DefectSeverity as Severity, DetectionMethod as Method, Disposition, InspectionResult as Found, InspectionType as Kind, Measurement,
    RootCauseCategory as Cause, Specification,
};
use crate::model::{Command, Id, Noun};

/// Steps in a thousand that are inspected in process, by skill.
const IN_PROCESS: &[(&str, i64)] = &[("laser", 140), ("punch", 200), ("bend", 300), ("weld", 320), ("polish", 240), ("assemble", 160)];
/// Samples in a thousand with something to be seen that no gauge finds.
const SEEN: i64 = 18;
/// Shipped lots in a thousand whose customer finds something.
const COMPLAINTS: i64 = 14;
/// Minutes after it has left in which they find it, at least and at most.
const FOUND_MINUTES: (i64, i64) = (1_440, 7_200);
/// Days after which the drifting angle begins to creep, and ten-thousandths of a degree it creeps a day.
const DRIFT: (i64, i64) = (3, 1_300);
/// A failed inspection is laid to the drift once it has come so far.
const DRIFT_SEEN: i64 = 4_000;

/// What is measured: skill, characteristic, target, tolerance and spread (ten-thousandths), unit, name of the plan.
type Gauge = (&'static str, &'static str, i64, i64, i64, &'static str, &'static str);

const GAUGES: &[Gauge] = &[
    ("laser", "edge length", 6_000_000, 5_000, 2_050, "mm", "IP-LASER-02"),
    ("punch", "hole distance", 1_200_000, 3_000, 1_230, "mm", "IP-PUNCH-01"),
    ("bend", "bend angle", 900_000, 10_000, 4_100, "deg", "IP-BEND-03"),
    ("weld", "seam throat", 30_000, 5_000, 2_050, "mm", "IP-WELD-05"),
    ("polish", "roughness Ra", 5_000, 3_000, 1_230, "um", "IP-POLISH-01"),
    ("assemble", "door gap", 20_000, 8_000, 3_300, "mm", "IP-ASSY-02"),
    ("pack", "diagonal difference", 10_000, 10_000, 4_100, "mm", "IP-FINAL-01"),
    ("incoming", "thickness", 12_000, 1_000, 390, "mm", "IP-IN-01"),
];

/// A defect as people put it: skill, category, what is wrong, six M, why, what is done, what keeps it away.
type Story = (&'static str, Category, &'static str, Cause, &'static str, &'static str, &'static str);

const STORIES: &[Story] = &[
    (
        "laser",
        Category::Dimensional,
        "Contour too small, kerf compensation wrong",
        Cause::Method,
        "NC program nested with the old kerf table",
        "nest posted again with the current kerf",
        "kerf table locked in the nesting tool",
    ),
    (
        "laser",
        Category::Visual,
        "Burr and dross on the cut edge",
        Cause::Machine,
        "nozzle worn, focus too low",
        "nozzle changed, parts deburred",
        "nozzle check at each shift start",
    ),
    ("punch", Category::Dimensional, "Hole pattern shifted against the edge", Cause::Machine, "sheet clamp slipped", "clamp pads changed", "clamp pads on the weekly service list"),
    (
        "bend",
        Category::Dimensional,
        "Bend angle out of tolerance",
        Cause::Machine,
        "back gauge belt worn, angle drifts",
        "belt changed and gauge referenced",
        "angle trend is watched, alarm at two thirds of the tolerance",
    ),
    ("bend", Category::Visual, "Scratch across the visible face", Cause::Man, "protective film removed before bending", "parts polished again", "film stays on until assembly"),
    (
        "weld",
        Category::Material,
        "Porosity in the corner seam",
        Cause::Environment,
        "draught from the open gate took the argon away",
        "seams ground out and welded again",
        "gate curtain fitted",
    ),
    (
        "weld",
        Category::Functional,
        "Bowl seam leaks in the water test",
        Cause::Method,
        "interpass temperature too high",
        "seam repaired under WPS 141-07",
        "temperature chalk at each cell",
    ),
    ("polish", Category::Visual, "Grain direction changes on the top", Cause::Man, "belt changed in the middle of the face", "face ground again", "one belt for each top"),
    ("assemble", Category::Assembly, "Door does not close flush", Cause::Measurement, "hinge gauge not calibrated", "hinges set again", "gauge entered in the calibration list"),
    ("pack", Category::Visual, "Dent at the corner of the plinth", Cause::Man, "fork too long for the pallet", "part changed", "short forks at the packing cell"),
    (
        "incoming",
        Category::Material,
        "Sheet thinner than the certificate says",
        Cause::Material,
        "mill delivered the lower end of the tolerance",
        "lot sorted, remainder returned",
        "supplier asked for an 8D report",
    ),
];

/// What an inspection decided, for whoever disposes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) found: Found,
    /// Decided once already, and not yet for good.
    pub(super) again: bool,
}

/// What a sample showed.
struct Sample {
    values: Vec<Measurement>,
    specs: Vec<Specification>,
    /// Values outside their limits.
    outside: i64,
    /// Faults that were seen.
    seen: i64,
}

impl Simulator {
    /// Looks at a finished step: always where the routing asks for it, else now and then.
    pub(super) fn inspect_step(&mut self, order: u64, at: usize) -> Result<(), Refusal> {
        let Some(step) = self.jobs.get(&order).map(|job| &job.steps[at]) else { return Ok(()) };
        let (center, last) = (step.center, step.inspected);
        let skill = self.book.skill(center).to_owned();
        let drifts = self.book.drifting == Some(center);
        let often = IN_PROCESS.iter().find(|(known, _)| *known == skill).map_or(0, |(_, often)| *often);
        if last {
            let lot = self.jobs.get(&order).and_then(|job| job.lot.clone());
            return self.inspect(Kind::Final, Some((order, at)), lot, &skill);
        }
        let often = if drifts { 750 } else { often };
        if self.dice.chance(often) { self.inspect(Kind::InProcess, Some((order, at)), None, &skill) } else { Ok(()) }
    }

    /// A delivery that must be inspected.
    pub(super) fn inspect_delivery(&mut self, lot: String, material: u64) -> Result<(), Refusal> {
        let there = self.stock.lot(&lot).is_some_and(|lot| !lot.held && !lot.on_hand.is_zero());
        if !there || self.book.materials.get(&material).is_none_or(|it| !it.inspection_required) {
            return Ok(());
        }
        self.inspect(Kind::Incoming, None, Some(lot), "incoming")
    }

    /// A round through the shop: an inspector looks at something that runs.
    pub(super) fn patrol(&mut self, kind: Kind) -> Result<(), Refusal> {
        let running: Vec<(u64, u64, usize)> = self.stations.iter().filter_map(|(id, station)| station.run.as_ref().map(|run| (*id, run.order, run.at))).collect();
        let Some((id, order, at)) = self.dice.pick(&running).copied() else { return Ok(()) };
        let skill = self.book.skill(id).to_owned();
        self.inspect(kind, Some((order, at)), None, &skill)
    }

    fn inspect(&mut self, kind: Kind, step: Option<(u64, usize)>, lot: Option<String>, skill: &str) -> Result<(), Refusal> {
        let center = step.and_then(|(order, at)| self.jobs.get(&order).map(|job| job.steps[at].center));
        let sample = self.measure(skill, center);
        let found = self.verdict(&sample);
        let (inspector_id, sample_size) = (Id::new(self.somebody("inspect").unwrap_or(1)), self.dice.between(3, 8));
        let it = RecordInspection {
            inspection_type: kind,
            inspector_id,
            inspection_result: found,
            sample_size,
            work_order_id: step.map(|(order, _)| Id::new(order)),
            operation_sequence: step.and_then(|(order, at)| self.jobs.get(&order).map(|job| job.steps[at].sequence)),
            lot_number: lot.clone(),
            major_defects: sample.outside.min(1),
            minor_defects: (sample.outside - 1).max(0) + sample.seen,
            measured_values: sample.values,
            specification_values: sample.specs,
            corrective_action_required: matches!(found, Found::Fail | Found::Hold),
            inspection_plan_id: GAUGES.iter().find(|gauge| gauge.0 == skill).map(|gauge| gauge.6.to_owned()),
            photos_attached: sample.seen > 0,
            notes: (kind == Kind::Audit).then(|| Note("process audit after EN ISO 3834-2".to_owned())),
            ..RecordInspection::default()
        };
        let number = self.desk.make(Who::Inspector, Noun::QualityInspection, Command::RecordInspection(it), None)?;
        self.follow_up(number, found, step, lot, skill)
    }

    /// What comes of a verdict: a decision, a defect, an approval.
    fn follow_up(&mut self, inspection: u64, found: Found, step: Option<(u64, usize)>, lot: Option<String>, skill: &str) -> Result<(), Refusal> {
        if matches!(found, Found::Pass | Found::ConditionalPass) {
            let approved = self.later(20, 400);
            if self.dice.chance(500) {
                self.agenda.add(approved, Event::ApproveInspection(inspection));
            }
            return Ok(());
        }
        // The rules hold the lot of an inspection that did not pass; so does our picture of the racks.
        if let Some(number) = lot.as_ref().filter(|number| self.stock.lot(number).is_none_or(|lot| !lot.held)) {
            self.held_by.insert(inspection, number.clone());
            self.set_held(number, true);
        }
        if let (Found::Hold, Some((order, _))) = (found, step) {
            self.quality_held.insert(order, inspection);
        }
        if matches!(found, Found::Fail | Found::Hold) {
            self.record_defect(Some(inspection), step.map(|(order, _)| order), lot, skill, Method::Measurement, None)?;
        }
        if let (true, Some(center)) = (found == Found::Fail, step.and_then(|(order, at)| self.jobs.get(&order).map(|job| job.steps[at].center)))
            && self.book.drifting == Some(center)
        {
            self.failed_at_the_drift(self.desk.now());
        }
        let decided = self.later(60, 700);
        self.agenda.add(decided, Event::Dispose(inspection, Finding { found, again: false }));
        Ok(())
    }

    /// Three values of a process that mostly keeps its limits; one of them may creep.
    fn measure(&mut self, skill: &str, center: Option<u64>) -> Sample {
        let gauge = GAUGES.iter().find(|gauge| gauge.0 == skill).unwrap_or(&GAUGES[0]);
        let (_, name, target, tolerance, spread, unit, _) = *gauge;
        let bias = if center.is_some() && center == self.book.drifting { self.drift(self.desk.now()) } else { 0 };
        let mut sample = Sample { values: Vec::new(), specs: Vec::new(), outside: 0, seen: i64::from(self.dice.chance(SEEN)) };
        for place in 1..=3 {
            let off = bias + (0..3).map(|_| self.dice.between(-spread, spread)).sum::<i64>();
            let characteristic = format!("{name} {place}");
            sample.outside += i64::from(off.abs() > tolerance);
            sample.values.push(Measurement { characteristic: characteristic.clone(), value: exact(target + off), unit: Some(unit.to_owned()) });
            sample.specs.push(Specification {
                characteristic,
                target: Some(exact(target)),
                lower_limit: Some(exact(target - tolerance)),
                upper_limit: Some(exact(target + tolerance)),
                unit: Some(unit.to_owned()),
            });
        }
        sample
    }

    fn drift(&self, at: Time) -> i64 {
        let minutes = self.drift_from.map_or(0, |from| at.minutes_since(from));
        (minutes * DRIFT.1 / 1_440).max(0)
    }

    /// The planted drift begins some days into a history.
    pub(super) fn begin_drift(&mut self, start: Time) {
        (self.drift_from, self.drift_fails) = (Some(start.plus_minutes(DRIFT.0 * 1_440)), 0);
    }

    /// An inspection failed where the angle drifts. The second that is laid to it brings the corrective action: the
    /// gauge is put right and stays so.
    pub(super) fn failed_at_the_drift(&mut self, at: Time) {
        if self.drift(at) > DRIFT_SEEN {
            self.drift_fails += 1;
            if self.drift_fails >= 2 {
                (self.drift_from, self.drift_fails) = (None, 0);
            }
        }
    }

    /// Limits decide first; of what is outside, people see how far the goods can still be used.
    fn verdict(&mut self, sample: &Sample) -> Found {
        if sample.outside + sample.seen == 0 {
            return Found::Pass;
        }
        if sample.outside > 1 {
            return Found::Fail;
        }
        match self.dice.between(1, 100) {
            1..=28 => Found::Fail,
            29..=62 => Found::ConditionalPass,
            63..=88 => Found::ReworkRequired,
            _ => Found::Hold,
        }
    }

    /// Somebody decides on goods that did not pass.
    pub(super) fn dispose(&mut self, inspection: u64, finding: Finding) -> Result<(), Refusal> {
        let incoming = self.held_by.get(&inspection).is_some_and(|lot| self.stock.lot(lot).is_some_and(|lot| lot.bought));
        let decision = match (finding.found, finding.again, self.dice.between(1, 100)) {
            (_, true, _) | (_, _, 1..=58) => Disposition::UseAsIs,
            (Found::ReworkRequired | Found::Hold, ..) => Disposition::Rework,
            (_, _, 59..=86) => Disposition::Accept,
            _ if incoming => Disposition::ReturnToVendor,
            (_, _, 87..=93) => Disposition::Scrap,
            _ => Disposition::Reject,
        };
        let words = match decision {
            Disposition::UseAsIs => "deviation without effect on function, customer's limit kept",
            Disposition::Accept => "sorted, the good pieces are within limits",
            Disposition::Rework => "to be put right before it goes on",
            Disposition::ReturnToVendor => "returned, replacement ordered",
            Disposition::Scrap | Disposition::Reject => "cannot be put right at a sensible cost",
        };
        let it = DisposeInspection { inspection_id: Id::new(inspection), disposition: decision, disposition_reason: Some(Note(words.to_owned())) };
        if finding.again {
            self.desk.tell_why(Who::Lead, Command::DisposeInspection(it), "looked at again after rework")?;
        } else {
            self.desk.tell(Who::Inspector, Command::DisposeInspection(it))?;
        }
        match decision {
            Disposition::Rework => {
                let again = self.later(120, 900);
                self.agenda.add(again, Event::Dispose(inspection, Finding { again: true, ..finding }));
                return Ok(());
            }
            Disposition::UseAsIs | Disposition::Accept => self.set_free(inspection),
            _ => self.scrap_held(inspection)?,
        }
        self.quality_held.retain(|_, held_by| *held_by != inspection);
        let approved = self.later(10, 120);
        self.agenda.add(approved, Event::ApproveInspection(inspection));
        Ok(())
    }

    pub(super) fn approve_inspection(&mut self, inspection: u64) -> Result<(), Refusal> {
        self.desk.tell(Who::Lead, Command::ApproveInspection(ApproveInspection { inspection_id: Id::new(inspection) }))
    }

    fn record_defect(&mut self, inspection: Option<u64>, order: Option<u64>, lot: Option<String>, skill: &str, method: Method, pieces: Option<i64>) -> Result<(), Refusal> {
        let fitting: Vec<usize> = (0..STORIES.len()).filter(|at| STORIES[*at].0 == skill).collect();
        let story = self.dice.pick(&fitting).copied().unwrap_or(9);
        let complaint = method == Method::CustomerComplaint;
        let quantity = pieces.unwrap_or(self.dice.between(1, 4));
        let severity = match self.dice.between(1, 100) {
            1..=8 => Severity::Critical,
            9..=55 => Severity::Major,
            _ => Severity::Minor,
        };
        let it = RecordDefect {
            defect_category: STORIES[story].1,
            defect_severity: severity,
            defect_description: format!("{}{}", if complaint { "Customer complaint: " } else { "" }, STORIES[story].2),
            quantity_affected: quantity,
            detection_method: method,
            defect_code: Some(format!("{}-{:02}", skill.to_uppercase(), story + 1)),
            work_order_id: order.map(Id::new),
            inspection_id: inspection.map(Id::new),
            lot_number: lot,
            detected_by: self.somebody("inspect").map(Id::new),
            scrap_cost: whole(self.dice.between(20, 400)),
            rework_cost: whole(self.dice.between(10, 250)),
            ..RecordDefect::default()
        };
        let number = self.desk.make(Who::Inspector, Noun::Defect, Command::RecordDefect(it), None)?;
        let analyzed = self.later(180, 1_800);
        self.agenda.add(analyzed, Event::Analyze(number, story));
        Ok(())
    }

    /// The root cause is told; now and then the action comes a day later.
    pub(super) fn analyze(&mut self, defect: u64, story: usize) -> Result<(), Refusal> {
        let known = story < STORIES.len();
        let (_, _, _, cause, why, action, prevention) = STORIES[story % STORIES.len()];
        let acts = !known || self.dice.chance(600);
        let (due, note) = (self.book.local(self.desk.now()).0.plus_days(7), |text: &str| Some(Note(text.to_owned())));
        let it = AnalyzeDefect {
            defect_id: Id::new(defect),
            root_cause_category: cause,
            root_cause_description: Note(why.to_owned()),
            corrective_action: note(action).filter(|_| acts),
            preventive_action: note(prevention).filter(|_| acts),
            action_owner: acts.then(|| "quality engineering".to_owned()),
            action_due_date: acts.then_some(due),
        };
        self.desk.tell(Who::Inspector, Command::AnalyzeDefect(it))?;
        let next = self.later(1_000, 5_000);
        // Past the catalogue's end: the same story, told with its action.
        self.agenda.add(next, if acts { Event::CloseDefect(defect) } else { Event::Analyze(defect, story + STORIES.len()) });
        Ok(())
    }

    pub(super) fn close_defect(&mut self, defect: u64) -> Result<(), Refusal> {
        self.desk.tell(Who::Lead, Command::CloseDefect(CloseDefect { defect_id: Id::new(defect) }))
    }

    /// Pieces that were set aside are decided on, as long as their order runs.
    pub(super) fn decide_held(&mut self, order: u64, at: usize) -> Result<(), Refusal> {
        let good = self.dice.chance(550);
        let Some(job) = self.jobs.get_mut(&order).filter(|job| job.stage == super::job::Stage::Running) else { return Ok(()) };
        if job.held {
            let again = self.later(120, 400);
            self.agenda.add(again, Event::DecideHeld(order, at));
            return Ok(());
        }
        // Good ones can only go on where those after them still wait.
        let goes_on = good && job.steps.iter().skip(at + 1).all(|step| step.state == super::job::StepState::Waiting) && at + 1 < job.steps.len();
        let step = &mut job.steps[at];
        let pieces = std::mem::take(&mut step.held);
        step.good += if goes_on { pieces } else { 0 };
        let it = DisposeHeldPieces {
            work_order_id: Id::new(order),
            operation_sequence: step.sequence,
            good_quantity: if goes_on { pieces } else { 0 },
            scrapped_quantity: if goes_on { 0 } else { pieces },
            notes: Some(Note(if goes_on { "measured again, within limits" } else { "cannot be put right" }.to_owned())),
            ..DisposeHeldPieces::default()
        };
        if pieces > 0 { self.desk.tell(Who::Inspector, Command::DisposeHeldPieces(it)) } else { Ok(()) }
    }

    /// Whether a customer will still find something in a lot that has left: surely not once the days are over in which
    /// they look, and less likely the fewer of them are left.
    pub(super) fn may_be_complained_of(&mut self, order: u64, lot: &str, left: Time) {
        let (least, most) = FOUND_MINUTES;
        let passed = self.desk.now().minutes_since(left);
        let first = least.max(passed);
        if first < most && self.dice.chance(COMPLAINTS) && (first == least || self.dice.between(least, most) > first) {
            let (found, pieces) = (self.later(first - passed, most - passed), self.dice.between(1, 3));
            self.agenda.add(found, Event::Complaint(order, lot.to_owned(), pieces));
        }
    }

    pub(super) fn complain(&mut self, order: u64, lot: String, pieces: i64) -> Result<(), Refusal> {
        let skill = self.dice.pick(&["polish", "assemble", "weld", "pack"]).copied().unwrap_or("pack");
        self.record_defect(None, Some(order), Some(lot), skill, Method::CustomerComplaint, Some(pieces))
    }
}

/// Which story a defect tells.
pub(super) fn story_of(description: &str) -> usize {
    STORIES.iter().position(|story| description.ends_with(story.2)).unwrap_or(0)
}

fn exact(scaled: i64) -> Decimal {
    Decimal::from_scaled(scaled).unwrap_or_default()
}
