//! Cuts from a text what was quoted from earlier messages. Losing a person's own words is worse than showing a quote twice,
//! so whatever is not surely a quote stays.

/// What stands before the first quoted line, in the languages of the mail programs that write it.
const WROTE: &[&str] = &[
    "wrote",
    "writes",
    "escribió",
    "escribio",
    "schrieb",
    "a écrit",
    "a ecrit",
    "écrit",
    "escreveu",
    "ha scritto",
    "scrive",
    "schreef",
    "skrev",
    "napisał",
    "napisał(a)",
    "написал",
    "написала",
    "пише",
];
const OPENERS: &[&str] =
    &["on ", "am ", "le ", "el ", "em ", "il ", "op ", "den ", "a ", "w dniu ", "dnia ", "at ", "de ", "from "];
/// Fields of the block that Outlook and its like write above the message that is answered.
const FROM: &[&str] = &["from", "von", "de", "da", "van", "från", "fra", "od", "expéditeur", "remitente", "mittente"];
const SENT: &[&str] = &[
    "sent",
    "date",
    "gesendet",
    "datum",
    "enviado",
    "enviado el",
    "fecha",
    "envoyé",
    "envoyé le",
    "enviada",
    "enviada em",
    "enviado em",
    "data",
    "inviato",
    "verzonden",
    "skickat",
    "sendt",
    "wysłano",
];
const SUBJECT: &[&str] =
    &["subject", "betreff", "asunto", "objet", "assunto", "oggetto", "onderwerp", "ämne", "emne", "temat"];
const ORIGINAL: &[&str] = &[
    "original message",
    "ursprüngliche nachricht",
    "originalnachricht",
    "mensaje original",
    "message d'origine",
    "message d’origine",
    "message original",
    "mensagem original",
    "messaggio originale",
    "oorspronkelijk bericht",
    "original meddelande",
];
const FORWARDED: &[&str] = &[
    "forwarded message",
    "weitergeleitete nachricht",
    "mensaje reenviado",
    "message transféré",
    "mensagem encaminhada",
    "messaggio inoltrato",
    "doorgestuurd bericht",
];
const FORWARD_SUBJECTS: &[&str] = &["fw", "fwd", "wg", "tr", "rv", "enc", "doorst", "vs", "i"];

/// A text longer than this, in bytes, is no answer in a conversation.
const LONGEST: usize = 1024 * 1024;
/// An attribution line is folded into no more lines than this.
const ATTRIBUTION_LINES: usize = 4;
const ATTRIBUTION_CHARS: usize = 400;

/// The text without its quotes and signature; all of it when nothing else would be left, or when it passes a message on.
pub(super) fn fresh(text: &str, subject: Option<&str>) -> String {
    if text.len() > LONGEST {
        return text.to_owned();
    }
    let lines: Vec<&str> = text.lines().collect();
    let end = (0..lines.len()).find(|&at| starts_original(&lines, at)).unwrap_or(lines.len());
    if subject.is_some_and(is_forward) || lines[..end].iter().any(|line| marked(line, FORWARDED)) {
        return text.to_owned();
    }
    let mut kept = vec![true; end];
    cut_quotes(&lines, &mut kept);
    cut_signature(&lines, &mut kept);
    if end == lines.len() && kept.iter().all(|kept| *kept) {
        return text.to_owned();
    }
    let mut fresh: Vec<&str> = Vec::new();
    let mut after_cut = false;
    for (line, kept) in lines.iter().zip(kept) {
        let blank = line.trim().is_empty();
        let seam = after_cut && blank && fresh.last().is_none_or(|last| last.trim().is_empty());
        if kept && !seam {
            fresh.push(line);
        }
        after_cut = !kept || seam;
    }
    while fresh.last().is_some_and(|last| last.trim().is_empty()) {
        fresh.pop();
    }
    if fresh.iter().all(|line| line.trim().is_empty()) { text.to_owned() } else { fresh.join("\n") }
}

fn is_forward(subject: &str) -> bool {
    let prefix = subject.split_once(':').map(|(prefix, _)| prefix.trim().to_lowercase());
    prefix.is_some_and(|prefix| FORWARD_SUBJECTS.contains(&prefix.as_str()))
}

/// `----- Original Message -----` and the like.
fn marked(line: &str, words: &[&str]) -> bool {
    let line = line.trim();
    let inner = line.trim_matches(|c: char| c == '-' || c == '_' || c == '*' || c.is_whitespace()).to_lowercase();
    let dashed = line.starts_with("--") || inner.starts_with("begin ") || inner.ends_with(':');
    let inner = inner.trim_end_matches(':').trim_end();
    dashed && inner.len() < 60 && words.iter().any(|word| inner.trim_start_matches("begin ") == *word)
}

/// Whether the rest of the text is an older message that nothing else sets apart.
fn starts_original(lines: &[&str], at: usize) -> bool {
    let ruled = ["_", "-"].iter().any(|rule| lines[at].len() >= 10 && lines[at].replace(rule, "").is_empty());
    let mut block = lines[at..].iter().skip(usize::from(ruled)).filter(|line| !line.trim().is_empty()).take(9);
    marked(lines[at], ORIGINAL)
        || block.next().is_some_and(|line| is_field(line, FROM))
            && (ruled || !lines[at].trim().is_empty())
            && block.by_ref().take(3).any(|line| is_field(line, SENT))
            && block.any(|line| is_field(line, SUBJECT))
}

fn is_field(line: &str, names: &[&str]) -> bool {
    let Some((name, value)) = line.trim_start_matches(['*', ' ', '\t']).split_once(':') else { return false };
    if name.len() > 30 || value.trim().is_empty() {
        return false;
    }
    let name = name.trim_matches(|c: char| c == '*' || c.is_whitespace()).to_lowercase();
    names.contains(&name.as_str())
}

/// Runs of lines that begin with `>`, with the line that introduces them. What stands below or between them stays.
fn cut_quotes(lines: &[&str], kept: &mut [bool]) {
    let mut at = 0;
    while at < kept.len() {
        if !is_quoted(lines[at]) {
            at += 1;
            continue;
        }
        let start = at;
        let mut stop = at;
        while at < kept.len() && (is_quoted(lines[at]) || lines[at].trim().is_empty()) {
            if is_quoted(lines[at]) {
                stop = at + 1;
            }
            at += 1;
        }
        let introduced = attribution(&lines[..start]);
        // One line such as `>50 came` may be a person's own.
        let plain = lines[start].trim_start();
        if introduced.is_some()
            || stop - start > 1
            || plain == ">"
            || plain.starts_with("> ")
            || plain.starts_with(">>")
        {
            kept[introduced.unwrap_or(start)..stop].fill(false);
        }
    }
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>') && !line.starts_with(">From ")
}

/// Where the line begins that introduces the quote below `above`, such as `On Monday Jane wrote:`.
fn attribution(above: &[&str]) -> Option<usize> {
    let last = above.iter().rposition(|line| !line.trim().is_empty())?;
    if above.len() - last > 3 {
        return None;
    }
    let mut joined = String::new();
    for start in (0..=last).rev().take(ATTRIBUTION_LINES) {
        let line = above[start].trim();
        if line.is_empty() || is_quoted(line) || joined.len() + line.len() > ATTRIBUTION_CHARS {
            return None;
        }
        joined = format!("{line} {joined}");
        let lower = joined.trim_end().to_lowercase();
        let opens = start == last
            || OPENERS.iter().any(|opener| lower.starts_with(opener))
            || lower.starts_with(|c: char| c.is_ascii_digit());
        let dated = lower.contains('@') || lower.contains(|c: char| c.is_ascii_digit());
        if opens && dated && lower.ends_with(':') && WROTE.iter().any(|word| has_word(&lower, word)) {
            return Some(start);
        }
    }
    None
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let after = text[at + word.len()..].chars().next();
        !text[..at].ends_with(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// From the line `-- ` to the next thing that was cut, or the end.
fn cut_signature(lines: &[&str], kept: &mut [bool]) {
    let Some(start) = (0..kept.len()).find(|&at| kept[at] && lines[at] == "-- ") else { return };
    let stop = (start..kept.len()).find(|&at| !kept[at]).unwrap_or(kept.len());
    kept[start..stop].fill(false);
}

#[cfg(test)]
#[path = "quotes_test.rs"]
mod tests;
