//! The credentials file of the vendor's SDKs.

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use configparser::ini::{Ini, IniDefault};

use super::{
    Credentials, Environment, Http, PasswordCredentials, Provide, ProvideCredentials, Provided,
};
use crate::{Error, Result};

/// The section that the vendor's SDKs read.
const BASIC: &str = "basic";

/// The section whose values hold in all.
const DEFAULT: &str = "default";

/// One section of the credentials file, `~/.huaweicloud/credentials` or what `HUAWEICLOUD_SDK_CREDENTIALS_FILE` names.
///
/// ```ini
/// [basic]
/// ak = EXAMPLEACCESSKEY
/// sk = example-secret-key
/// project_id = 0123456789abcdef0123456789abcdef
///
/// [staging]
/// user_name = deploy
/// password = example-password
/// domain_name = example-account
/// region = cn-east-3
/// ```
///
/// The vendor's SDKs read `ak`, `sk`, `security_token`, `project_id` and `iam_endpoint` of `[basic]`; the other sections and
/// `region`, `endpoint`, `user_name`, `password` and `domain_name` are ours. A file that others can read is refused.
///
/// Debug output shows where it was found and no value.
#[derive(Clone)]
pub struct Profile {
    name: String,
    path: PathBuf,
    values: BTreeMap<String, String>,
}

impl Profile {
    /// Reads a section, `basic` by default. `None` if none is named and there is no file, or no such section in it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) if the file cannot be read or others can read it too, and if a
    /// section or file that is named does not exist.
    pub fn read(environment: &Environment, name: Option<&str>) -> Result<Option<Self>> {
        let Some((path, is_named)) = environment.credentials_file() else {
            return match name {
                None => Ok(None),
                Some(_) => Err(Error::credentials(
                    "there is no home directory to look for a credentials file in",
                )),
            };
        };
        let text = match read(&path) {
            Ok(text) => text,
            Err(error)
                if error.kind() == io::ErrorKind::NotFound && !is_named && name.is_none() =>
            {
                return Ok(None);
            }
            Err(error) => {
                return Err(Error::credentials(format_args!("{} cannot be used", path.display()))
                    .caused_by(error));
            }
        };
        // As Python reads it, with which the vendor's tools do.
        let mut as_python = IniDefault::default();
        as_python.multiline = true;
        as_python.enable_inline_comments = false;
        let mut file = Ini::new_from_defaults(as_python);
        // The parser's own words may quote the line.
        let sections = file
            .read(text)
            .map_err(|_| Error::credentials(format_args!("{} is no INI file", path.display())))?;
        let section = name.unwrap_or(BASIC).to_lowercase();
        if !sections.contains_key(&section) {
            let mut sections: Vec<_> = sections.into_keys().collect();
            sections.sort();
            return match name {
                None => Ok(None),
                Some(_) => Err(Error::credentials(format_args!(
                    "{} has no section [{section}]; it has: {}",
                    path.display(),
                    sections.join(", ")
                ))),
            };
        }
        let values =
            [DEFAULT, &section].into_iter().filter_map(|name| sections.get(name)).flatten();
        let values = values
            .filter_map(|(key, value)| Some((key.clone(), value.clone()?)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        Ok(Some(Self { name: section, path, values }))
    }

    /// The section's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that it stands in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its `region`.
    pub fn region(&self) -> Option<&str> {
        self.value("region")
    }

    /// Its `project_id`.
    pub fn project(&self) -> Option<&str> {
        self.value("project_id")
    }

    /// Its `endpoint`: the base URL of the service.
    pub fn endpoint(&self) -> Option<&str> {
        self.value("endpoint")
    }

    /// Its `iam_endpoint`: the base URL of the identity service.
    pub fn iam_endpoint(&self) -> Option<&str> {
        self.value("iam_endpoint")
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    fn place(&self) -> String {
        format!("[{}] of {}", self.name, self.path.display())
    }

    /// A key pair, or a user with a password.
    fn identity(&self) -> Result<Found> {
        let broken = |problem: &dyn fmt::Display| Err(Error::credentials(problem).at(self.place()));
        let user = ["user_name", "password", "domain_name"].map(|key| self.value(key));
        match (self.value("ak"), self.value("sk"), user) {
            (Some(access_key), Some(secret_key), _) => {
                let mut credentials = Credentials::access_key(access_key, secret_key);
                if let Some(token) = self.value("security_token") {
                    credentials = credentials.security_token(token);
                }
                match credentials.problem() {
                    Some(problem) => broken(&problem),
                    None => Ok(Found::Key(Provided::new(credentials, self.place()))),
                }
            }
            (None, None, [Some(user), Some(password), Some(domain)]) => {
                Ok(Found::User(PasswordCredentials::new(user, password, domain)))
            }
            (None, None, [None, None, None]) => {
                broken(&"there is neither ak and sk nor user_name, password and domain_name")
            }
            (None, None, _) => {
                broken(&"user_name, password and domain_name go together; one is missing")
            }
            _ => broken(&"ak and sk go together; one is missing"),
        }
    }
}

enum Found {
    Key(Provided),
    User(PasswordCredentials),
}

/// The text of a file that nobody else can read.
fn read(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        const OTHERS: u32 = 0o077;
        if file.metadata()?.permissions().mode() & OTHERS != 0 {
            let problem = format!("others may use it; run: chmod 600 {}", path.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
        }
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("name", &self.name)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The key pair or user of a [`Profile`]. Absent if none is named and the file or its section `basic` is not there.
#[derive(Debug, Clone)]
pub struct ProfileCredentials {
    environment: Environment,
    name: Option<String>,
}

impl ProfileCredentials {
    /// The section `basic`.
    pub fn new(environment: Environment) -> Self {
        Self { environment, name: None }
    }

    /// The section of this name, which must be there.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    fn find(&self) -> Result<Option<Found>> {
        let profile = Profile::read(&self.environment, self.name.as_deref())?;
        profile.as_ref().map(Profile::identity).transpose()
    }
}

impl ProvideCredentials for ProfileCredentials {
    fn name(&self) -> &'static str {
        "profile"
    }

    fn check(&self) -> Result<()> {
        self.find().map(drop)
    }

    fn provide<'a>(&'a self, http: &'a Http<'a>) -> Provide<'a> {
        Box::pin(async move {
            match self.find()? {
                None => Ok(None),
                Some(Found::Key(provided)) => Ok(Some(provided)),
                Some(Found::User(user)) => user.provide(http).await,
            }
        })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;
    use crate::identity::CredentialParts;

    /// A home with a credentials file.
    struct Home(tempfile::TempDir);

    impl Home {
        fn with(text: &str, mode: u32) -> Self {
            let home = tempfile::tempdir().unwrap();
            let folder = home.path().join(".huaweicloud");
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("credentials"), text).unwrap();
            fs::set_permissions(folder.join("credentials"), fs::Permissions::from_mode(mode))
                .unwrap();
            Self(home)
        }

        fn environment(&self) -> Environment {
            let home = self.0.path().as_os_str().to_owned();
            Environment::new(move |name| (name == "HOME").then(|| home.clone()))
        }

        fn credentials(&self) -> ProfileCredentials {
            ProfileCredentials::new(self.environment())
        }
    }

    fn error(result: Result<Option<Found>>) -> String {
        format!("{:#}", result.err().unwrap())
    }

    #[test]
    fn values_are_read_as_python_reads_them() {
        let text = "[DEFAULT]\nregion: cn-east-3\n; a comment\n# another\n\n[basic]\nAK = AK\nsk = a#b\\n\"c\"\nproject_id=\n[other]\n";
        let home = Home::with(text, 0o600);
        let profile = Profile::read(&home.environment(), None).unwrap().unwrap();
        assert_eq!((profile.region(), profile.project()), (Some("cn-east-3"), None));
        let Found::Key(found) = profile.identity().unwrap() else { panic!("a key pair") };
        let CredentialParts::Key { access_key, secret_key, .. } = found.credentials.parts() else {
            panic!("a key pair")
        };
        assert_eq!((access_key, secret_key), ("AK", "a#b\\n\"c\""));
        assert!(!format!("{profile:?}").contains("a#b"));
    }

    #[test]
    fn what_is_not_there_is_absent_unless_it_was_named() {
        let nowhere = Environment::new(|_| None);
        assert!(ProfileCredentials::new(nowhere.clone()).find().unwrap().is_none());
        assert!(error(ProfileCredentials::new(nowhere).named("basic").find()).contains("no home"));
        let empty = Environment::new(|name| (name == "HOME").then(|| "/nonexistent".into()));
        assert!(ProfileCredentials::new(empty).find().unwrap().is_none());
        let named =
            Environment::new(|name| (name == CREDENTIALS_FILE).then(|| "/nonexistent".into()));
        assert!(
            error(ProfileCredentials::new(named).find()).contains("/nonexistent cannot be used")
        );
        let other = Home::with("[global]\nak = AK\nsk = SK\n[staging]\n", 0o600);
        assert!(other.credentials().find().unwrap().is_none());
        assert!(
            error(other.credentials().named("basic").find()).contains("it has: global, staging")
        );
    }

    const CREDENTIALS_FILE: &str = "HUAWEICLOUD_SDK_CREDENTIALS_FILE";

    #[test]
    fn what_is_broken_says_how() {
        for (text, says) in [
            ("[basic]\n", "neither ak and sk nor user_name"),
            ("[basic]\nak = AK\n", "ak and sk go together"),
            ("[basic]\nsk = hush\nuser_name = u\n", "ak and sk go together"),
            ("[basic]\nuser_name = u\npassword = hush\n", "one is missing"),
            ("[basic\nsk = hush\n", "is no INI file"),
            ("[basic]\nak = AK\nsk = hush hush\n", "the secret key is empty or holds"),
        ] {
            let error = error(Home::with(text, 0o600).credentials().find());
            assert!(error.contains(says) && !error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_the_command_that_mends_it() {
        for mode in [0o644, 0o640, 0o604, 0o620] {
            let home = Home::with("[basic]\nak = AK\nsk = SK\n", mode);
            let error = error(home.credentials().find());
            let path = home.0.path().join(".huaweicloud/credentials");
            assert!(error.ends_with(&format!("run: chmod 600 {}", path.display())), "{error}");
        }
        assert!(
            Home::with("[basic]\nak = AK\nsk = SK\n", 0o600)
                .credentials()
                .find()
                .unwrap()
                .is_some()
        );
    }
}
