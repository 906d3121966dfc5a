//! Floor 5: whoever reads the journal from a cursor of its own, after the commit and beside the
//! writer; and whoever reads what machines tell, and makes commands of it. A follower may run twice over
//! the same; the cursor lives with what it describes.

pub mod figures;
pub mod indexing;
pub mod lake;
pub mod lake_telemetry;
pub mod machine_counts;
pub mod machine_faults;
pub mod machine_stops;
pub mod replan;
pub mod reports;
pub mod roots;
