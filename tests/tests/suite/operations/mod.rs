//! Operators' endpoints, and what all answers share.

mod browsers;
mod documents;
mod errors;
mod health;
mod requests;
