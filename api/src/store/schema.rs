//! The tables, as diesel sees them. `migrations/` makes them; a test compares the two.

use diesel::{allow_tables_to_appear_in_same_query, table};

use super::scope::TenantTable;

// Installation data: no tenant's citizens, and nothing that a tenant may read of another.
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Ts};
    tenants (id) {
        id -> Id, slug -> Text, name -> Text, status -> Text, created_at -> Ts, swept_at -> Ts,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::Id;
    routes (kind, value) { kind -> Text, value -> Text, tenant_id -> Id, channel_id -> Nullable<Id>, }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Ts};
    operator_keys (id) {
        id -> Id, name -> Text, hash -> Binary, created_at -> Ts, revoked_at -> Nullable<Ts>,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::Ts;
    flags (name) { name -> Text, value -> Text, changed_at -> Ts, }
}
table! {
    use diesel::sql_types::*;
    letter_budgets (address_hash, hour) { address_hash -> Binary, hour -> BigInt, used -> Integer, }
}

table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Ts};
    nodes (id) { id -> Id, seen_at -> Ts, }
}

macro_rules! tenant_tables {
    ($( $name:ident ( $($key:ident),+ ) { $($column:ident : $type:ty),+ $(,)? } )+) => {
        $(
            table! {
                use diesel::sql_types::*;
                use crate::store::types::{Id, Ts};
                $name ($($key),+) { $($column -> $type,)+ }
            }
            impl TenantTable for $name::table {
                type Tenant = $name::tenant_id;
            }
        )+
        allow_tables_to_appear_in_same_query!($($name),+);
        /// Every tenant table's name, for the tests of the wall and for moving a tenant.
        pub const TENANT_TABLES: &[&str] = &[$(stringify!($name)),+];
    };
}

tenant_tables! {
    tenant (tenant_id) {
        tenant_id: Id, slug: Text, name: Text, reference_prefix: Text, locale: Text, time_zone: Text, case_year: Integer,
        case_last: BigInt, event_last: BigInt, search_version: Integer, settings: Text, version: BigInt, created_at: Ts,
        updated_at: Ts,
    }
    staff (tenant_id, id) {
        tenant_id: Id, id: Id, email: Text, name: Text, role: Text, password_hash: Nullable<Text>, status: Text,
        version: BigInt, created_at: Ts, updated_at: Ts,
    }
    teams (tenant_id, id) {
        tenant_id: Id, id: Id, name: Text, version: BigInt, created_at: Ts, updated_at: Ts,
    }
    team_members (tenant_id, team_id, staff_id) { tenant_id: Id, team_id: Id, staff_id: Id, }
    sessions (tenant_id, id) {
        tenant_id: Id, id: Id, staff_id: Id, refresh_hash: Binary, previous_hash: Nullable<Binary>, created_at: Ts,
        refreshed_at: Ts, expires_at: Ts, ended_at: Nullable<Ts>, end_reason: Nullable<Text>,
    }
    api_keys (tenant_id, id) {
        tenant_id: Id, id: Id, name: Text, hash: Binary, scopes: Text, mode: Text, created_at: Ts,
        expires_at: Nullable<Ts>, revoked_at: Nullable<Ts>, last_used_at: Nullable<Ts>,
    }
    contacts (tenant_id, id) {
        tenant_id: Id, id: Id, name: Nullable<Text>, language: Nullable<Text>, preferred_channel: Nullable<Id>,
        quiet_hours: Nullable<Text>, version: BigInt, created_at: Ts, updated_at: Ts, folded_name: Nullable<Text>,
        merged_into: Nullable<Id>,
    }
    identities (tenant_id, id) {
        tenant_id: Id, id: Id, contact_id: Id, kind: Text, value: Text, normal: Text, verified_at: Nullable<Ts>,
        created_at: Ts,
    }
    channels (tenant_id, id) {
        tenant_id: Id, id: Id, connector: Text, name: Text, address: Nullable<Text>, state: Text, sealed: Binary,
        cursor: Nullable<Text>, health: Text, health_kind: Nullable<Text>, health_detail: Nullable<Text>,
        health_since: Nullable<Ts>, checked_at: Nullable<Ts>, held_by: Nullable<Id>,
        case_policy: Text, fallback_channel_id: Nullable<Id>, slow_since: Nullable<Ts>, probed_at: Nullable<Ts>,
        version: BigInt, created_at: Ts, updated_at: Ts,
    }
    inbound_items (tenant_id, id) {
        tenant_id: Id, id: Id, channel_id: Id, external_id: Text, folder: Nullable<Text>, epoch: Nullable<Text>,
        sha256: Binary, size: BigInt, raw: Nullable<Binary>, envelope: Text, state: Text, filed_as: Nullable<Text>,
        reason: Nullable<Text>, attempts: Integer, network_id: Nullable<Text>, message_id: Nullable<Id>,
        case_id: Nullable<Id>, duplicate_of: Nullable<Id>, received_at: Ts, settled_at: Nullable<Ts>, simulated: Bool,
    }
    topics (tenant_id, id) {
        tenant_id: Id, id: Id, name: Text, description: Nullable<Text>, fields: Text, team_id: Nullable<Id>,
        version: BigInt, created_at: Ts, updated_at: Ts,
    }
    cases (tenant_id, id) {
        tenant_id: Id, id: Id, reference: Text, subject: Text, status: Text, outcome: Nullable<Text>, priority: Text,
        topic_id: Nullable<Id>, team_id: Nullable<Id>, assignee_id: Nullable<Id>, contact_id: Id,
        channel_id: Nullable<Id>, version: BigInt, created_at: Ts, updated_at: Ts, closed_at: Nullable<Ts>,
        merged_into: Nullable<Id>, fields: Text,
    }
    case_tags (tenant_id, case_id, tag) { tenant_id: Id, case_id: Id, tag: Text, }
    parties (tenant_id, case_id, contact_id, through) {
        tenant_id: Id, case_id: Id, contact_id: Id, through: Id, role: Text, added_at: Ts,
    }
    messages (tenant_id, id) {
        tenant_id: Id, id: Id, case_id: Id, direction: Text, channel_id: Nullable<Id>, item_id: Nullable<Id>,
        author_kind: Text, author_id: Nullable<Id>, sender: Text, recipients: Text, copies: Text,
        subject: Nullable<Text>, text: Text, fresh_text: Text, html: Nullable<Text>, network_id: Nullable<Text>,
        in_reply_to: Nullable<Text>, refs: Text, automatic: Bool, letter: Nullable<Text>, public: Bool, state: Text,
        state_detail: Nullable<Text>, state_at: Ts, attempts: Integer, sent_id: Nullable<Text>,
        written_at: Nullable<Ts>, filing: Text, first_channel_id: Nullable<Id>, parts: Nullable<Integer>,
        billed_in: Nullable<Text>, created_at: Ts,
    }
    thread_refs (tenant_id, network_id, message_id) { tenant_id: Id, network_id: Text, message_id: Id, }
    attachments (tenant_id, id) {
        tenant_id: Id, id: Id, message_id: Nullable<Id>, uploaded_by: Nullable<Text>, name: Text, content_type: Text,
        size: BigInt, sha256: Binary, content_id: Nullable<Text>, inline: Bool, scan: Text,
        scan_detail: Nullable<Text>, created_at: Ts,
    }
    suggestions (tenant_id, id) {
        tenant_id: Id, id: Id, message_id: Id, case_id: Id, reason: Text, state: Text, created_at: Ts,
    }
    events (tenant_id, seq) {
        tenant_id: Id, seq: BigInt, id: Id, kind: Text, actor_kind: Text, actor_id: Nullable<Id>, case_id: Nullable<Id>,
        contact_id: Nullable<Id>, message_id: Nullable<Id>, data: Text, at: Ts,
    }
    auto_letters (tenant_id, id) {
        tenant_id: Id, id: Id, address: Text, case_id: Nullable<Id>, kind: Text, answered: Binary, at: Ts,
    }
    jobs (tenant_id, id) {
        tenant_id: Id, id: Id, kind: Text, subject_id: Nullable<Id>, payload: Text, due_at: Ts, attempts: Integer,
        leased_until: Nullable<Ts>, last_error: Nullable<Text>, created_at: Ts,
    }
    idempotency (tenant_id, credential, key) {
        tenant_id: Id, credential: Text, key: Text, operation: Text, fingerprint: Binary, status: Integer,
        headers: Text, body: Text, created_at: Ts,
    }
    receipts (tenant_id, channel_id, sent_id, state) {
        tenant_id: Id, channel_id: Id, sent_id: Text, state: Text, detail: Nullable<Text>, at: Ts,
        settled_at: Nullable<Ts>,
    }
    case_links (tenant_id, hash) {
        tenant_id: Id, hash: Binary, case_id: Id, contact_id: Id, kind: Text, created_at: Ts, expires_at: Nullable<Ts>,
    }
    given_addresses (tenant_id, contact_id, kind, normal) {
        tenant_id: Id, contact_id: Id, kind: Text, normal: Text, given_at: Ts,
    }
    different_people (tenant_id, one_id, other_id) { tenant_id: Id, one_id: Id, other_id: Id, said_at: Ts, }
    proofs (tenant_id, id) {
        tenant_id: Id, id: Id, contact_id: Id, kind: Text, value: Text, normal: Text, message_id: Id,
        token_hash: Nullable<Binary>, code_hash: Binary, state: Text, tries: Integer, created_at: Ts, expires_at: Ts,
        confirmed_at: Nullable<Ts>,
    }
    visits (tenant_id, id) {
        tenant_id: Id, id: Id, channel_id: Id, case_id: Id, day: Text, number: Nullable<BigInt>, state: Text,
        version: BigInt, created_at: Ts, updated_at: Ts,
    }
    consents (tenant_id, channel_id, kind, normal) {
        tenant_id: Id, channel_id: Id, kind: Text, normal: Text, state: Text, source: Text, reason: Nullable<Text>,
        actor_kind: Text, actor_id: Nullable<Id>, at: Ts,
    }
    notices (tenant_id, id) {
        tenant_id: Id, id: Id, channel_id: Id, item_id: Id, kind: Text, normal: Text, word: Text, said: Text,
        party: Text, text: Nullable<Text>, network_id: Text, state: Text, state_detail: Nullable<Text>, state_at: Ts,
        attempts: Integer, sent_id: Nullable<Text>, created_at: Ts,
    }
    usage (tenant_id, month) {
        tenant_id: Id, month: Text, parts: BigInt, alarmed_at: Nullable<Ts>, spent_at: Nullable<Ts>,
    }
    directories (tenant_id) {
        tenant_id: Id, kind: Text, sealed: Binary, health: Text, health_detail: Nullable<Text>, health_since: Ts,
        version: BigInt, created_at: Ts, updated_at: Ts,
    }
    accounts (tenant_id, id) {
        tenant_id: Id, id: Id, contact_id: Id, password_hash: Text, status: Text, epoch: BigInt, password_at: Ts,
        created_at: Ts, locked_at: Nullable<Ts>, barred_address_id: Nullable<Id>,
        directory_subject: Nullable<Text>,
    }
    objections (tenant_id, id) {
        tenant_id: Id, id: Id, account_id: Id, token_hash: Binary, changed_by: Nullable<Id>, created_at: Ts,
        expires_at: Ts, used_at: Nullable<Ts>,
    }
    account_addresses (tenant_id, id) {
        tenant_id: Id, id: Id, account_id: Id, kind: Text, value: Text, normal: Text, verified_at: Ts,
    }
    sign_ins (tenant_id, id) {
        tenant_id: Id, id: Id, account_id: Id, hash: Binary, created_at: Ts, expires_at: Ts, ended_at: Nullable<Ts>,
        end_reason: Nullable<Text>, confirmed_at: Nullable<Ts>,
    }
    address_claims (tenant_id, id) {
        tenant_id: Id, id: Id, account_id: Id, epoch: BigInt, kind: Text, value: Text, normal: Text, code_hash: Binary,
        tries: Integer, created_at: Ts, expires_at: Ts, ended_at: Nullable<Ts>,
    }
    authenticators (tenant_id, account_id) {
        tenant_id: Id, account_id: Id, sealed: Binary, last_step: BigInt, created_at: Ts, confirmed_at: Nullable<Ts>,
        disabled_at: Nullable<Ts>, short_password_at: Nullable<Ts>,
    }
    saved_codes (tenant_id, id) {
        tenant_id: Id, id: Id, account_id: Id, hash: Binary, created_at: Ts, used_at: Nullable<Ts>,
    }
    factor_tries (tenant_id, account_id) {
        tenant_id: Id, account_id: Id, failures: Integer, failed_at: Ts,
    }
    recoveries (tenant_id, id) {
        tenant_id: Id, id: Id, purpose: Text, account_id: Nullable<Id>, epoch: BigInt, kind: Text, value: Text,
        normal: Text, code_hash: Binary, tries: Integer, created_at: Ts, expires_at: Ts, used_at: Nullable<Ts>,
        ended_at: Nullable<Ts>, token_hash: Nullable<Binary>, started_by: Text, failed_at: Nullable<Ts>,
    }
    staff_keys (tenant_id, id) {
        tenant_id: Id, id: Id, staff_id: Id, purpose: Text, version: BigInt, token_hash: Binary, created_at: Ts,
        expires_at: Ts, used_at: Nullable<Ts>, ended_at: Nullable<Ts>,
    }
    audit_seals (tenant_id, n) {
        tenant_id: Id, n: BigInt, first_seq: BigInt, last_seq: BigInt, hash: Binary, sealed_at: Ts,
    }
    secret_letters (tenant_id, id) {
        tenant_id: Id, id: Id, channel_id: Id, contact_id: Nullable<Id>, purpose: Text, sealed: Nullable<Binary>,
        state: Text, detail: Nullable<Text>, attempts: Integer, created_at: Ts, useless_at: Ts, state_at: Ts,
        recovery_id: Nullable<Id>, parts: Nullable<Integer>, billed_in: Nullable<Text>, unsure_at: Nullable<Ts>,
    }
    webhooks (tenant_id, id) {
        tenant_id: Id, id: Id, url: Text, description: Nullable<Text>, kinds: Nullable<Text>, payload: Text, state: Text,
        state_reason: Nullable<Text>, state_at: Ts, sealed: Binary, old_sealed: Nullable<Binary>, old_until: Nullable<Ts>,
        cursor: BigInt, failures: Integer, failing_since: Nullable<Ts>, rests_until: Nullable<Ts>, version: BigInt,
        created_at: Ts, updated_at: Ts,
    }
    webhook_deliveries (tenant_id, webhook_id, event_id) {
        tenant_id: Id, webhook_id: Id, event_id: Id, seq: BigInt, kind: Text, case_id: Nullable<Id>, state: Text,
        held: Bool, passed: Bool, attempts: Integer, next_at: Ts, first_failed_at: Nullable<Ts>,
        last_status: Nullable<Integer>, last_error: Nullable<Text>, delivered_at: Nullable<Ts>, created_at: Ts,
    }
    search_docs (tenant_id, docid) {
        tenant_id: Id, docid: BigInt, kind: Text, ref_id: Id, case_id: Nullable<Id>, at: Ts, tokens: Text,
    }
}
