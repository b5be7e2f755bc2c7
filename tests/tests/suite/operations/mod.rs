//! Operators' endpoints, and what all answers share.

mod browsers;
mod documents;
mod errors;
mod generated_clients;
mod health;
mod home;
mod outages;
mod requests;
