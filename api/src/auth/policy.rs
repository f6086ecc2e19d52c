//! Who may do what: one table of roles and rights. Nothing else in the program names a role to decide something.

use serde::{Deserialize, Serialize};

/// Writes the rights once: the enum, the names that keys carry, and a marker type each for the handlers' arguments.
macro_rules! rights {
    ($( $right:ident = $name:literal, $means:literal; )+) => {
        /// One thing that a credential may be allowed to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Right { $( #[doc = $means] $right ),+ }

        impl Right {
            pub const ALL: &[Self] = &[$( Self::$right ),+];

            /// The name that API keys carry as a scope.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$right => $name ),+ }
            }

            /// What it allows, for people.
            pub const fn means(self) -> &'static str {
                match self { $( Self::$right => $means ),+ }
            }
        }

        /// What a handler asks for: `Door<needs::CasesRead>`.
        pub mod needs {
            use super::{Needs, Right};

            $(
                #[doc = $means]
                #[derive(Debug)]
                pub struct $right;
                impl Needs for $right {
                    const RIGHT: Option<Right> = Some(Right::$right);
                }
            )+

            /// Any valid credential.
            #[derive(Debug)]
            pub struct Anyone;
            impl Needs for Anyone {
                const RIGHT: Option<Right> = None;
            }
        }
    };
}

/// The right that a handler's door demands.
pub trait Needs: 'static {
    const RIGHT: Option<Right>;
}

rights! {
    CasesRead = "cases:read", "Read cases, their messages and history, and search them.";
    CasesWrite = "cases:write", "Make and change cases, and write notes.";
    MessagesSend = "messages:send", "Answer citizens, and send again what failed.";
    AttachmentsWrite = "attachments:write", "Upload files to send.";
    ContactsRead = "contacts:read", "Read contacts and their history.";
    ContactsWrite = "contacts:write", "Make and change contacts and their identities.";
    RecoveriesStart = "recoveries:start", "Start a recovery for a citizen, after checking who they are.";
    TopicsRead = "topics:read", "Read topics.";
    TopicsManage = "topics:manage", "Make and change topics.";
    ChannelsRead = "channels:read", "Read channels and their health.";
    ChannelsManage = "channels:manage", "Make, change, check and pause channels.";
    InboundRead = "inbound:read", "Read the ledger of what came in, and the quarantine.";
    InboundManage = "inbound:manage", "Replay what is in quarantine, and bring messages in with a test key.";
    EventsRead = "events:read", "Read the event log.";
    StaffRead = "staff:read", "Read staff and teams.";
    StaffManage = "staff:manage", "Make, change and disable staff, and form teams.";
    KeysRead = "keys:read", "List API keys.";
    KeysManage = "keys:manage", "Make and revoke API keys.";
    TenantRead = "tenant:read", "Read the agency's settings.";
    TenantManage = "tenant:manage", "Change the agency's settings, and make owners.";
    WebhooksManage = "webhooks:manage", "Have the event log sent elsewhere, and see what was sent.";
    FilesUnsafe = "files:unsafe", "Download messages as they came though a scanner found something in a file of theirs.";
}

/// What a member of staff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Admin,
    Supervisor,
    Agent,
    Auditor,
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Supervisor, Self::Agent, Self::Auditor];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Agent => "agent",
            Self::Auditor => "auditor",
        }
    }

    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }

    /// The table.
    pub fn rights(self) -> Rights {
        use Right::*;
        match self {
            Self::Owner => Rights::of(Right::ALL),
            Self::Admin => Rights::of(Right::ALL).without(TenantManage),
            Self::Supervisor => {
                Self::Agent.rights().and(&[TopicsManage, InboundRead, InboundManage, EventsRead, TenantRead])
            }
            Self::Agent => Rights::of(&[
                CasesRead,
                CasesWrite,
                MessagesSend,
                AttachmentsWrite,
                ContactsRead,
                ContactsWrite,
                RecoveriesStart,
                TopicsRead,
                ChannelsRead,
                StaffRead,
            ]),
            Self::Auditor => Rights::of(&[
                CasesRead,
                ContactsRead,
                TopicsRead,
                ChannelsRead,
                InboundRead,
                EventsRead,
                StaffRead,
                KeysRead,
                TenantRead,
            ]),
        }
    }
}

/// A set of rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights(u32);

impl Rights {
    pub fn of(rights: &[Right]) -> Self {
        Self::default().and(rights)
    }

    pub fn and(self, rights: &[Right]) -> Self {
        Self(rights.iter().fold(self.0, |set, r| set | 1 << (*r as u32)))
    }

    fn without(self, right: Right) -> Self {
        Self(self.0 & !(1 << (right as u32)))
    }

    pub fn has(self, right: Right) -> bool {
        self.0 & (1 << (right as u32)) != 0
    }

    /// Nobody gives away what they do not have.
    pub fn cover(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// The names, in the table's order.
    pub fn names(self) -> Vec<&'static str> {
        Right::ALL.iter().filter(|r| self.has(**r)).map(|r| r.name()).collect()
    }

    /// Reads scopes: names of rights, or a role's name for all of its rights. The first unknown word is the error.
    pub fn read<'a>(scopes: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut set = Self::default();
        for scope in scopes {
            if let Some(role) = Role::read(scope) {
                set.0 |= role.rights().0;
            } else if let Some(right) = Right::ALL.iter().find(|r| r.name() == scope) {
                set = set.and(&[*right]);
            } else {
                return Err(scope.to_owned());
            }
        }
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_roles_and_rights_is_this_one() {
        let mut table = String::from("                  owner admin supervisor agent auditor\n");
        for right in Right::ALL {
            let mut line = format!("{:<18}", right.name());
            for role in Role::ALL {
                let mark = if role.rights().has(*right) { "x" } else { "." };
                line += &format!("{mark:<width$}", width = role.name().len() + 1);
            }
            table += &format!("{}\n", line.trim_end());
        }
        let golden = include_str!("policy.golden.txt");
        assert_eq!(table, golden, "the policy changed: say why in the commit that changes policy.golden.txt");
    }

    #[test]
    fn scopes_are_rights_or_a_role_and_nothing_else() {
        assert_eq!(Rights::read(["agent"]), Ok(Role::Agent.rights()));
        assert_eq!(Rights::read(["cases:read"]).map(Rights::names), Ok(vec!["cases:read"]));
        assert_eq!(Rights::read(["cases:read", "cases:*"]), Err("cases:*".to_owned()));
    }

    #[test]
    fn nobody_gives_away_more_than_they_have() {
        assert!(Role::Admin.rights().cover(Role::Supervisor.rights()));
        assert!(!Role::Admin.rights().cover(Role::Owner.rights()));
        assert!(!Role::Agent.rights().cover(Role::Auditor.rights()));
    }
}
