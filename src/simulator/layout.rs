//! Makes the many records of a plant from its few rules: cells become work centers with machines and
//! sensors, crews become people, items become products with their stock, bill of material and
//! routing. Deliberately the same on every run: a plant's master data do not depend on the seed.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Table, Value};

use super::PLANT_NAME;
use super::fixture::Demand;
use super::random::Dice;
use crate::model::Noun;

/// What a product costs more than its standard, in percent, when it is sold.
const MARGIN_PERCENT: i64 = 45;

/// Work centers of one kind.
#[derive(Clone, Debug, Deserialize)]
struct Cell {
    code: String,
    machine: String,
    name: String,
    line: String,
    skill: String,
    machine_type: String,
    makers: Vec<[String; 2]>,
    power_kw: i64,
    asset_value: i64,
    criticality: Vec<String>,
    sensors: Vec<String>,
    /// Which of them is the bottleneck, from 1.
    bottleneck: usize,
    /// The shifts of each.
    shifts: Vec<Vec<String>>,
}

/// People of one shift and department.
#[derive(Clone, Debug, Deserialize)]
struct Crew {
    shift: String,
    line: Option<String>,
    department: String,
    role: String,
    skills: Vec<String>,
    count: i64,
    rate: i64,
}

#[derive(Clone, Debug, Deserialize)]
struct SensorKind {
    kind: String,
    unit: String,
    normal: [i64; 2],
    measuring: [i64; 2],
    hz: f64,
    protocol: String,
    maker: String,
    model: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Names {
    first: Vec<String>,
    last: Vec<String>,
}

/// A product with all that belongs to it.
#[derive(Clone, Debug, Deserialize)]
struct Item {
    code: String,
    name: String,
    category: String,
    /// The material it is kept as, when it goes into other products.
    stock: Option<String>,
    weight: f64,
    cost: i64,
    /// Material, quantity, unit, extra for scrap in percent.
    bom: Vec<[String; 4]>,
    route: Vec<Stage>,
}

#[derive(Clone, Debug, Deserialize)]
struct Stage {
    center: String,
    name: String,
    setup: i64,
    seconds: i64,
    #[serde(default)]
    inspect: bool,
}

/// The rules of a fixture.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Rules {
    cell: Vec<Cell>,
    crew: Vec<Crew>,
    sensor_kind: Vec<SensorKind>,
    names: Names,
    item: Vec<Item>,
}

/// Records to make, each with its noun.
pub(super) type Rows = Vec<(Noun, Table)>;

fn row<const N: usize>(columns: [(&str, Value); N]) -> Table {
    columns.into_iter().chain([("status", Value::from("active"))]).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

fn list<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Value {
    Value::Array(items.into_iter().map(Into::into).collect())
}

/// A setting that its makers give for each in turn.
fn in_turn<T>(of: &[T], at: usize) -> Option<&T> {
    of.get(at % of.len().max(1))
}

impl Rules {
    /// Everything they stand for.
    pub(super) fn records(&self, demand: &[Demand]) -> Rows {
        let mut rows = Rows::new();
        self.cell.iter().for_each(|cell| self.lay_out(cell, &mut rows));
        self.hire(&mut rows);
        self.item.iter().for_each(|item| self.engineer(item, &mut rows));
        demand.iter().for_each(|demand| self.agree(demand, &mut rows));
        rows
    }

    fn lay_out(&self, cell: &Cell, rows: &mut Rows) {
        for (at, shifts) in cell.shifts.iter().enumerate() {
            let number = at + 1;
            let (machine, years) = (format!("{}-{number:02}", cell.machine), 2 + (at as i64 * 5 + cell.power_kw) % 13);
            let maker = in_turn(&cell.makers, at).cloned().unwrap_or_default();
            rows.push((
                Noun::Machine,
                row([
                    ("machine_code", text(&machine)),
                    ("machine_name", text(format!("{} {number}", cell.name))),
                    ("line_id", text(&cell.line)),
                    ("factory_id", text(PLANT_NAME)),
                    ("machine_type", text(&cell.machine_type)),
                    ("manufacturer", text(&maker[0])),
                    ("model", text(&maker[1])),
                    ("serial_number", text(format!("{machine}-{}", 2026 - years))),
                    ("installation_date", text(format!("{}-06-03", 2026 - years))),
                    ("power_kw", Value::Integer(cell.power_kw)),
                    ("maintenance_schedule", text("weekly")),
                    ("criticality", text(in_turn(&cell.criticality, at).cloned().unwrap_or_default())),
                    ("asset_value", Value::Integer(cell.asset_value)),
                    ("expected_life_years", Value::Integer(15)),
                    ("age_years", Value::Integer(years)),
                ]),
            ));
            rows.push((
                Noun::WorkCenter,
                row([
                    ("work_center_code", text(format!("{}-{number}", cell.code))),
                    ("work_center_name", text(format!("{} {number}", cell.name))),
                    ("line_id", text(&cell.line)),
                    ("machine_id", text(&machine)),
                    ("machine_type", text(&cell.machine_type)),
                    ("capacity_minutes_per_shift", Value::Integer(450)),
                    ("shift_ids", list(shifts.iter().cloned())),
                    ("efficiency_factor", text("0.85")),
                    ("setup_category", text(&cell.skill)),
                    ("is_bottleneck", Value::Boolean(number == cell.bottleneck)),
                    ("required_skill", text(&cell.skill)),
                ]),
            ));
            let kinds = cell.sensors.iter().filter_map(|wanted| self.sensor_kind.iter().find(|kind| kind.kind == *wanted));
            rows.extend(kinds.enumerate().map(|(at, kind)| (Noun::Sensor, sensor(kind, &machine, at + 1))));
        }
    }

    fn hire(&self, rows: &mut Rows) {
        let mut dice = Dice::new(1);
        let mut hired = 100_i64;
        for crew in &self.crew {
            for _ in 0..crew.count {
                hired += 1;
                rows.push((Noun::Employee, self.person(crew, hired, &mut dice)));
            }
        }
    }

    fn person(&self, crew: &Crew, number: i64, dice: &mut Dice) -> Table {
        let years = dice.between(0, 24);
        let level = ["trainee", "skilled", "senior", "expert"][usize::from(years >= 2) + usize::from(years >= 5) + usize::from(years >= 10)];
        let skill = |skill: &String| Value::Table(Table::from_iter([("skill".to_owned(), text(skill)), ("valid_until".to_owned(), text(format!("{}-12-31", 2027 + number % 4)))]));
        let mut person = row([
            ("employee_code", text(format!("E{number}"))),
            ("first_name", text(dice.pick(&self.names.first).cloned().unwrap_or_default())),
            ("last_name", text(dice.pick(&self.names.last).cloned().unwrap_or_default())),
            ("factory_id", text(PLANT_NAME)),
            ("department", text(&crew.department)),
            ("role", text(&crew.role)),
            ("skill_level", text(level)),
            ("shift_id", text(&crew.shift)),
            ("hire_date", text(format!("{}-09-01", 2025 - years))),
            ("experience_years", Value::Integer(years)),
            ("hourly_rate", text(format!("{}.{}0", crew.rate - 2 + years / 5, number % 10))),
            ("certifications", list(crew.skills.iter().map(skill))),
        ]);
        person.extend(crew.line.as_ref().map(|line| ("line_id".to_owned(), text(line))));
        person
    }

    fn engineer(&self, item: &Item, rows: &mut Rows) {
        let cycle: i64 = item.route.iter().map(|stage| stage.seconds).sum();
        if let Some(stock) = &item.stock {
            let columns = [
                ("material_code", text(stock)),
                ("material_name", text(&item.name)),
                ("material_type", text("sub_assembly")),
                ("stock_unit", text("EA")),
                ("unit_cost", Value::Integer(item.cost)),
            ];
            rows.push((Noun::Material, row(columns)));
        }
        let parts = item.bom.len();
        let mut product = row([
            ("product_code", text(&item.code)),
            ("product_name", text(&item.name)),
            ("product_category", text(&item.category)),
            ("bom_complexity", text(["simple", "moderate", "complex"][usize::from(parts > 3) + usize::from(parts > 4)])),
            ("component_count", Value::Integer(parts as i64)),
            ("standard_cycle_time_seconds", Value::Integer(cycle)),
            ("target_ppm", Value::Integer(2_500)),
            ("weight_kg", Value::Float(item.weight)),
            ("standard_cost_per_unit", Value::Integer(item.cost)),
        ]);
        product.extend(item.stock.as_ref().map(|stock| ("material_id".to_owned(), text(stock))));
        rows.push((Noun::Product, product));
        let line = |[material, quantity, unit, extra]: &[String; 4]| {
            let columns = [("material_id", material), ("quantity_per_unit", quantity), ("unit_of_measure", unit), ("scrap_percentage", extra)];
            Value::Table(columns.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect())
        };
        let lines = item.bom.iter().map(line);
        rows.push((Noun::BillOfMaterial, row([("product_id", text(&item.code)), ("revision", text("A")), ("lines", list(lines))])));
        let steps = item.route.iter().enumerate().map(|(at, stage)| self.step(at as i64, stage));
        rows.push((Noun::Routing, row([("product_id", text(&item.code)), ("revision", text("A")), ("steps", list(steps))])));
        self.map_lines(item, rows);
    }

    fn step(&self, at: i64, stage: &Stage) -> Value {
        let cell = self.cell_of(stage);
        let mut step = row([
            ("operation_sequence", Value::Integer(10 * (at + 1))),
            ("operation_code", text(cell.map_or("MAKE", |cell| &cell.code))),
            ("operation_name", text(&stage.name)),
            ("work_center_id", text(&stage.center)),
            ("setup_minutes", Value::Integer(stage.setup)),
            ("standard_time_per_unit_seconds", Value::Integer(stage.seconds)),
            ("requires_inspection", Value::Boolean(stage.inspect)),
        ]);
        step.remove("status");
        if at > 0 {
            step.insert("depends_on".to_owned(), list([10 * at]));
        }
        if cell.is_some_and(|cell| cell.skill == "weld") {
            step.insert("work_instructions".to_owned(), text("WPS 141-07, purge with argon, interpass below 150 C"));
            step.insert("safety_notes".to_owned(), text("Hood, gloves, extraction on"));
        }
        Value::Table(step)
    }

    fn cell_of(&self, stage: &Stage) -> Option<&Cell> {
        let (kind, _) = stage.center.rsplit_once('-')?;
        self.cell.iter().find(|cell| cell.code == kind)
    }

    /// Each line an item passes; the one with most of its time is the primary.
    fn map_lines(&self, item: &Item, rows: &mut Rows) {
        let mut lines: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for stage in &item.route {
            let Some(cell) = self.cell_of(stage) else { continue };
            let (seconds, setup) = lines.entry(&cell.line).or_default();
            *seconds += stage.seconds;
            *setup += stage.setup;
        }
        let longest = lines.iter().max_by_key(|(_, (seconds, _))| *seconds).map(|(line, _)| *line);
        for (line, (seconds, setup)) in &lines {
            let mut mapping = row([
                ("line_id", text(*line)),
                ("product_id", text(&item.code)),
                ("factory_id", text(PLANT_NAME)),
                ("is_primary", Value::Boolean(longest == Some(line))),
                ("cycle_time_seconds", Value::Integer(*seconds)),
                ("setup_minutes", Value::Integer(*setup)),
                ("changeover_minutes", Value::Integer(if matches!(*line, "L2" | "L3") { 50 } else { 40 })),
                ("yield_percentage", text("98.5")),
            ]);
            mapping.remove("status");
            rows.push((Noun::LineProductMapping, mapping));
        }
    }

    fn agree(&self, demand: &Demand, rows: &mut Rows) {
        let Some(item) = self.item.iter().find(|item| item.code == demand.product) else { return };
        let volume = demand.share * (demand.least + demand.most) * 72;
        for customer in &demand.customers {
            let columns = [
                ("customer_id", text(customer)),
                ("product_id", text(&item.code)),
                ("annual_volume", Value::Integer(volume / demand.customers.len() as i64)),
                ("unit_price", Value::Integer(item.cost * (100 + MARGIN_PERCENT) / 100)),
                ("lead_time_days", Value::Integer(8)),
                ("ppm_requirement", Value::Integer(2_500)),
            ];
            rows.push((Noun::CustomerProductMapping, row(columns)));
        }
    }
}

/// A sensor: warning is the normal range widened by a tenth, critical the whole measuring range.
fn sensor(kind: &SensorKind, machine: &str, number: usize) -> Table {
    let [low, high] = kind.normal;
    let widened = (high - low) / 10;
    row([
        ("machine_id", text(machine)),
        ("sensor_code", text(format!("{machine}-S{number}"))),
        ("sensor_name", text(format!("{machine} {}", kind.kind))),
        ("sensor_type", text(&kind.kind)),
        ("unit_of_measure", text(&kind.unit)),
        ("measuring_range_min", Value::Integer(kind.measuring[0])),
        ("measuring_range_max", Value::Integer(kind.measuring[1])),
        ("normal_range_min", Value::Integer(low)),
        ("normal_range_max", Value::Integer(high)),
        ("warning_range_min", Value::Integer((low - widened).max(kind.measuring[0]))),
        ("warning_range_max", Value::Integer((high + widened).min(kind.measuring[1]))),
        ("critical_range_min", Value::Integer(kind.measuring[0])),
        ("critical_range_max", Value::Integer(kind.measuring[1])),
        ("sampling_frequency_hz", Value::Float(kind.hz)),
        ("protocol", text(&kind.protocol)),
        ("manufacturer", text(&kind.maker)),
        ("model", text(&kind.model)),
        ("calibration_date", text("2026-02-16")),
        ("calibration_interval_days", Value::Integer(365)),
        ("accuracy_percentage", text("0.5")),
    ])
}
