//! The store's promises, each on both databases.

mod commit;
pub(crate) mod support;
mod trees;
mod wall;
