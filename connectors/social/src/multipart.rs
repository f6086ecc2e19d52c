//! A form with files (`multipart/form-data`), written by hand: the boundary is made of the content, so that the same
//! message is the same bytes at every attempt.

use sha2::{Digest, Sha256};

use crate::sign::hex;

#[derive(Default)]
pub struct Form(Vec<Part>);

struct Part {
    name: String,
    /// Name and type.
    file: Option<(String, String)>,
    content: Vec<u8>,
}

impl Form {
    pub fn text(mut self, name: &str, text: &str) -> Self {
        self.0.push(Part { name: name.to_owned(), file: None, content: text.as_bytes().to_vec() });
        self
    }

    pub fn file(mut self, name: &str, file_name: &str, content_type: &str, content: &[u8]) -> Self {
        let file = Some((file_name.to_owned(), content_type.to_owned()));
        self.0.push(Part { name: name.to_owned(), file, content: content.to_vec() });
        self
    }

    /// The `content-type` and the body.
    pub fn finish(self) -> (String, Vec<u8>) {
        let mut hash = Sha256::new();
        self.0.iter().for_each(|part| hash.update(&part.content));
        let boundary = format!("civicdesk-{}", hex(&hash.finalize()));
        let mut body = Vec::new();
        for part in self.0 {
            let mut head = format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{}\"", quoted(&part.name));
            if let Some((name, content_type)) = part.file {
                head.push_str(&format!("; filename=\"{}\"\r\ncontent-type: {}", quoted(&name), line(&content_type)));
            }
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(b"\r\n\r\n");
            body.extend_from_slice(&part.content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        (format!("multipart/form-data; boundary={boundary}"), body)
    }
}

/// As browsers write a name that could end its field.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn a_file_name_cannot_end_its_field() {
        let (kind, body) = Form::default().text("a", "b").file("f", "x\"\r\ny: z", "text/plain\r\nz: y", b"1").finish();
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains("name=\"f\"; filename=\"x%22%0D%0Ay: z\"\r\ncontent-type: text/plainz: y\r\n\r\n1\r\n"));
        assert!(body.ends_with(&format!("--{}--\r\n", kind.split_once("boundary=").unwrap().1)));
    }
}
