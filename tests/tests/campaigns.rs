//! A short slice of each long proof at every run of the tests; `tests/campaign` runs them whole.

use civicdesk_tests::{
    campaigns::{Finding, corpora, hooks_kills, kills, race, race_kills, secrets, thousand, timing},
    harness::Engine,
};

fn holds(finding: &Finding) {
    assert!(finding.faults.is_empty(), "{}\n{:?}", finding.faults.join("\n"), finding.counts);
}

fn killed_in_the_middle_it_loses_no_mail_and_no_answer(engine: Engine) {
    holds(&kills::run(engine, 3, 1));
}

fn mail_of_every_kind_ends_where_it_belongs_and_is_answered_in_its_thread(engine: Engine) {
    holds(&thousand::run(engine, thousand::Size { mails: 60, answers: 6 }, 1));
}

civicdesk_tests::on_both_engines!(with the mail servers:
    killed_in_the_middle_it_loses_no_mail_and_no_answer,
    mail_of_every_kind_ends_where_it_belongs_and_is_answered_in_its_thread,
);

mod calls {
    use super::*;

    fn killed_in_the_middle_it_loses_and_doubles_no_call_of_a_provider(engine: Engine) {
        holds(&hooks_kills::run(engine, 3, 1));
    }

    civicdesk_tests::on_both_engines!(killed_in_the_middle_it_loses_and_doubles_no_call_of_a_provider);
}

mod codes {
    use super::*;

    fn of_sixty_four_who_come_with_one_code_one_gets_in(engine: Engine) {
        holds(&race::run(engine, 50, 1));
    }

    fn killed_in_the_middle_it_leaves_no_code_half_used(engine: Engine) {
        holds(&race_kills::run(engine, 3, 1));
    }

    fn no_answer_differs_by_who_has_an_account(engine: Engine) {
        holds(&timing::run(engine, timing::Size { each: 8, times: false }, "", 1));
    }

    fn no_code_password_or_token_is_left_in_logs_figures_events_or_the_database(engine: Engine) {
        holds(&secrets::run(engine, 10));
    }

    civicdesk_tests::on_both_engines!(
        of_sixty_four_who_come_with_one_code_one_gets_in,
        killed_in_the_middle_it_leaves_no_code_half_used,
        no_answer_differs_by_who_has_an_account,
        no_code_password_or_token_is_left_in_logs_figures_events_or_the_database,
    );
}

mod odd_mail {
    use super::*;

    fn every_odd_mail_ends_somewhere_with_its_bytes(engine: Engine) {
        let mut finding = Finding::new(engine);
        corpora::run(&mut finding, "mail-parser", engine, corpora::mail_parser());
        holds(&finding);
    }

    civicdesk_tests::on_both_engines!(every_odd_mail_ends_somewhere_with_its_bytes);

    #[test]
    #[ignore = "needs CPython's own tests: run by tests/run"]
    fn every_odd_mail_of_cpython_ends_somewhere_with_its_bytes() {
        let mut finding = Finding::new(Engine::Sqlite);
        let corpus = corpora::read(&corpora::cpython(), ".txt");
        assert_eq!(corpus.len(), 48);
        corpora::run(&mut finding, "cpython", Engine::Sqlite, corpus);
        holds(&finding);
    }
}
