//! `campaign NAME`: runs one of the long proofs and writes its result; `tests/campaign` builds it and starts the servers.

use std::process::ExitCode;

use civicdesk_tests::campaigns::{ALL, Given, write};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, options)) = arguments.split_first() else {
        for campaign in ALL {
            println!("{:<16} {}", campaign.name, campaign.about);
            for option in campaign.options {
                println!("{:<16}   --{} {}: {}", "", option.name, option.usual, option.about);
            }
        }
        return ExitCode::SUCCESS;
    };
    let Some(campaign) = ALL.iter().find(|campaign| campaign.name == name.as_str()) else {
        eprintln!("there is no campaign `{name}`");
        return ExitCode::from(2);
    };
    let given = match Given::read(campaign.options, options) {
        Ok(given) => given,
        Err(complaint) => {
            eprintln!("{complaint}");
            return ExitCode::from(2);
        }
    };
    let findings = (campaign.run)(&given);
    let file = write(campaign.name, &given, &findings);
    println!("{}", std::fs::read_to_string(&file).expect("the result that was just written"));
    match findings.iter().all(|finding| finding.faults.is_empty()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
