//! What sixty machines of a shop tell, twelve metrics each: states with dwell times, jobs, counters,
//! temperatures that follow the state. The same numbers in every run.

use std::fmt::Write as _;

use super::Dice;

/// Departments: name, machines, prefix of their codes.
const DEPARTMENTS: [(&str, u32, &str); 6] =
    [("laser", 18, "LAS"), ("punch", 8, "PUN"), ("bending", 12, "BRK"), ("welding", 12, "WLD"), ("polishing", 4, "POL"), ("assembly", 6, "ASM")];
/// Metrics with their units.
pub(crate) const METRICS: [(&str, &str); 12] = [
    ("status", "code"),
    ("program_no", "no"),
    ("part_count", "pcs"),
    ("cycle_time", "s"),
    ("power", "W"),
    ("feed_rate", "mm/min"),
    ("load", "%"),
    ("temperature", "degC"),
    ("vibration", "mm/s"),
    ("gas_pressure", "bar"),
    ("energy", "kWh"),
    ("alarm_code", "code"),
];
/// All machines times all metrics.
pub(crate) const SERIES: usize = 720;

/// A machine, as it is at a moment.
struct Machine {
    code: String,
    department: &'static str,
    dice: Dice,
    state: State,
    state_ends_s: i64,
    job: Job,
    load: f64,
    temperature: f64,
    gas: f64,
    parts: f64,
    energy_kwh: f64,
    alarm: f64,
    values: [f64; 12],
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Off = 0,
    Idle = 1,
    Run = 2,
    Alarm = 4,
}

#[derive(Default)]
struct Job {
    program: u64,
    cycle_s: f64,
    power_w: f64,
    feed: f64,
}

/// The shop floor.
pub(crate) struct Floor {
    machines: Vec<Machine>,
}

fn share(dice: &mut Dice) -> f64 {
    (dice.roll() >> 11) as f64 / (1_u64 << 53) as f64
}

/// About normal, of deviation 1.
fn noise(dice: &mut Dice) -> f64 {
    (0..4).map(|_| share(dice)).sum::<f64>().mul_add(1.0, -2.0) * 3.0_f64.sqrt()
}

fn rounded(value: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    (value * scale).round() / scale
}

impl Floor {
    pub(crate) fn new(seed: u64) -> Self {
        let codes = DEPARTMENTS.iter().flat_map(|(department, count, prefix)| (1..=*count).map(move |number| (format!("{prefix}-{number:02}"), *department)));
        let machines = codes.enumerate().map(|(at, (code, department))| Machine::new(code, department, seed ^ ((at as u64 + 1) << 20))).collect();
        Self { machines }
    }

    /// What every machine tells at a moment, in seconds since 1970, so long after the one before.
    pub(crate) fn tick(&mut self, at_s: i64, step_s: f64) {
        self.machines.iter_mut().for_each(|machine| machine.tick(at_s, step_s));
    }

    /// Line protocol with a field in each line, and the job where the reader takes it for no new series.
    pub(crate) fn write_lines(&self, at_s: i64, with_job: bool, out: &mut String) {
        for it in &self.machines {
            for ((metric, unit), value) in METRICS.iter().zip(it.values) {
                _ = write!(out, "machine_metrics,machine_id={},department={},unit={unit}", it.code, it.department);
                if with_job {
                    _ = write!(out, ",job_id=J{}", it.job.program);
                }
                _ = writeln!(out, " {metric}={value} {at_s}000000000");
            }
        }
    }

    /// Line protocol with all fields of a machine in one line.
    pub(crate) fn write_wide_lines(&self, at_s: i64, out: &mut String) {
        for it in &self.machines {
            _ = write!(out, "machine_metrics,machine_id={},department={}", it.code, it.department);
            for (place, ((metric, _), value)) in METRICS.iter().zip(it.values).enumerate() {
                _ = write!(out, "{}{metric}={value}", if place == 0 { ' ' } else { ',' });
            }
            _ = writeln!(out, " {at_s}000000000");
        }
    }

    /// Rows of the table `machine_metrics`, as COPY reads them.
    pub(crate) fn write_rows(&self, time: &str, out: &mut String) {
        for it in &self.machines {
            for ((metric, unit), value) in METRICS.iter().zip(it.values) {
                _ = writeln!(out, "{time}\t{}\t{}\t{metric}\t{value}\t{unit}\tJ{}\t\\N", it.code, it.department, it.job.program);
            }
        }
    }
}

impl Machine {
    fn new(code: String, department: &'static str, seed: u64) -> Self {
        let (dice, job) = (Dice(seed), Job::default());
        let mut machine = Self {
            code,
            department,
            dice,
            state: State::Run,
            state_ends_s: 0,
            job,
            load: 55.0,
            temperature: 22.0,
            gas: 12.0,
            parts: 0.0,
            energy_kwh: 0.0,
            alarm: 0.0,
            values: [0.0; 12],
        };
        machine.next_job();
        machine
    }

    fn next_job(&mut self) {
        let dice = &mut self.dice;
        self.job = Job {
            program: dice.within(1_000, 9_998),
            cycle_s: rounded(12.0 + share(dice) * 228.0, 1),
            power_w: 1_500.0 + share(dice) * 7_500.0,
            feed: dice.within(20, 159) as f64 * 100.0,
        };
    }

    fn next_state(&mut self, at_s: i64) {
        let is_night = !(6..22).contains(&(at_s / 3_600 % 24));
        self.state = match self.state {
            _ if is_night && share(&mut self.dice) < 0.7 => State::Off,
            State::Off | State::Alarm => State::Idle,
            State::Idle => State::Run,
            State::Run if share(&mut self.dice) < 0.06 => State::Alarm,
            State::Run => State::Idle,
        };
        let mean_s = match self.state {
            State::Off => 7_200.0,
            State::Idle => 240.0,
            State::Run => 1_500.0,
            State::Alarm => 120.0,
        };
        self.alarm = if self.state == State::Alarm { self.dice.within(100, 179) as f64 } else { 0.0 };
        self.state_ends_s = at_s + (-mean_s * (1.0 - share(&mut self.dice)).ln()).max(1.0) as i64;
    }

    fn tick(&mut self, at_s: i64, step_s: f64) {
        if at_s >= self.state_ends_s {
            self.next_state(at_s);
        }
        if share(&mut self.dice) < step_s / 2_700.0 {
            self.next_job();
        }
        let (is_on, is_running) = (self.state != State::Off, self.state == State::Run);
        let power = match self.state {
            State::Run => self.job.power_w * (1.0 + 0.012 * noise(&mut self.dice)),
            State::Off => 0.0,
            State::Idle | State::Alarm => 320.0 + 4.0 * noise(&mut self.dice),
        };
        let power = rounded(power, 0);
        self.parts += if is_running { step_s / self.job.cycle_s } else { 0.0 };
        self.energy_kwh += power * step_s / 3.6e6;
        self.load = 55.0 + 0.97 * (self.load - 55.0) + 1.2 * noise(&mut self.dice);
        self.gas = 12.0 + 0.999 * (self.gas - 12.0) + 0.01 * noise(&mut self.dice);
        let target = if is_running { 46.0 } else { f64::from(u8::from(is_on)).mul_add(9.0, 22.0) };
        self.temperature += (target - self.temperature) * (1.0 - (-step_s / 900.0).exp()) + 0.01 * noise(&mut self.dice);
        let vibration = if is_running { 1.8 + 0.35 * noise(&mut self.dice) } else { 0.15 + 0.02 * noise(&mut self.dice) };
        let slows = share(&mut self.dice) < 0.08;
        let load = if is_running { self.load } else { f64::from(u8::from(is_on)) * 4.0 };
        self.values = [
            f64::from(self.state as u8),
            if is_on { self.job.program as f64 } else { 0.0 },
            self.parts.floor(),
            if is_running { self.job.cycle_s } else { 0.0 },
            power,
            if is_running { (self.job.feed * if slows { 0.75 } else { 1.0 }).round() } else { 0.0 },
            rounded(load, 1),
            rounded(self.temperature, 1),
            // An unrounded REAL of a controller.
            f64::from(vibration.abs() as f32),
            if is_on { rounded(self.gas, 2) } else { 0.0 },
            rounded(self.energy_kwh, 3),
            self.alarm,
        ];
    }
}
