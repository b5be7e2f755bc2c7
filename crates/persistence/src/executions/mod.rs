//! Executions of workflows.
//!
//! An execution belongs to a lane of its workflow, and the job of that lane runs the executions in it one after the other.
//! A step that changes the directory is stored in one transaction with its change, with the steps before it that are not stored
//! yet, and with those that come up after it: so each has its effect once, however often it is begun. `revision` decides between
//! two servers: whoever stores an execution names the revision that it has read. An execution is locked before its steps.

mod advance;
mod begin;
mod control;
mod effects;
mod find;
mod makers;
mod removal;
mod row;
mod statistics;
mod steps;

pub use self::advance::{change, fail, is_current, store, take_turn};
pub use self::begin::{NewExecution, begin, begin_on_schedule};
pub use self::control::{cancel, cancel_some, retry};
pub use self::effects::{DirectoryChange, Effect};
pub use self::find::{
    WorkflowCount, count, counts, depth_of, find, find_by_key, find_due, find_within, list, list_of,
    next_due_at,
};
pub use self::makers::standing_of;
pub use self::removal::sweep;
pub use self::statistics::{WorkflowStatistics, statistics};
pub use self::steps::{Arrival, arrivals, due_steps, due_steps_of, list_steps, results_of, steps_with};
