//! What queries of several rooms share: pages, locks, patterns, and statements that differ between the databases.
//!
//! Nothing here knows the type of a row. Statements that one room needs stand in that room.

pub(crate) mod dialect;
pub(crate) mod keyset;
pub(crate) mod like;
pub(crate) mod locks;
