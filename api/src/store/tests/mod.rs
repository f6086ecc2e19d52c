//! The store's promises, each on both databases.

mod commit;
mod support;
mod trees;
mod wall;
