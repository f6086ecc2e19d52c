//! The example in `connectors/README.md` is the one that is compiled and run.

#[test]
fn the_readme_shows_the_example_that_passes_the_kit() {
    let readme = include_str!("../../README.md");
    let example = include_str!("example.rs");
    let shown = readme.split("```rust\n").nth(1).and_then(|rest| rest.split("```\n").next());
    assert!(shown == Some(example), "copy connectors/contract/tests/example.rs into the README's first rust block");
}
