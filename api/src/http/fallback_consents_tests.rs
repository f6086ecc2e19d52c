//! A word to one channel counts for those that send in its place: a person does not know that there are several.

use serde_json::json;

use super::{
    consents_tests::{channel, letter, town, word},
    testing::{TestApp, over_both},
};

over_both!(a_stop_holds_for_the_channels_that_send_in_each_others_place, |desk| {
    let town = town(&desk).await;
    let spare = channel(&desk, &town.agency, "texts", "spare", "+15550100001").await;
    let other = channel(&desk, &town.agency, "texts", "other", "+15550100002").await;
    let path = format!("/v1/channels/{}", town.channel);
    let linked = desk.patch(&path, &town.agency.key, json!({ "fallback_channel_id": spare })).await;
    assert_eq!(linked.status, 200, "{:?}", linked.body);
    town.texts(&desk, "The lamp on Elm Street is out.").await;
    for (word_of, on, state) in [("STOP", &spare, "stopped"), ("START", &town.channel, "allowed")] {
        town.writes_on(&desk, on, letter(word_of)).await;
        let said = town.consents(&desk).await;
        let said = said.as_array().unwrap().iter().filter(|said| said["state"] == state);
        let mut on: Vec<&str> = said.map(|said| word(&said["channel_id"])).collect();
        on.sort_unstable();
        let mut both = [town.channel.as_str(), spare.as_str()];
        both.sort_unstable();
        assert_eq!(on, both, "{word_of}, and nothing of {other}");
    }
});
