//! What a machine does, from what its control says: the words of MTConnect's Execution and
//! FunctionalMode, of OPC 40001-1 (annex C) and of LaserSystems, as ISO 22400 counts them. A word that
//! nobody knows is no data, and is shown as it came. Deliberately without samples: `views` and
//! `followers` read them.

use crate::words;

/// What a machine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MachineState {
    /// A program runs.
    Producing,
    /// It is being set up.
    Setup,
    /// It could work and does not.
    Idle,
    /// Its program is held.
    Interrupted,
    /// It is serviced.
    Maintenance,
    /// A fault keeps it from working.
    Down,
    /// No shift of it is open, and it does not work.
    NotPlanned,
    /// It says nothing, or nothing that is known.
    NoData,
}

impl MachineState {
    /// All of them.
    pub const ALL: [Self; 8] = [Self::Producing, Self::Setup, Self::Idle, Self::Interrupted, Self::Maintenance, Self::Down, Self::NotPlanned, Self::NoData];

    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Producing => "producing",
            Self::Setup => "setup",
            Self::Idle => "idle",
            Self::Interrupted => "interrupted",
            Self::Maintenance => "maintenance",
            Self::Down => "down",
            Self::NotPlanned => "not_planned",
            Self::NoData => "no_data",
        }
    }
}

words! {
    /// What a series says of its machine.
    SignalRole { Execution = "execution", Mode = "mode", Alarm = "alarm", EmergencyStop = "emergency_stop", Job = "job", PartCount = "part_count", }
}

const SIGNALS: &[(&str, SignalRole)] = &[
    ("execution", SignalRole::Execution),
    ("exec", SignalRole::Execution),
    ("machinestate", SignalRole::Execution),
    ("machineryitemstate", SignalRole::Execution),
    ("lasersystemstate", SignalRole::Execution),
    ("laserstate", SignalRole::Execution),
    ("state", SignalRole::Execution),
    ("status", SignalRole::Execution),
    ("functionalmode", SignalRole::Mode),
    ("machineryoperationmode", SignalRole::Mode),
    ("operationmode", SignalRole::Mode),
    ("alarm", SignalRole::Alarm),
    ("system", SignalRole::Alarm),
    ("emergencystop", SignalRole::EmergencyStop),
    ("estop", SignalRole::EmergencyStop),
    ("jobid", SignalRole::Job),
    ("partcount", SignalRole::PartCount),
    ("partscount", SignalRole::PartCount),
];

const EXECUTIONS: &[(&str, MachineState)] = &[
    ("active", MachineState::Producing),
    ("executing", MachineState::Producing),
    ("running", MachineState::Producing),
    ("working", MachineState::Producing),
    ("laseron", MachineState::Producing),
    ("ready", MachineState::Idle),
    ("idle", MachineState::Idle),
    ("wait", MachineState::Idle),
    ("notexecuting", MachineState::Idle),
    ("laserready", MachineState::Idle),
    ("energysaving", MachineState::Idle),
    ("programcompleted", MachineState::Idle),
    ("stopped", MachineState::Interrupted),
    ("interrupted", MachineState::Interrupted),
    ("feedhold", MachineState::Interrupted),
    ("programstopped", MachineState::Interrupted),
    ("optionalstop", MachineState::Interrupted),
    ("programoptionalstop", MachineState::Interrupted),
    ("pause", MachineState::Interrupted),
    ("paused", MachineState::Interrupted),
    ("setup", MachineState::Setup),
    ("maintenance", MachineState::Maintenance),
    ("outofservice", MachineState::Maintenance),
    ("error", MachineState::Down),
    ("alarming", MachineState::Down),
    ("fault", MachineState::Down),
];

const MODES: &[(&str, MachineState)] = &[("setup", MachineState::Setup), ("teardown", MachineState::Setup), ("maintenance", MachineState::Maintenance)];

/// Letters and digits only, small: `PROGRAM_STOPPED`, `ProgramStopped` and `program stopped` are one word.
pub fn plain(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn known<T: Copy>(of: &[(&str, T)], word: &str) -> Option<T> {
    let word = plain(word);
    of.iter().find(|(known, _)| *known == word).map(|(_, it)| *it)
}

/// Whether a word of a role is known, for a mapping onto it; a fault's code and a job's name are anybody's.
pub fn is_known(role: SignalRole, word: &str) -> bool {
    match role {
        SignalRole::Execution => known(EXECUTIONS, word).is_some(),
        SignalRole::Mode => known(MODES, word).is_some() || matches!(plain(word).as_str(), "production" | "processing" | "none"),
        SignalRole::EmergencyStop => matches!(plain(word).as_str(), "armed" | "triggered"),
        SignalRole::Alarm | SignalRole::Job => true,
        SignalRole::PartCount => false,
    }
}

/// What a metric says of its machine, and how surely: a smaller rank goes before.
pub fn signal(metric: &str) -> Option<(SignalRole, usize)> {
    let name = plain(metric.rsplit(['/', '.']).next().unwrap_or(metric));
    SIGNALS.iter().position(|(known, _)| *known == name).map(|rank| (SIGNALS[rank].1, rank))
}

/// What its control says at a moment; absent where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Whether a program runs.
    pub execution: Option<String>,
    /// What the machine is used for.
    pub mode: Option<String>,
    /// Which fault there is.
    pub alarm: Option<String>,
    /// Whether the emergency stop is pressed.
    pub emergency_stop: Option<String>,
    /// What it works on.
    pub job: Option<String>,
}

impl Words {
    /// Where a role's word stands; a counter has none.
    pub const fn of(&mut self, role: SignalRole) -> Option<&mut Option<String>> {
        match role {
            SignalRole::Execution => Some(&mut self.execution),
            SignalRole::Mode => Some(&mut self.mode),
            SignalRole::Alarm => Some(&mut self.alarm),
            SignalRole::EmergencyStop => Some(&mut self.emergency_stop),
            SignalRole::Job => Some(&mut self.job),
            SignalRole::PartCount => None,
        }
    }

    /// What the machine does.
    pub fn state(&self) -> MachineState {
        let says = |word: &Option<String>, what: &str| word.as_deref().is_some_and(|word| plain(word) == what);
        let Some(execution) = &self.execution else { return MachineState::NoData };
        let faulty = self
            .alarm
            .as_deref()
            .is_some_and(|alarm| alarm.starts_with("FAULT") || !matches!(plain(alarm).as_str(), "" | "normal" | "none" | "ok") && !alarm.starts_with("WARNING"));
        let state = known(EXECUTIONS, execution).unwrap_or(MachineState::NoData);
        if says(&self.emergency_stop, "triggered") || (faulty && state != MachineState::Producing) {
            return MachineState::Down;
        }
        match self.mode.as_deref().and_then(|mode| known(MODES, mode)) {
            Some(mode) => mode,
            None => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_every_house_come_to_one_state() {
        let words = |execution: &str, mode: Option<&str>, alarm: Option<&str>| Words {
            execution: Some(execution.to_owned()),
            mode: mode.map(str::to_owned),
            alarm: alarm.map(str::to_owned),
            ..Words::default()
        };
        for (it, wanted) in [
            (words("ACTIVE", Some("PRODUCTION"), None), MachineState::Producing),
            (words("ACTIVE", Some("SETUP"), None), MachineState::Setup),
            (words("Executing", None, Some("NORMAL")), MachineState::Producing),
            (words("NotExecuting", Some("Maintenance"), None), MachineState::Maintenance),
            (words("LaserOn", None, None), MachineState::Producing),
            (words("STOPPED", Some("MAINTENANCE"), Some("LAS-E417")), MachineState::Down),
            (words("PROGRAM_STOPPED", None, Some("WARNING:12")), MachineState::Interrupted),
            (words("ACTIVE", None, Some("FAULT:417")), MachineState::Producing),
            (words("Zaphod", None, None), MachineState::NoData),
            (Words { emergency_stop: Some("TRIGGERED".to_owned()), ..words("READY", None, None) }, MachineState::Down),
            (Words::default(), MachineState::NoData),
        ] {
            assert_eq!(it.state(), wanted, "{it:?}");
        }
    }

    #[test]
    fn a_metric_is_known_by_its_last_name() {
        assert_eq!(signal("Controller/Execution").map(|(it, _)| it), Some(SignalRole::Execution));
        assert_eq!(signal("estop").map(|(it, _)| it), Some(SignalRole::EmergencyStop));
        assert!(signal("execution").unwrap().1 < signal("status").unwrap().1);
        assert_eq!(signal("spindle_load"), None);
    }
}
