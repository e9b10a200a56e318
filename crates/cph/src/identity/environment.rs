//! The environment, and the credentials in it.

use std::{ffi::OsString, fmt, future::ready, path::PathBuf, sync::Arc};

use super::{Credentials, Http, Provide, ProvideCredentials, Provided};
use crate::{Error, Problem, Result};

const ACCESS_KEY: &str = "HUAWEICLOUD_SDK_AK";
const SECRET_KEY: &str = "HUAWEICLOUD_SDK_SK";
const SECURITY_TOKEN: &str = "HUAWEICLOUD_SDK_SECURITY_TOKEN";
const PROJECT: &str = "HUAWEICLOUD_SDK_PROJECT_ID";
const IAM_ENDPOINT: &str = "HUAWEICLOUD_SDK_IAM_ENDPOINT";
const CREDENTIALS_FILE: &str = "HUAWEICLOUD_SDK_CREDENTIALS_FILE";

/// Environment variables: those of the process, or any that a function names.
///
/// The names are those of the vendor's SDKs: `HUAWEICLOUD_SDK_AK`, `_SK`, `_SECURITY_TOKEN`, `_PROJECT_ID`, `_IAM_ENDPOINT`,
/// `_CREDENTIALS_FILE`, and `HUAWEICLOUD_SDK_REGION_CPH_CN_NORTH_4` for the endpoint in a region. An empty variable is none.
#[derive(Clone)]
pub struct Environment {
    lookup: Arc<Lookup>,
}

type Lookup = dyn Fn(&str) -> Option<OsString> + Send + Sync;

impl Environment {
    /// Every name that is asked for, but for the endpoint's, which the region gives; see
    /// [`endpoint_name`](Self::endpoint_name).
    pub const NAMES: [&str; 8] = [
        ACCESS_KEY,
        SECRET_KEY,
        SECURITY_TOKEN,
        PROJECT,
        IAM_ENDPOINT,
        CREDENTIALS_FILE,
        "HOME",
        "USERPROFILE",
    ];

    /// The name under which the vendor's SDKs look for the endpoint in a region, such as
    /// `HUAWEICLOUD_SDK_REGION_CPH_CN_NORTH_4`.
    pub fn endpoint_name(region: &str) -> String {
        let region = region.replace('-', "_").to_ascii_uppercase();
        format!("HUAWEICLOUD_SDK_REGION_CPH_{region}")
    }

    /// The variables of the process.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the environment"
    )]
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var_os(name))
    }

    /// The variables that `lookup` finds.
    pub fn new(lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static) -> Self {
        Self { lookup: Arc::new(lookup) }
    }

    pub(crate) fn project(&self) -> Result<Option<String>, Problem> {
        self.text(PROJECT)
    }

    pub(crate) fn iam_endpoint(&self) -> Result<Option<String>, Problem> {
        self.text(IAM_ENDPOINT)
    }

    /// The service's base URL in a region; several may stand there, the first counts.
    pub(crate) fn endpoint(&self, region: &str) -> Result<Option<String>, Problem> {
        let endpoints = self.text(&Self::endpoint_name(region))?;
        Ok(endpoints.and_then(|list| list.split(',').next().map(str::to_owned)))
    }

    /// The credentials file, and whether it was asked for by name.
    pub(super) fn credentials_file(&self) -> Option<(PathBuf, bool)> {
        let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let given = self.raw(CREDENTIALS_FILE).map(|path| (path.into(), true));
        given.or_else(|| {
            let home = PathBuf::from(self.raw(home)?);
            Some((home.join(".huaweicloud").join("credentials"), false))
        })
    }

    fn raw(&self, name: &str) -> Option<OsString> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Problem> {
        let text = self.raw(name).map(OsString::into_string).transpose();
        text.map_err(|_| Problem::new(format!("{name} is not readable text")))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

/// The access key in `HUAWEICLOUD_SDK_AK` and `HUAWEICLOUD_SDK_SK`, with `HUAWEICLOUD_SDK_SECURITY_TOKEN` if it is a
/// temporary one. With neither of the first two it is absent, with one of them broken.
#[derive(Debug, Clone)]
pub struct EnvironmentCredentials {
    environment: Environment,
}

impl EnvironmentCredentials {
    /// Those in this environment.
    pub fn new(environment: Environment) -> Self {
        Self { environment }
    }

    fn read(&self) -> Result<Option<Provided>> {
        let read = |name| self.environment.text(name).map_err(Error::credentials);
        let credentials = match (read(ACCESS_KEY)?, read(SECRET_KEY)?) {
            (None, None) => return Ok(None),
            (Some(_), None) => {
                return Err(Error::credentials(format_args!(
                    "{ACCESS_KEY} is set and {SECRET_KEY} is not"
                )));
            }
            (None, Some(_)) => {
                return Err(Error::credentials(format_args!(
                    "{SECRET_KEY} is set and {ACCESS_KEY} is not"
                )));
            }
            (Some(access_key), Some(secret_key)) => Credentials::access_key(access_key, secret_key),
        };
        let credentials = match read(SECURITY_TOKEN)? {
            Some(token) => credentials.security_token(token),
            None => credentials,
        };
        match credentials.problem() {
            Some(problem) => Err(Error::credentials(problem)),
            None => Ok(Some(Provided::new(credentials, format!("{ACCESS_KEY}, {SECRET_KEY}")))),
        }
    }
}

impl ProvideCredentials for EnvironmentCredentials {
    fn name(&self) -> &'static str {
        "environment"
    }

    fn check(&self) -> Result<()> {
        self.read().map(drop)
    }

    fn provide<'a>(&'a self, _: &'a Http<'a>) -> Provide<'a> {
        Box::pin(ready(self.read()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::CredentialParts;

    fn read(variables: &'static [(&str, &str)]) -> Result<Option<Provided>> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        let environment = Environment::new(move |name| find(name).map(|(_, value)| value.into()));
        EnvironmentCredentials::new(environment).read()
    }

    #[test]
    fn a_pair_is_found_none_is_absent_and_a_half_is_broken() {
        assert!(read(&[]).unwrap().is_none());
        assert!(
            read(&[(ACCESS_KEY, ""), (SECRET_KEY, ""), (SECURITY_TOKEN, "t")]).unwrap().is_none()
        );
        for (variables, says) in [
            (&[(ACCESS_KEY, "AK")] as &[_], "HUAWEICLOUD_SDK_SK is not"),
            (&[(SECRET_KEY, "hush")], "HUAWEICLOUD_SDK_AK is not"),
            (&[(ACCESS_KEY, "AK"), (SECRET_KEY, "hush \n")], "the secret key is empty or holds"),
        ] {
            let error = read(variables).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("hush"), "{error}");
        }
        let variables = &[(ACCESS_KEY, "AK"), (SECRET_KEY, "SK"), (SECURITY_TOKEN, "T")];
        let found = read(variables).unwrap().unwrap();
        assert!(matches!(
            found.credentials.parts(),
            CredentialParts::Key { access_key: "AK", secret_key: "SK", security_token: Some("T") }
        ));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_text_is_broken() {
        use std::os::unix::ffi::OsStringExt as _;

        let environment = Environment::new(|_| Some(OsString::from_vec(vec![0xff])));
        let error = EnvironmentCredentials::new(environment).read().unwrap_err();
        assert_eq!(error.to_string(), "HUAWEICLOUD_SDK_AK is not readable text");
    }

    #[test]
    fn the_endpoint_of_a_region_is_the_first_that_its_variable_names() {
        let environment = Environment::new(|name| {
            (name == "HUAWEICLOUD_SDK_REGION_CPH_CN_NORTH_4").then(|| "http://a,http://b".into())
        });
        assert_eq!(environment.endpoint("cn-north-4").unwrap().as_deref(), Some("http://a"));
        assert_eq!(environment.endpoint("cn-east-3").unwrap(), None);
    }
}
