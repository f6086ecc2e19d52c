//! From a message's rows to what a connector sends.

use civicdesk_contract::{Outbound, OutboundAttachment, Party};

use crate::{
    blobs::Blobs,
    fail::Fail,
    ids,
    store::{attachments::Attachment, messages::Message},
};

/// Everything of a message that goes over the network; its key and id are the same at every attempt.
pub async fn outbound(blobs: &Blobs, message: &Message, files: &[Attachment]) -> Result<Outbound, Fail> {
    let key = ids::MESSAGE.show(message.id.0);
    let sender: Option<Party> = message.sender.read();
    let mut attachments = Vec::with_capacity(files.len());
    for file in files {
        let broken = |e: String| Fail::Broken(format!("the file {}: {e}", ids::ATTACHMENT.show(file.id.0)));
        let hash = file.sha256.as_slice().try_into().map_err(|_| broken("its hash is none".to_owned()))?;
        let bytes = blobs.get(message.tenant_id.0, hash).await.map_err(|e| broken(e.to_string()))?;
        let (name, content_type) = (file.name.clone(), file.content_type.clone());
        attachments.push(OutboundAttachment { name, content_type, bytes });
    }
    Ok(Outbound {
        message_id: message.network_id.clone().unwrap_or_else(|| format!("{key}@civicdesk.invalid")),
        key,
        from_name: sender.and_then(|party| party.name),
        to: message.recipients.read(),
        cc: message.copies.read(),
        reply_to: None,
        // A letter of ours must not come back as a mail that is answered by another letter.
        return_path: message.letter.as_ref().map(|_| String::new()),
        subject: message.subject.clone(),
        text: message.text.clone(),
        html: message.html.clone(),
        attachments,
        in_reply_to: message.in_reply_to.clone(),
        references: message.refs.read(),
        automatic: message.automatic || message.letter.is_some(),
        written_at: message.written_at.unwrap_or(message.created_at).0,
    })
}
