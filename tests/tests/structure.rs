//! The rules of the house hold in this repository, and what it is built from is acceptable.

use civicdesk_tests::structure::{door, figures, hold, licences, migrations, packages, repository, rooms, style};

#[test]
fn rooms_know_each_other_in_one_direction_only() {
    hold(rooms::imports(&repository()));
}

#[test]
fn what_answers_whoever_asks_for_a_code_has_no_door_to_accounts() {
    hold(rooms::asking_knows_nobody(&repository()));
}

#[test]
fn http_and_pages_alone_know_actix_and_the_store_alone_knows_diesel() {
    hold(rooms::great_dependencies(&repository()));
}

#[test]
fn the_service_knows_connectors_by_their_contract_alone() {
    hold(rooms::connectors_by_name(&repository()));
}

#[test]
fn a_tenants_table_is_reached_through_the_door_only() {
    hold(door::tables(&repository()));
}

#[test]
fn sql_by_hand_stays_in_its_few_files() {
    hold(door::raw_sql(&repository()));
}

#[test]
fn a_file_holds_one_idea() {
    hold(style::length(&repository()));
}

#[test]
fn a_file_opens_with_the_sentence_that_says_what_it_is_for() {
    hold(style::opening(&repository()));
}

#[test]
fn nothing_is_excused_without_a_reason() {
    hold(style::excuses(&repository()));
}

#[test]
fn no_text_names_a_machines_path_or_a_registrys_address() {
    hold(style::places(&repository()));
}

#[test]
fn both_databases_have_the_same_migrations() {
    hold(migrations::twins(&repository()));
}

#[test]
fn connectors_depend_on_the_contract_alone() {
    hold(packages::directions(&packages::workspace()));
}

#[test]
fn every_package_has_a_licence_that_an_agency_can_accept() {
    hold(licences::licences(&licences::built(&["--all-features"])));
}

#[test]
fn no_banned_package_and_no_foreign_source_is_built_in() {
    hold(licences::bans(&licences::built(&["--all-features"])));
}

#[test]
fn the_program_builds_without_libpq_unless_postgres_is_asked_for() {
    assert!(licences::built(&[]).iter().all(|package| package.name != "pq-sys"));
    assert!(licences::built(&["--all-features"]).iter().any(|package| package.name == "pq-sys"));
}

#[test]
fn the_figures_of_the_readme_are_those_that_were_measured() {
    hold(figures::quoted(&repository()));
}
