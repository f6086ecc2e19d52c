//! Forms as browsers and providers write them: `a=1&b=two+words`.

use reqwest::Url;

/// The fields in their order.
pub fn read(body: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    let mut url = blank();
    url.set_query(Some(&text));
    url.query_pairs().into_owned().collect()
}

pub fn write<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut url = blank();
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

fn blank() -> Url {
    Url::parse("http://form.invalid/").expect("an address")
}
