//! Parts of schemas that no type says by itself.

use utoipa::openapi::{Object, ObjectBuilder, Type};

use crate::limits::ID_MAX;

/// An id, as [`crate::ids`] parses it.
pub fn id(description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description.trim()))
        .pattern(Some("^[A-Za-z0-9_-]+$"))
        .min_length(Some(1))
        .max_length(Some(ID_MAX))
        .build()
}

/// What is always true.
pub fn yes() -> Object {
    always(true)
}

/// What is always false.
pub fn no() -> Object {
    always(false)
}

fn always(value: bool) -> Object {
    ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([value])).build()
}
