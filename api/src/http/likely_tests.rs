//! Who is probably the same person: few and good guesses, with reasons, and never again once dismissed.

use serde_json::{Value, json};

use super::testing::{Agency, TestApp, over_both};

async fn contact(desk: &TestApp, agency: &Agency, new: Value) -> String {
    let made = desk.post("/v1/contacts", &agency.key, new).await;
    assert_eq!(made.status, 201, "{made:?}");
    format!("/v1/contacts/{}", made.body["id"].as_str().unwrap())
}

/// The ids of the guesses, each with its reasons.
async fn guesses(desk: &TestApp, agency: &Agency, contact: &str) -> Vec<(String, Vec<String>)> {
    let listed = desk.get(&format!("{contact}/likely"), &agency.key).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    let guess = |g: &Value| {
        let reasons = g["reasons"].as_array().unwrap().iter().map(|r| r.as_str().unwrap().to_owned()).collect();
        (format!("/v1/contacts/{}", g["contact"]["id"].as_str().unwrap()), reasons)
    };
    listed.body["data"].as_array().unwrap().iter().map(guess).collect()
}

over_both!(a_name_alone_is_no_reason_but_a_name_and_one_thing_more_is, |desk| {
    let agency = desk.agency("riverton").await;
    let maria = contact(&desk, &agency, json!({ "name": "María López", "email": "maria.lopez@home.example" })).await;
    contact(&desk, &agency, json!({ "name": "Maria Lopez", "email": "ml77@other.example" })).await;
    contact(&desk, &agency, json!({ "name": "María", "email": "maria.lopez@third.example" })).await;
    contact(&desk, &agency, json!({ "name": "Mario López", "email": "maria.lopez@fourth.example" })).await;
    assert_eq!(guesses(&desk, &agency, &maria).await, [], "many are called Maria Lopez");
    let work = contact(&desk, &agency, json!({ "name": "LOPEZ, Maria", "email": "Maria.Lopez@work.example" })).await;
    let found = guesses(&desk, &agency, &maria).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let reasons = ["they have the same name", "maria.lopez@home.example and Maria.Lopez@work.example begin alike"];
    assert_eq!((&found[0].0, found[0].1.as_slice()), (&work, reasons.map(str::to_owned).as_slice()));

    let id = work.rsplit('/').next().unwrap();
    let dismissed = desk.post(&format!("{maria}/likely/{id}/dismiss"), &agency.key, json!({})).await;
    assert_eq!(dismissed.status, 204);
    assert_eq!(guesses(&desk, &agency, &maria).await, []);
    assert_eq!(guesses(&desk, &agency, &work).await, [], "from neither side");
    assert_eq!(desk.post(&format!("{maria}/likely/{id}/dismiss"), &agency.key, json!({})).await.status, 204);
    let itself = format!("{work}/likely/{id}/dismiss");
    assert_eq!(desk.post(&itself, &agency.key, json!({})).await.body["code"], "same-contact");
});

over_both!(an_address_given_in_a_form_leads_to_whom_it_names, |desk| {
    let agency = desk.agency("riverton").await;
    desk.patch("/v1/tenant", &agency.key, json!({ "locale": "en-US" })).await;
    desk.post("/v1/channels", &agency.key, json!({ "connector": "web" })).await;
    let caller = contact(&desk, &agency, json!({ "phone": "+15550109999" })).await;
    let form = json!({ "text": "The lamp is out.", "email": "maria@home.example", "phone": "(555) 010-9999" });
    assert_eq!(desk.post("/v1/public/riverton/requests", "", form).await.status, 201);
    let writer = desk.get("/v1/contacts?email=maria@home.example", &agency.key).await;
    let writer = format!("/v1/contacts/{}", writer.body["data"][0]["id"].as_str().unwrap());
    let (from_writer, from_caller) = (guesses(&desk, &agency, &writer).await, guesses(&desk, &agency, &caller).await);
    assert_eq!((from_writer.len(), &from_writer[0].0), (1, &caller), "{from_writer:?}");
    assert_eq!(from_writer[0].1, ["this person gave the other's address in a form: +15550109999"]);
    assert_eq!((from_caller.len(), &from_caller[0].0), (1, &writer), "{from_caller:?}");
    assert_eq!(from_caller[0].1, ["the other gave this person's address in a form: +15550109999"]);

    let merged = json!({ "into": writer.rsplit('/').next().unwrap() });
    assert_eq!(desk.post(&format!("{caller}/merge"), &agency.key, merged).await.status, 200);
    assert_eq!(guesses(&desk, &agency, &writer).await, [], "who is joined is guessed no more");
});
