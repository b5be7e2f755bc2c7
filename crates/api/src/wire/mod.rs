//! Reads requests and writes responses: bodies, forms, queries, paths, pages, streams, errors.
//!
//! Knows neither callers nor the directory; see `guards` and `contracts`.

pub(crate) mod actor;
pub(crate) mod body;
pub(crate) mod context;
pub(crate) mod contract;
pub(crate) mod done;
pub(crate) mod encoding;
pub(crate) mod envelope;
pub(crate) mod error;
pub(crate) mod fields;
pub(crate) mod items;
pub(crate) mod loose_body;
pub(crate) mod number;
pub(crate) mod origin;
pub(crate) mod paging;
pub(crate) mod parameters;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod rate_count;
pub(crate) mod spelling;
pub(crate) mod stream;
