//! Harbor County Benefits: renewals, a lost card, a landlord who asks too much.

use super::{Agency, DECLINED, DONE, Person, SAME, To, change, mail, note, reply};

const BENEFITS: &[&str] = &["benefits@harbor.example"];
const CARTER: &str = "denise.carter77@lakemail.example";
const KIM: &str = "wkim@hillside.example";

pub const HARBOR: Agency = Agency {
    slug: "harbor",
    name: "Harbor County Benefits",
    prefix: "HCB",
    channels: &[("Benefits", "benefits@harbor.example")],
    staff: &[
        Person { key: "samuel", name: "Samuel Ortiz", email: "samuel@harbor.example", role: "owner" },
        Person { key: "ingrid", name: "Ingrid Dahl", email: "ingrid@harbor.example", role: "admin" },
        Person { key: "yusuf", name: "Yusuf Rahman", email: "yusuf@harbor.example", role: "supervisor" },
        Person { key: "carmen", name: "Carmen Reyes", email: "carmen@harbor.example", role: "agent" },
        Person { key: "minh", name: "Minh Tran", email: "minh@harbor.example", role: "agent" },
        Person { key: "peter", name: "Peter Lowe", email: "peter@harbor.example", role: "auditor" },
    ],
    citizens: &[CARTER, KIM],
    story: &[
        mail((0, 14, 20), "renewal", CARTER, BENEFITS, include_bytes!("harbor/01-renewal.eml")),
        reply((1, 9, 30), "renewal-reply", "renewal", "carmen", include_str!("harbor/02-renewal-reply.txt")),
        change(
            (1, 9, 31),
            "renewal",
            "carmen",
            To { status: Some("pending"), assignee: Some("carmen"), tags: &["food", "renewal"], ..SAME },
        ),
        mail(
            (1, 19, 45),
            "renewal-slips",
            CARTER,
            &["{{reply-to renewal-reply}}"],
            include_bytes!("harbor/03-renewal-slips.eml"),
        ),
        note((2, 10, 0), "renewal", "carmen", include_str!("harbor/04-renewal-note.txt")),
        reply((2, 10, 30), "renewal-granted", "renewal", "carmen", include_str!("harbor/05-renewal-granted.txt")),
        change((2, 10, 31), "renewal", "carmen", DONE),
        mail((2, 12, 5), "renewal-thanks", CARTER, BENEFITS, include_bytes!("harbor/06-renewal-thanks.eml")),
        change((2, 12, 10), "renewal", "carmen", To { status: Some("closed"), outcome: Some("done"), ..SAME }),
        mail((3, 8, 15), "card", KIM, BENEFITS, include_bytes!("harbor/07-card.eml")),
        change(
            (3, 8, 20),
            "card",
            "yusuf",
            To { priority: Some("urgent"), assignee: Some("minh"), tags: &["card"], ..SAME },
        ),
        reply((3, 8, 30), "card-reply", "card", "minh", include_str!("harbor/08-card-reply.txt")),
        mail((3, 9, 0), "card-answer", KIM, &["{{reply-to card-reply}}"], include_bytes!("harbor/09-card-answer.eml")),
        change((3, 9, 20), "card", "minh", DONE),
        mail((4, 11, 20), "address", "mj.ortega@correo.example", BENEFITS, include_bytes!("harbor/10-address.eml")),
        reply((4, 15, 0), "address-reply", "address", "carmen", include_str!("harbor/11-address-reply.txt")),
        mail((6, 13, 0), "lunch", "mai.tran@thu.example", BENEFITS, include_bytes!("harbor/12-lunch.eml")),
        reply((6, 15, 40), "lunch-reply", "lunch", "minh", include_str!("harbor/13-lunch-reply.txt")),
        mail((8, 9, 0), "landlord", "office@pike-rentals.example", BENEFITS, include_bytes!("harbor/14-landlord.eml")),
        note((8, 9, 40), "landlord", "yusuf", include_str!("harbor/15-landlord-note.txt")),
        reply((8, 10, 0), "landlord-reply", "landlord", "yusuf", include_str!("harbor/16-landlord-reply.txt")),
        change((8, 10, 1), "landlord", "yusuf", DECLINED),
        mail((10, 16, 30), "appeal", "bob.obrien@oldtown.example", BENEFITS, include_bytes!("harbor/17-appeal.eml")),
    ],
};
