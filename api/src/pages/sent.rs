//! What a browser sends with a form: values as they were typed, and files, which wait as uploads until a request takes them.

use actix_web::{dev::Payload, http::header, web::Bytes};
use futures_util::stream;
use multer::Multipart;

use super::reader::Reader;
use crate::{
    cases::uploads::{self, MOST, Ticket},
    fail::Fail,
    http::{
        attachments,
        body::{UPLOAD_PATIENCE, collect},
        problem::{self, Problem},
        uploads as files,
    },
    store::{self, Tx},
};

/// What the blanks of a form may measure beside its files.
const BLANKS: usize = 1024 * 1024;
/// Parts of a form: every blank a topic can have, and the files.
const MOST_PARTS: usize = 200;
/// The name of the word by which we know our own forms.
const TOKEN: &str = "form_token";
/// The name of the files, and of those that were kept the last time.
pub const FILES: &str = "/attachments";

/// A form as it came.
#[derive(Debug, Default)]
pub struct Sent {
    values: Vec<(String, String)>,
}

impl Sent {
    /// What was typed into a blank.
    pub fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The same, where anything was.
    pub fn given(&self, name: &str) -> Option<String> {
        Some(self.value(name).trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Every value under a name.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.values.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    /// The names and values of a topic's own blanks.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().filter_map(|(key, value)| Some((key.strip_prefix("/fields/")?, value.as_str())))
    }
}

/// Reads a form of ours. Its files are kept at once, so that nobody has to choose them again when something else is wrong.
pub async fn read(reader: &Reader, payload: Payload) -> Result<Sent, Problem> {
    let req = &reader.req;
    let boundary = req.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = boundary.and_then(|value| multer::parse_boundary(value).ok());
    let boundary = boundary.ok_or_else(|| Problem::new(problem::MEDIA_TYPE, problem::MEDIA_TYPE.about))?;
    let body = collect(req, payload, reader.app.bounds.attachment_bytes + BLANKS, UPLOAD_PATIENCE).await?;
    let (values, sent_files) = parts(body, boundary).await?;
    let mut sent = Sent { values };
    // A form that did not come from us leaves nothing behind.
    if !reader.knows(sent.value(TOKEN)) {
        return Err(Problem::new(problem::FORBIDDEN, "the form came without the word that we put into it"));
    }
    keep(reader, &mut sent, sent_files).await?;
    Ok(sent)
}

struct File {
    name: String,
    kind: String,
    bytes: Bytes,
}

async fn parts(body: Bytes, boundary: String) -> Result<(Vec<(String, String)>, Vec<File>), Problem> {
    let broken = |e: multer::Error| Problem::new(problem::MALFORMED, format!("the form cannot be read: {e}"));
    let mut form = Multipart::new(stream::iter([Ok::<_, std::convert::Infallible>(body)]), boundary);
    let (mut values, mut files) = (Vec::new(), Vec::new());
    while let Some(part) = form.next_field().await.map_err(broken)? {
        if values.len() + files.len() >= MOST_PARTS {
            return Err(Problem::new(problem::TOO_LARGE, "a form has fewer parts"));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let (file, kind) = (part.file_name().map(str::to_owned), part.content_type().map(ToString::to_string));
        let bytes = part.bytes().await.map_err(broken)?;
        match file {
            Some(file) if name == FILES && !(file.is_empty() && bytes.is_empty()) => {
                files.push(File { name: file, kind: kind.unwrap_or_default(), bytes });
            }
            Some(_) => {}
            None => values.push((name, String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))),
        }
    }
    Ok((values, files))
}

/// Keeps files as uploads. Those beyond the limit are only counted: the rule then says that they are too many.
async fn keep(reader: &Reader, sent: &mut Sent, sent_files: Vec<File>) -> Result<(), Problem> {
    for file in sent_files {
        let named = if sent.all(FILES).len() < MOST {
            files::weigh(&reader.app, &reader.req)?;
            let name = attachments::tidy(&file.name).unwrap_or_else(|| "file".to_owned());
            files::keep(&reader.app, reader.tenant, name, &file.kind, file.bytes).await?.id
        } else {
            String::new()
        };
        sent.values.push((FILES.to_owned(), named));
    }
    Ok(())
}

/// The names of the files that wait, each beside what it is called by.
pub async fn kept(reader: &Reader, sent: &Sent) -> Result<Vec<(String, String)>, Fail> {
    let shown = sent.all(FILES);
    let look = move |tx: &mut Tx| -> store::Result<Vec<(String, String)>> {
        let mut kept = Vec::new();
        for shown in shown {
            let Some(ticket) = Ticket::read(&shown) else { continue };
            if let Some(file) = uploads::file(tx, &ticket)? {
                kept.push((shown, file.name));
            }
        }
        Ok(kept)
    };
    Ok(reader.app.store.tenant(reader.tenant).read(look).await?)
}
