//! Users by external id: Notiflows' `/admin`, the same at `/admin/v1`.

mod bulk;
mod list;
mod put;
mod read_and_delete;
