//! Requests as many kinds of clients write them: each is understood, or refused with the reason.

mod basic;
mod bodies;
mod parameters;
mod refusals;
mod trailing_slash;
