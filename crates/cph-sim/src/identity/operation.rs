//! The calls that hand out tokens and keys, beside the operations of phones.

/// A call of IAM, or of the metadata service of a cloud server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    KeystoneCreateUserTokenByPassword,
    KeystoneListProjects,
    CreateTemporaryAccessKeyByToken,
    CreateMetadataToken,
    ShowSecurityKey,
}

impl Operation {
    const ALL: [Self; 5] = [
        Self::KeystoneCreateUserTokenByPassword,
        Self::KeystoneListProjects,
        Self::CreateTemporaryAccessKeyByToken,
        Self::CreateMetadataToken,
        Self::ShowSecurityKey,
    ];

    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }

    pub(crate) fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.path() == path)
    }

    /// The vendor's name; those of the metadata service, which has none, are ours.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::KeystoneCreateUserTokenByPassword => "KeystoneCreateUserTokenByPassword",
            Self::KeystoneListProjects => "KeystoneListProjects",
            Self::CreateTemporaryAccessKeyByToken => "CreateTemporaryAccessKeyByToken",
            Self::CreateMetadataToken => "CreateMetadataToken",
            Self::ShowSecurityKey => "ShowSecurityKey",
        }
    }

    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::KeystoneCreateUserTokenByPassword | Self::CreateTemporaryAccessKeyByToken => {
                "POST"
            }
            Self::KeystoneListProjects | Self::ShowSecurityKey => "GET",
            Self::CreateMetadataToken => "PUT",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::KeystoneCreateUserTokenByPassword => "/v3/auth/tokens",
            Self::KeystoneListProjects => "/v3/projects",
            Self::CreateTemporaryAccessKeyByToken => "/v3.0/OS-CREDENTIAL/securitytokens",
            Self::CreateMetadataToken => "/meta-data/latest/api/token",
            Self::ShowSecurityKey => "/openstack/latest/securitykey",
        }
    }

    pub(crate) fn is_of_iam(self) -> bool {
        !matches!(self, Self::CreateMetadataToken | Self::ShowSecurityKey)
    }
}
