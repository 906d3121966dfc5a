//! Employees and their time; users, roles and tokens.

use super::field::Note;
use super::ids::Id;
use super::machine::{Machine, WorkCenter};
use super::permission::Role;
use super::plant::{Factory, ProductionLine, Status};
use super::shift::Shift;
use super::work_order::{WorkOrder, WorkOrderOperation};
use crate::base::{Date, Decimal, Time};
use crate::{line, record, words};

words! {
    /// How far a person has come.
    SkillLevel { Skilled = "skilled", Trainee = "trainee", Senior = "senior", Expert = "expert", }
}

line! {
    /// What a person is certified for.
    Certification {
        skill: String,
        valid_until: Option<Date>,
    }
}

record! {
    /// An employee.
    Employee { employee_id,
        given plain factory_id: Option<Id<Factory>>,
        given by line_id: Option<Id<ProductionLine>>,
        given unique employee_code: Option<String>,
        given personal first_name: Option<String>,
        given personal last_name: Option<String>,
        given personal email: Option<String>,
        given personal phone: Option<String>,
        given plain role: Option<String>,
        given plain department: Option<String>,
        given plain skill_level: SkillLevel,
        given plain shift_id: Option<Id<Shift>>,
        given plain hire_date: Option<Date>,
        given plain experience_years: Option<Decimal>,
        given plain certifications: Vec<Certification>,
        given plain hourly_rate: Option<Decimal>,
        given plain status: Status,
        /// SHA-256 of the salted names and contacts, which are kept apart; absent when there are none or they were erased.
        made plain personal_digest: Option<String>,
        made plain created_at: Time,
    }
}

/// Names and contacts of a person, kept apart from the record so that they can be erased while every
/// figure stays. The salt keeps the journal's digest from being guessed back.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PersonalData {
    /// Random, made once.
    pub salt: [u8; 16],
    /// Column and content.
    pub fields: Vec<(String, String)>,
}

words! {
    /// What the time was for.
    ActivityType {
        DirectLabor = "direct_labor", IndirectLabor = "indirect_labor", Setup = "setup", Training = "training",
        Maintenance = "maintenance", Meeting = "meeting", Break = "break",
    }
}

record! {
    /// Time of a person. Several people may work on a job, and one on several: each is a row.
    LaborTransaction { labor_transaction_id,
        made plain transaction_date: Date,
        made by employee_id: Id<Employee>,
        made plain shift_id: Option<Id<Shift>>,
        made by work_order_id: Option<Id<WorkOrder>>,
        made by operation_id: Option<Id<WorkOrderOperation>>,
        made by work_center_id: Option<Id<WorkCenter>>,
        made plain machine_id: Option<Id<Machine>>,
        made plain activity_code: Option<String>,
        made plain activity_type: ActivityType,
        made plain clock_in_time: Time,
        /// Empty while the person is at it.
        made plain clock_out_time: Option<Time>,
        /// The person is at it now.
        made by is_open: bool,
        made plain duration_minutes: Option<i64>,
        made plain break_time_minutes: i64,
        made plain quantity_produced: i64,
        made plain quantity_rejected: i64,
        made plain standard_hours: Option<Decimal>,
        made plain actual_hours: Option<Decimal>,
        made plain efficiency_percentage: Option<Decimal>,
        made plain hourly_rate: Option<Decimal>,
        made plain labor_cost: Option<Decimal>,
        made plain overtime_hours: Decimal,
        made plain overtime_cost: Decimal,
        made plain approved: bool,
        made plain approved_by: Option<String>,
        made plain approved_at: Option<Time>,
        /// Open for longer than twelve hours: somebody forgot to clock out.
        made plain forgotten: bool,
        made unique source_key: Option<String>,
        made plain notes: Option<Note>,
        made plain created_at: Time,
    }
}

record! {
    /// A person or program that logs in.
    User { user_id,
        made unique user_name: String,
        made by role: Role,
        made plain employee_id: Option<Id<Employee>>,
        made plain status: Status,
        /// SHA-256 of the stored verifiers, so that the journal proves them without holding them.
        made plain secret_digest: Option<String>,
        made plain created_at: Time,
        made plain updated_at: Time,
    }
}

record! {
    /// A token for programs.
    ApiToken { token_id,
        made by user_id: Id<User>,
        made plain token_name: String,
        made plain expires_at: Option<Time>,
        made plain revoked: bool,
        made plain secret_digest: Option<String>,
        made plain created_at: Time,
    }
}
