//! The requests that the published documents print, replayed as they stand but for the host, and every documented key of
//! their answers checked one by one.

mod flowdock;
mod flowmate;
mod flowra;
mod notiflows;
mod zaia;
