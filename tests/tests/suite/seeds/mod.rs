//! Replays the requests of the published documents, with another host, and checks every documented key of the
//! answers.

mod flowdock;
mod flowmate;
mod flowra;
mod notiflows;
mod zaia;
