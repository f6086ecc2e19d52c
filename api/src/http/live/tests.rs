//! Whoever follows the log hears of everything once, and of nothing that they may not know.

use std::time::Duration;

use actix_web::{
    body::{BoxBody, MessageBody},
    http::{Method, StatusCode},
    test::{TestRequest, call_service, init_service},
};
use serde_json::{Value, json};

use crate::http::testing::{Agency, TestApp, over_both, request};

/// An open stream.
struct Open {
    body: BoxBody,
    text: String,
}

/// One event of a stream.
#[derive(Debug)]
struct Heard {
    id: i64,
    kind: String,
    data: Value,
}

async fn open(desk: &TestApp, asked: TestRequest) -> Result<Open, StatusCode> {
    let service = init_service(desk.front.build()).await;
    let answer = call_service(&service, asked.to_request()).await;
    if answer.status() != StatusCode::OK {
        return Err(answer.status());
    }
    assert_eq!(answer.headers().get("content-type").unwrap(), "text/event-stream");
    Ok(Open { body: answer.into_body(), text: String::new() })
}

async fn follow(desk: &TestApp, query: &str, key: &str) -> Open {
    open(desk, request(Method::GET, &format!("/v1/events/stream{query}"), key)).await.unwrap()
}

impl Open {
    /// The next piece; none at the stream's end.
    async fn piece(&mut self) -> Option<()> {
        let next = std::future::poll_fn(|cx| std::pin::Pin::new(&mut self.body).poll_next(cx));
        let piece = tokio::time::timeout(Duration::from_secs(60), next).await.expect("a piece or a sign of life");
        self.text.push_str(std::str::from_utf8(&piece?.unwrap()).unwrap());
        Some(())
    }

    /// The events so far, once there are so many.
    async fn hears(&mut self, many: usize) -> Vec<Heard> {
        while self.text.matches("\ndata: ").count() < many {
            self.piece().await.expect("the stream goes on");
        }
        let line = |block: &str, name: &str| {
            block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{block}")).to_owned()
        };
        let blocks = self.text.split("\n\n").filter(|block| block.starts_with("id: "));
        let heard = |block: &str| Heard {
            id: line(block, "id: ").parse().unwrap(),
            kind: line(block, "event: "),
            data: serde_json::from_str(&line(block, "data: ")).unwrap(),
        };
        blocks.map(heard).collect()
    }

    /// Waits until the stream ends.
    async fn ends(mut self) {
        while self.piece().await.is_some() {}
    }
}

async fn case(desk: &TestApp, agency: &Agency) -> String {
    let new = json!({ "subject": "Lamp", "contact": { "name": "Ann", "email": "ann@example.org" } });
    let made = desk.post("/v1/cases", &agency.key, new).await;
    made.body["id"].as_str().unwrap().to_owned()
}

async fn log(desk: &TestApp, agency: &Agency) -> Vec<Value> {
    desk.get("/v1/events?limit=100", &agency.key).await.body["data"].as_array().unwrap().clone()
}

over_both!(whoever_comes_back_with_the_last_number_misses_nothing_and_gets_nothing_twice, |desk| {
    let (agency, other) = (desk.agency("riverton").await, desk.agency("harbor").await);
    let mut first = follow(&desk, "?after=0", &agency.key).await;
    case(&desk, &agency).await;
    case(&desk, &other).await;
    let so_far = log(&desk, &agency).await;
    let heard = first.hears(so_far.len()).await;
    drop(first);
    case(&desk, &agency).await;
    let last = heard.last().unwrap().id.to_string();
    let again = request(Method::GET, "/v1/events/stream?after=0", &agency.key).insert_header(("Last-Event-ID", last));
    let mut second = open(&desk, again).await.unwrap();
    case(&desk, &agency).await;
    let all = log(&desk, &agency).await;
    let heard: Vec<Heard> = heard.into_iter().chain(second.hears(all.len() - so_far.len()).await).collect();
    let data: Vec<Value> = heard.iter().map(|event| event.data.clone()).collect();
    assert_eq!(data, all, "as the list shows them, in its order, and nobody else's");
    for event in &heard {
        assert_eq!(
            (Some(event.id), Some(event.kind.as_str())),
            (event.data["seq"].as_i64(), event.data["type"].as_str())
        );
    }
    let wrong = request(Method::GET, "/v1/events/stream", &agency.key).insert_header(("Last-Event-ID", "yesterday"));
    assert_eq!(open(&desk, wrong).await.err(), Some(StatusCode::UNPROCESSABLE_ENTITY));
});

over_both!(a_stream_begins_at_the_end_of_the_log_and_keeps_to_its_filters, |desk| {
    let agency = desk.agency("riverton").await;
    let (one, two) = (case(&desk, &agency).await, case(&desk, &agency).await);
    let mut all = follow(&desk, "", &agency.key).await;
    let mut of_one = follow(&desk, &format!("?case_id={one}"), &agency.key).await;
    for case in [&two, &one, &two] {
        desk.post(&format!("/v1/cases/{case}/notes"), &agency.key, json!({ "text": "Seen." })).await;
    }
    let heard = all.hears(3).await;
    assert_eq!(heard.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["note.added"; 3]);
    let heard = of_one.hears(1).await;
    assert_eq!((heard.len(), heard[0].data["case_id"].as_str()), (1, Some(one.as_str())));
    let mut nothing = follow(&desk, "?case_id=cas_nothing&after=0", &agency.key).await;
    nothing.piece().await.unwrap();
    assert_eq!(nothing.text, ":\n\n");
});

over_both!(a_stream_ends_with_its_credential, |desk| {
    let agency = desk.agency("riverton").await;
    let made = desk.post("/v1/api-keys", &agency.key, json!({ "name": "s", "scopes": ["events:read"] })).await;
    let (id, key) = (made.body["id"].as_str().unwrap(), made.body["secret"].as_str().unwrap());
    let mut by_key = follow(&desk, "", key).await;
    let session = desk.sign_in(&agency).await;
    let token = session["access_token"].as_str().unwrap();
    let mut by_token = follow(&desk, "", token).await;
    by_key.piece().await.unwrap();
    by_token.piece().await.unwrap();
    assert_eq!(desk.delete(&format!("/v1/api-keys/{id}"), &agency.key).await.status, 204);
    by_key.ends().await;
    desk.pass(16 * 60);
    case(&desk, &agency).await;
    by_token.ends().await;
    let least = desk.key(agency.id, &["cases:read"]).await;
    let refused = open(&desk, request(Method::GET, "/v1/events/stream", &least)).await.err();
    assert_eq!(refused, Some(StatusCode::FORBIDDEN));
});

over_both!(an_agency_holds_so_many_streams_open_and_another_is_not_touched_by_that, |desk| {
    let (agency, other) = (desk.agency("riverton").await, desk.agency("harbor").await);
    let mut open_ones = Vec::new();
    let refused = loop {
        match open(&desk, request(Method::GET, "/v1/events/stream", &agency.key)).await {
            Ok(stream) => open_ones.push(stream),
            Err(status) => break status,
        }
    };
    assert_eq!((refused.as_u16(), open_ones.len()), (429, 32));
    follow(&desk, "", &other.key).await;
    open_ones.pop();
    follow(&desk, "", &agency.key).await;
});

#[cfg(feature = "postgres")]
#[actix_web::test]
#[ignore = "needs PostgreSQL: run by tests/run"]
async fn what_another_process_writes_is_heard_too() {
    let desk = TestApp::on_postgres().await;
    let agency = desk.agency("riverton").await;
    let apart = TestApp::apart(&desk).await;
    let mut stream = follow(&desk, "", &agency.key).await;
    let before = log(&desk, &agency).await.len();
    for _ in 0..3 {
        case(&apart, &agency).await;
        let log = log(&desk, &agency).await;
        let heard = stream.hears(log.len() - before).await;
        let data: Vec<Value> = heard.into_iter().map(|event| event.data).collect();
        assert_eq!(data, log[before..]);
    }
}
