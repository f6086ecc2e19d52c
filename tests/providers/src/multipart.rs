//! Reads a form with files (`multipart/form-data`).

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub name: String,
    pub file_name: Option<String>,
    pub content_type: Option<String>,
    pub content: Vec<u8>,
}

/// The parts, or `None` where the form is broken.
pub fn read(content_type: &str, body: &[u8]) -> Option<Vec<Part>> {
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=")?;
    let (line, between) = (format!("--{boundary}\r\n"), format!("\r\n--{boundary}"));
    let mut rest = body.strip_prefix(line.as_bytes())?;
    let mut parts = Vec::new();
    loop {
        let head_end = find(rest, b"\r\n\r\n")?;
        let head = String::from_utf8(rest[..head_end].to_vec()).ok()?;
        rest = &rest[head_end + 4..];
        let end = find(rest, between.as_bytes())?;
        let field = |name: &str| {
            let after = head.split_once(&format!(" {name}=\""))?.1;
            Some(after.split_once('"')?.0.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"))
        };
        let content_type = head.lines().find_map(|line| line.strip_prefix("content-type: ")).map(str::to_owned);
        parts.push(Part {
            name: field("name")?,
            file_name: field("filename"),
            content_type,
            content: rest[..end].to_vec(),
        });
        rest = &rest[end + between.len()..];
        match rest.strip_prefix(b"\r\n") {
            Some(more) => rest = more,
            None => return (rest == b"--\r\n").then_some(parts),
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
