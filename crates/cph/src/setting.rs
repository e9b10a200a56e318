//! The one list of what can be set.

use std::{fmt, time::Duration};

use cph_core::RateLimit;

use crate::{
    builder::{
        ATTEMPT_TIMEOUT, ATTEMPTS, CALL_TIMEOUT, CONNECT_TIMEOUT, RESPONSE_LIMIT, RETRY_BUDGET,
        TURN_TIMEOUT,
    },
    identity::METADATA,
    transport::GATEWAY,
};

/// Something that can be set on a client: in code, by a variable, in the credentials file, or by a flag of the command `cph`.
///
#[doc = include_str!("../docs/configuration.md")]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Setting {
    /// Its name, such as `call timeout`.
    pub name: &'static str,
    /// What sets it in code: a method of [`ClientBuilder`](crate::ClientBuilder), or of the type that is named.
    pub method: &'static str,
    /// The environment variables that set it.
    pub variables: &'static [&'static str],
    /// The keys in a section of the credentials file that set it.
    pub profile_keys: &'static [&'static str],
    /// The flag of the command.
    pub flag: Option<&'static str>,
    /// What holds where nothing sets it.
    pub default: SettingDefault,
    /// What it applies to, such as each attempt.
    pub scope: &'static str,
    /// What it does on the wire.
    pub effect: &'static str,
}

/// What holds where nothing sets a [`Setting`]. `Display` has the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingDefault {
    /// In words.
    Text(&'static str),
    /// A time.
    Time(Duration),
    /// A number of times.
    Times(u64),
    /// A size.
    Bytes(usize),
    /// A rate.
    Rate(RateLimit),
}

impl fmt::Display for SettingDefault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Time(time) if time.as_secs() > 300 => write!(f, "{} min", time.as_secs() / 60),
            Self::Time(time) => write!(f, "{} s", time.as_secs()),
            Self::Times(times) => times.fmt(f),
            Self::Bytes(bytes) => write!(f, "{} MiB", bytes >> 20),
            Self::Rate(RateLimit { calls, seconds }) => write!(f, "{calls} calls in {seconds} s"),
        }
    }
}

impl Setting {
    /// Every setting, in the order of the page.
    ///
    /// ```
    /// let setting = cph::Setting::all().iter().find(|setting| setting.method == "call_timeout").unwrap();
    /// assert_eq!(setting.default.to_string(), "120 s");
    /// assert_eq!(setting.flag, Some("--call-timeout"));
    /// ```
    pub fn all() -> &'static [Self] {
        ALL
    }
}

use SettingDefault::{Bytes, Rate, Text, Time, Times};

/// One that only code sets.
const fn in_code(
    name: &'static str,
    method: &'static str,
    default: SettingDefault,
    scope: &'static str,
    effect: &'static str,
) -> Setting {
    Setting { name, method, variables: &[], profile_keys: &[], flag: None, default, scope, effect }
}

const ALL: &[Setting] = &[
    Setting {
        variables: &["CPH_REGION"],
        profile_keys: &["region"],
        flag: Some("--region"),
        ..in_code(
            "region",
            "region",
            Text("none"),
            "all calls",
            "gives the addresses of service and identity service where none are set, and the project that is looked up",
        )
    },
    Setting {
        variables: &["HUAWEICLOUD_SDK_REGION_CPH_<REGION>", "CPH_ENDPOINT"],
        profile_keys: &["endpoint"],
        flag: Some("--endpoint"),
        ..in_code(
            "endpoint",
            "endpoint",
            Text("the region's"),
            "calls of the service",
            "is the address that calls go to; plain `http` to another machine is refused unless it is allowed",
        )
    },
    Setting {
        variables: &["HUAWEICLOUD_SDK_IAM_ENDPOINT"],
        profile_keys: &["iam_endpoint"],
        ..in_code(
            "identity service",
            "iam_endpoint",
            Text("the region's; the endpoint if that is plain `http`"),
            "calls for tokens and projects",
            "is the address that these calls go to",
        )
    },
    in_code(
        "metadata service",
        "MetadataCredentials::address",
        Text(METADATA),
        "calls for keys of an agency",
        "is the address that these calls go to",
    ),
    Setting {
        variables: &["HUAWEICLOUD_SDK_PROJECT_ID"],
        profile_keys: &["project_id"],
        flag: Some("--project"),
        ..in_code(
            "project",
            "project",
            Text("the region's, looked up by `connect`"),
            "calls of the service",
            "stands in the path of each call, and in `X-Project-Id`",
        )
    },
    Setting {
        variables: &["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"],
        profile_keys: &["ak", "sk", "security_token"],
        ..in_code(
            "access key",
            "credentials",
            Text("looked for: variables, credentials file, metadata service"),
            "calls that are signed",
            "signs each call (`Authorization`); a temporary one also sends `X-Security-Token`",
        )
    },
    Setting {
        profile_keys: &["user_name", "password", "domain_name"],
        ..in_code(
            "user with a password",
            "credentials",
            Text("none"),
            "calls with a token",
            "fetches a token, which each call sends in `X-Auth-Token`",
        )
    },
    Setting {
        variables: &["HUAWEICLOUD_SDK_CREDENTIALS_FILE", "HOME", "USERPROFILE"],
        ..in_code(
            "credentials file",
            "environment",
            Text("`~/.huaweicloud/credentials`; the library reads it only if `environment` is set"),
            "what is set nowhere else",
            "sets what its keys say; a file that others may read is refused",
        )
    },
    Setting {
        flag: Some("--profile"),
        ..in_code(
            "profile",
            "profile",
            Text("the section `basic`"),
            "the credentials file",
            "takes another section of the file, whose keys come before variables",
        )
    },
    in_code(
        "connect timeout",
        "connect_timeout",
        Time(CONNECT_TIMEOUT),
        "each connection",
        "bounds name look-up, connection and TLS; beyond it nothing was sent",
    ),
    in_code(
        "attempt timeout",
        "attempt_timeout",
        Time(ATTEMPT_TIMEOUT),
        "each attempt",
        "bounds the time from a connection that stands to the end of the answer; beyond it the call may have been carried out",
    ),
    Setting {
        flag: Some("--call-timeout"),
        ..in_code(
            "call timeout",
            "call_timeout",
            Time(CALL_TIMEOUT),
            "each call",
            "ends waits for turns and further attempts; the last attempt is not cut short. As long as nothing sets it, the waits for turns come on top. The flag shortens connect and attempt timeout to the same time",
        )
    },
    in_code(
        "turn timeout",
        "turn_timeout",
        Time(TURN_TIMEOUT),
        "each call",
        "bounds all waits for a turn: under the rate limits, and after a gateway that throttles; a call whose turn comes later is not sent",
    ),
    in_code(
        "attempts",
        "attempts",
        Times(ATTEMPTS as u64),
        "each call that may be sent again",
        "bounds how often it is sent; attempts that were throttled do not count",
    ),
    in_code(
        "retry budget",
        "retry_budget",
        Times(RETRY_BUDGET as u64),
        "a client and its clones",
        "bounds how often calls are sent again while they fail; ten good calls earn one more",
    ),
    in_code(
        "codes to resend after",
        "resend_after",
        Text("none"),
        "calls that may have been carried out",
        "sends them again after these codes, which may carry them out twice",
    ),
    in_code(
        "rate limit",
        "rate_limit",
        Text("as documented for the operation"),
        "one operation",
        "has a call wait for its turn",
    ),
    in_code(
        "gateway limit",
        "gateway_limit",
        Rate(GATEWAY),
        "each operation without a limit of its own",
        "has a call wait for its turn",
    ),
    in_code(
        "response limit",
        "response_limit",
        Bytes(RESPONSE_LIMIT),
        "each answer",
        "stops reading a larger one, which counts as lost",
    ),
    Setting {
        variables: &["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"],
        ..in_code(
            "proxy",
            "proxy, no_proxy",
            Text("that of the variables"),
            "other machines; this one and link-local addresses are reached directly",
            "sends requests through it: `https` through a tunnel, `http` with the whole address",
        )
    },
    Setting {
        variables: &["SSL_CERT_FILE", "SSL_CERT_DIR"],
        ..in_code(
            "certificates",
            "ca_file",
            Text("those of the system, on Linux of the variables"),
            "servers reached by `https`",
            "accepts only servers whose certificates are signed by one of these",
        )
    },
    in_code(
        "plain http",
        "allow_http",
        Text("for this machine alone"),
        "the endpoint and the identity service",
        "allows `http` to other machines",
    ),
    in_code(
        "transport",
        "transport",
        Text("sockets, HTTP/1.1"),
        "all calls",
        "hands requests to a function; then no connection is made here, and proxy, certificates and connect timeout mean nothing",
    ),
    in_code(
        "clock",
        "clock",
        Text("the machine's"),
        "all calls",
        "is the time that calls are signed with, and that waits are measured by",
    ),
    in_code("seed", "seed", Text("by chance"), "waits between attempts", "fixes their jitter"),
    Setting {
        flag: Some("--wire-log"),
        ..in_code(
            "wire log",
            "wire_log",
            Text("none"),
            "each attempt",
            "shows request and answer with secrets and personal values hidden; the command appends them to a file, as JSON Lines",
        )
    },
];
