//! What the server offers its operator, and what all answers have in common.

mod browsers;
mod documents;
mod errors;
mod generated_clients;
mod health;
mod requests;
