//! The whole server over HTTP. One program, linked once, with one module for each part of the server.
//!
//! Each test starts its own server: tests are independent and run in any order.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what goes wrong in a function that tests share fails the test"
)]

mod accounts;
mod admin_users;
mod api_keys;
mod audit_events;
mod audit_of_accounts;
mod bad_input;
mod blanks;
mod channels;
mod concurrency;
mod connected_accounts;
mod credentials;
mod entity_tags;
mod events;
mod external_user_groups;
mod external_users;
mod field_values;
mod five_minutes;
mod flowdock;
mod guard_rails;
mod idempotency;
mod numbers;
mod one_record;
mod operations;
mod people;
mod races;
mod rate_limits;
mod receivers;
mod requests;
mod seeds;
mod super_identities;
mod support;
mod tiers;
mod verifiers;
mod walk;
mod webhooks;
mod workflow_runs;
mod workflows;
