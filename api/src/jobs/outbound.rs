//! From a message's rows to what a connector sends.

use civicdesk_contract::{Outbound, OutboundAttachment, Party};

use crate::{
    blobs::Blobs,
    cases::{hold::Held, tokens::ReplyKey},
    channels::builtin::lmtp,
    fail::Fail,
    ids,
    people::secrets,
    store::{Time, attachments::Attachment, cases::Case, channels::Channel, messages::Message},
};

/// A message with everything that is needed to send it.
pub struct Ready {
    pub message: Message,
    pub case: Case,
    pub channel: Channel,
    pub files: Vec<Attachment>,
    /// Why it must not go out at all: anyone could read it, or whoever it is to wants nothing there.
    pub barred: Option<String>,
    /// Until when it waits for the morning.
    pub held: Option<Held>,
    /// When the person it is to last wrote on its channel.
    pub heard_at: Option<Time>,
}

/// Everything of a message that goes over the network; its key and id are the same at every attempt.
pub async fn outbound(blobs: &Blobs, signer: &ReplyKey, ready: &Ready) -> Result<Outbound, Fail> {
    let message = &ready.message;
    let key = ids::MESSAGE.show(message.id.0);
    let sender: Option<Party> = message.sender.read();
    let letter = message.letter.is_some();
    let (reply_to, return_path) = signed_addresses(signer, ready);
    Ok(Outbound {
        message_id: message.network_id.clone().unwrap_or_else(|| format!("{key}@civicdesk.invalid")),
        key,
        from_name: sender.and_then(|party| party.name),
        to: message.recipients.read(),
        cc: message.copies.read(),
        reply_to,
        // A letter of ours must not come back as a mail that is answered by another letter.
        return_path: return_path.or(letter.then(String::new)),
        subject: message.subject.clone(),
        text: secrets::unveiled(signer, message),
        html: message.html.clone(),
        attachments: files(blobs, ready).await?,
        in_reply_to: message.in_reply_to.clone(),
        references: message.refs.read(),
        automatic: message.automatic || letter,
        public: message.public,
        written_at: message.written_at.unwrap_or(message.created_at).0,
        heard_at: ready.heard_at.map(|at| at.0),
    })
}

/// Where an answer and a report come back. Only a mail server that hands us everything for `address+anything` lets such
/// addresses arrive; to any other mailbox the answer would bounce.
fn signed_addresses(signer: &ReplyKey, ready: &Ready) -> (Option<String>, Option<String>) {
    let own = ready.channel.address.as_deref().filter(|_| ready.channel.connector == lmtp::ID);
    let Some(own) = own else { return (None, None) };
    let (tenant, case) = (ready.message.tenant_id, &ready.case);
    let reply_to = signer.reply_address(own, tenant, (case.id, &case.reference), case.contact_id);
    (reply_to, signer.return_path(own, tenant, ready.message.id))
}

async fn files(blobs: &Blobs, ready: &Ready) -> Result<Vec<OutboundAttachment>, Fail> {
    let mut attachments = Vec::with_capacity(ready.files.len());
    for file in &ready.files {
        let broken = |e: String| Fail::Broken(format!("the file {}: {e}", ids::ATTACHMENT.show(file.id.0)));
        let hash = file.sha256.as_slice().try_into().map_err(|_| broken("its hash is none".to_owned()))?;
        let bytes = blobs.get(ready.message.tenant_id.0, hash).await.map_err(|e| broken(e.to_string()))?;
        let (name, content_type) = (file.name.clone(), file.content_type.clone());
        attachments.push(OutboundAttachment { name, content_type, bytes });
    }
    Ok(attachments)
}
