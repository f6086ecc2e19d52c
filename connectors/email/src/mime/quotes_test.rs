//! What a reader sees of an answer, by the habits of many mail programs.

use proptest::prelude::*;

use super::fresh;

#[track_caller]
fn cut(text: &str, expected: &str) {
    assert_eq!(fresh(text, Some("Re: The lamp")), expected);
}

#[track_caller]
fn whole(text: &str) {
    assert_eq!(fresh(text, Some("Re: The lamp")), text);
}

#[test]
fn the_line_that_introduces_a_quote_goes_with_it_in_every_language() {
    for line in [
        "On Mon, 2 Nov 2026 at 10:04, Jane Doe <jane@example.org> wrote:",
        "On Mon, 2 Nov 2026 at 10:04, Jane Doe <jane@example.org>\nwrote:",
        "On 02/11/2026 10:04, Jane Doe wrote:",
        "Jane Doe <jane@example.org> writes:",
        "2 November 2026, Jane Doe wrote:",
        "El lun, 2 nov 2026 a las 10:04, Jane Doe (<jane@example.org>)\nescribió:",
        "Am 02.11.26 um 10:04 schrieb Jane Doe:",
        "Am Mo., 2. Nov. 2026 um 10:04 Uhr schrieb Jane Doe <\njane@example.org>:",
        "Le lun. 2 nov. 2026 à 10:04, Jane Doe <jane@example.org> a\nécrit :",
        "Em seg., 2 de nov. de 2026 às 10:04, Jane Doe <jane@example.org>\nescreveu:",
        "Il giorno lun 2 nov 2026 alle ore 10:04 Jane Doe <jane@example.org>\nha scritto:",
        "Op ma 2 nov. 2026 om 10:04 schreef Jane Doe <jane@example.org>:",
        "Den 2026-11-02 kl. 10:04, skrev Jane Doe:",
    ] {
        cut(&format!("Thank you.\n\n{line}\n\n> The lamp\n> is mended.\n"), "Thank you.");
    }
}

#[test]
fn words_below_and_between_quotes_are_never_lost() {
    cut("> Which street?\nMill Road.\n\n> Since when?\nSince Monday.", "Mill Road.\n\nSince Monday.");
    cut("On 2 May Jane wrote:\n> Is it mended?\n>\n> Jane\n\nIt is not.\n", "It is not.");
    cut("Hello,\n\nOn 2 May Jane wrote:\n> One?\n\nYes.\n\n> Two?\n\nNo.\n-- \nJoe", "Hello,\n\nYes.\n\nNo.");
}

#[test]
fn a_sentence_that_only_resembles_a_quote_stays() {
    whole("It costs\n>50 euros.");
    whole(">From here on the road is closed.");
    whole("Please call 555 1234.\nYours");
    cut(
        "Please call me on 555 1234.\nThe neighbour wrote:\n> Dark again.\n> Very.",
        "Please call me on 555 1234.\nThe neighbour wrote:",
    );
    whole("From: the bus stop to the corner it is dark.\nSent: nobody.");
    whole("On Monday I wrote:\nthe lamp is broken.");
    whole("First\n--\nSecond");
}

#[test]
fn the_block_that_outlook_writes_ends_the_answer() {
    for block in [
        "From: Desk <desk@city.example>\nSent: Monday, 2 November 2026 10:04\nTo: Jane Doe\nSubject: The lamp",
        "________________________________\nFrom: Desk <desk@city.example>\nSent: Monday\nTo: Jane Doe\nSubject: The lamp",
        "----------\n\nFrom: Desk\nSent: Monday\nTo: Jane Doe\nSubject: The lamp",
        "*From:* Desk\n*Date:* Monday\n*To:* Jane\n*Cc:* Joe\n*Subject:* The lamp",
        "Von: Desk <desk@city.example>\nGesendet: Montag, 2. November 2026 10:04\nAn: Jane\nBetreff: Lampe",
        "De : Desk\nEnvoyé : lundi 2 novembre 2026 10:04\nÀ : Jane\nObjet : Lampe",
        "De: Desk\nEnviado el: lunes, 2 de noviembre de 2026 10:04\nPara: Jane\nAsunto: Farola",
        "De: Desk\nEnviada em: segunda-feira\nPara: Jane\nAssunto: Poste",
        "Da: Desk\nInviato: lunedì\nA: Jane\nOggetto: Lampione",
        "Van: Desk\nVerzonden: maandag\nAan: Jane\nOnderwerp: Lamp",
        "-----Original Message-----\nanything",
        "-----Ursprüngliche Nachricht-----\nanything",
        "-----Message d'origine-----\nanything",
        "-------- Mensaje original --------\nanything",
    ] {
        cut(&format!("Thank you.\n\n{block}\n\nThe lamp is mended.\n"), "Thank you.");
    }
}

#[test]
fn a_signature_goes_and_what_follows_the_quote_below_it_stays() {
    cut("Thank you.\n-- \nJane Doe\nMill Road 3", "Thank you.");
    cut("Thank you.\n-- \nJane\n\nOn 2 May Joe wrote:\n> a\n> b\n\nP.S. Dark.", "Thank you.\n\nP.S. Dark.");
}

#[test]
fn a_message_that_is_passed_on_stays_whole() {
    let outlook = "See below.\n\nFrom: Joe\nSent: Monday\nTo: Jane\nSubject: The lamp\n\nDark.";
    for subject in ["Fwd: The lamp", "FW: The lamp", "WG: Lampe", "TR : Lampe", "RV: Farola"] {
        assert_eq!(fresh(outlook, Some(subject)), outlook, "{subject}");
    }
    whole("See below.\n\n---------- Forwarded message ---------\nFrom: Joe <joe@example.org>\n\n> Dark.\n> Yes.");
    whole("Begin forwarded message:\n\n> From: Joe\n> Dark.");
    whole("-------- Weitergeleitete Nachricht --------\nBetreff: Lampe\nVon: Joe\nDatum: Montag\n\nDunkel.");
}

#[test]
fn an_answer_that_is_only_a_quote_is_shown_whole() {
    whole("> The lamp\n> is mended.");
    whole("On 2 May Jane wrote:\n> The lamp\n");
    whole("");
}

#[test]
fn a_person_who_writes_below_an_outlook_block_is_heard() {
    whole("From: Desk\nSent: Monday\nTo: Jane\nSubject: The lamp\n\nWhich street?\n\nMill Road.");
}

proptest! {
    #[test]
    fn every_fresh_line_was_written_by_the_sender(
        lines in proptest::collection::vec(prop_oneof![
            "(> ?){0,3}[a-z ]{0,8}", "On 2 May x@y wrote:", "From: a", "Sent: b", "Subject: c", "-- ", "_{9,12}",
            "-----Original Message-----", "\\PC{0,12}", "[>:*_ -]{0,6}",
        ], 0..30),
        subject in proptest::option::of("(Re|Fwd)?:? ?\\PC{0,5}"),
    ) {
        let text = lines.join("\n");
        let fresh = fresh(&text, subject.as_deref());
        let mut written = text.lines();
        for line in fresh.lines() {
            prop_assert!(written.any(|written| written == line), "{:?} is not in {:?}", line, text);
        }
    }
}
