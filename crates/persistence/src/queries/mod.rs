//! What queries of several rooms share: pagination, locks, patterns, and statements that differ between the databases.
//!
//! Nothing here knows row types. A statement that one room needs belongs there.

pub(crate) mod dialect;
pub(crate) mod keyset;
pub(crate) mod like;
pub(crate) mod locks;
pub(crate) mod prepared_once;
