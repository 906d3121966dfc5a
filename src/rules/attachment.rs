//! Files that belong to records. The bytes are kept before the command comes: file first, row second.

use super::{Moment, need};
use crate::base::{Code, Digest, Refusal};
use crate::model::command::AddAttachment;
use crate::model::noun::Class;
use crate::model::{Attachment, Id, Noun, Subject};
use crate::store::{Draft, Halt, View};

pub(super) fn add(draft: &mut Draft<'_, '_>, moment: &Moment, it: &AddAttachment) -> Result<Subject, Halt> {
    let target = Noun::ALL.iter().filter(|noun| noun.class() == Class::Public).find_map(|noun| noun.number_of(&it.subject).map(|number| Subject { noun: *noun, number }));
    let there = match target {
        Some(target) => draft.any(target)?.is_some(),
        None => false,
    };
    if !there {
        return Err(Refusal::field(Code::NotFound, "subject", format!("there is no record {}; name one by its id, such as LOT-000001", it.subject)).into());
    }
    if Digest::from_hex(&it.sha256).is_none() || it.size_bytes < 0 {
        return Err(Refusal::invalid("sha256", "must be 64 hexadecimal digits").into());
    }
    let id = draft.add(Attachment {
        subject: it.subject.clone(),
        file_name: it.file_name.clone(),
        content_type: it.content_type.clone(),
        size_bytes: it.size_bytes,
        sha256: it.sha256.clone(),
        note: it.note.clone(),
        created_by: moment.actor.name.clone(),
        created_at: moment.recorded_at,
        ..Attachment::default()
    })?;
    draft.event("attachment.added", Subject::of(id));
    Ok(Subject::of(id))
}

pub(super) fn remove(draft: &mut Draft<'_, '_>, id: Id<Attachment>) -> Result<Subject, Halt> {
    let mut attachment: Attachment = need(draft, id)?;
    attachment.removed = true;
    draft.put(attachment)?;
    draft.event("attachment.removed", Subject::of(id));
    Ok(Subject::of(id))
}
