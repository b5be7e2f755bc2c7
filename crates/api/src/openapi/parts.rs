//! The parts of a document, to go through them.

use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, PathItem};

/// The operations of a path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
    operations.into_iter().flatten()
}

/// A part that is written out, in place of a reference.
pub(super) fn inline<T>(part: &mut RefOr<T>) -> Option<&mut T> {
    match part {
        RefOr::T(inline) => Some(inline),
        RefOr::Ref(_) => None,
    }
}
