//! Mails as citizens write them: some two thousand bytes, every second one with HTML, every third an answer to one before.

/// Words from which the texts are made, so that the index has different ones to hold.
const WORDS: &str = "streetlight pavement collection container invoice reminder appointment permit neighbour weekend \
    yesterday entrance crossing puddle broken missing repaired promised waiting office counter telephone number answered \
    nobody children school playground fence bicycle parking ticket licence registration certificate marriage passport \
    photograph signature deadline extension payment account transfer receipt garden hedge branches fallen storm water \
    meter reading basement flooded drain blocked smell noise building machine morning evening library opening closed \
    holiday festival stage music neighbourhood meeting council decision letter address moved apartment landlord heating";

/// Words of one text.
const LENGTH: usize = 220;

/// The mail of this number to this address.
pub fn mail(n: usize, to: &str) -> Vec<u8> {
    // An answer comes from the writer of the mail before it, into whose case it belongs.
    let (writer, answers) = if n % 3 == 2 { (n - 1, Some(n - 1)) } else { (n, None) };
    let text = text(n);
    let mut mail = format!(
        "Return-Path: <citizen{writer}@homes.example>\r\nFrom: Citizen {writer} <citizen{writer}@homes.example>\r\n\
         To: {to}\r\nSubject: {}Street light {writer} at Mill Road\r\nDate: Mon, 2 Mar 2026 09:{:02}:{:02} +0100\r\n\
         Message-ID: <{n}.mail@homes.example>\r\nMIME-Version: 1.0\r\n",
        if answers.is_some() { "Re: " } else { "" },
        n / 60 % 60,
        n % 60,
    );
    if let Some(before) = answers {
        let chain = format!("<{before}.mail@homes.example>");
        mail += &format!("In-Reply-To: {chain}\r\nReferences: {chain}\r\n");
    }
    mail += &if n.is_multiple_of(2) {
        format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n")
    } else {
        let html = text.replace("\r\n\r\n", "</p>\r\n<p>");
        format!(
            "Content-Type: multipart/alternative; boundary=\"part\"\r\n\r\n--part\r\nContent-Type: text/plain; \
             charset=utf-8\r\n\r\n{text}\r\n--part\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>\
             <p style=\"margin:0\">{html}</p></body></html>\r\n--part--\r\n"
        )
    };
    mail.into_bytes()
}

/// Different words for each number, the same ones in every run.
fn text(n: usize) -> String {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut seed = n as u64 + 1;
    let mut text = format!("Dear all,\r\n\r\nI write to you for the {n}th time about the streetlight:");
    for word in 0..LENGTH {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chosen = words[(seed >> 33) as usize % words.len()];
        let between = match word % 50 {
            49 => ".\r\n\r\n",
            12 | 24 | 36 => "\r\n",
            _ => " ",
        };
        text += &format!("{between}{chosen}");
    }
    text + ".\r\n\r\nKind regards"
}
