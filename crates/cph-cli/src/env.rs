//! The environment that the command reads, all of it.

use std::ffi::OsString;

use crate::exit::Failure;

/// Id of the access key; the name that the vendor's SDKs read.
pub(crate) const ACCESS_KEY: &str = "HUAWEICLOUD_SDK_AK";
/// The secret key that belongs to it.
pub(crate) const SECRET_KEY: &str = "HUAWEICLOUD_SDK_SK";
/// The security token of a temporary access key.
pub(crate) const SECURITY_TOKEN: &str = "HUAWEICLOUD_SDK_SECURITY_TOKEN";
/// The project, unless `--project` gives it.
pub(crate) const PROJECT: &str = "HUAWEICLOUD_SDK_PROJECT_ID";
/// The region, unless `--region` gives it.
pub(crate) const REGION: &str = "CPH_REGION";
/// The base URL, unless `--endpoint` or `--region` is given.
pub(crate) const ENDPOINT: &str = "CPH_ENDPOINT";
/// Switches colours off when it is not empty.
pub(crate) const NO_COLOR: &str = "NO_COLOR";

/// The same list for the help.
pub(crate) const HELP: &str = "\
Environment:
  HUAWEICLOUD_SDK_AK              Id of the access key
  HUAWEICLOUD_SDK_SK              Its secret key; there is no flag for it
  HUAWEICLOUD_SDK_SECURITY_TOKEN  Security token of a temporary access key
  HUAWEICLOUD_SDK_PROJECT_ID      The project, unless --project is given
  CPH_REGION                      The region, unless --region is given
  CPH_ENDPOINT                    The base URL, unless either is given
  NO_COLOR                        Switches colours off when it is not empty
With --sim only NO_COLOR is read.

Exit status:
  0  all done (with --no-wait: all accepted)
  1  something was refused, failed or was not sent
  2  a mistake in the command or the configuration; nothing was sent
  3  something may have happened, or still runs though it was waited for
  130, 143  cut short by Ctrl-C or SIGTERM";

/// How a variable is looked up.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The value of a variable, unless it is empty.
pub(crate) fn value(environment: Environment<'_>, name: &str) -> Result<Option<String>, Failure> {
    environment(name)
        .filter(|value| !value.is_empty())
        .map(|value| {
            value.into_string().map_err(|_| Failure::usage(format!("{name} is not readable text")))
        })
        .transpose()
}

pub(crate) fn is_set(environment: Environment<'_>, name: &str) -> bool {
    environment(name).is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_variable() {
        for name in [ACCESS_KEY, SECRET_KEY, SECURITY_TOKEN, PROJECT, REGION, ENDPOINT, NO_COLOR] {
            assert!(HELP.contains(&format!("\n  {name} ")), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_no_text_is_a_mistake() {
        use std::os::unix::ffi::OsStringExt as _;

        let Err(Failure::Usage(problems)) =
            value(&|_| Some(OsString::from_vec(vec![0xff])), PROJECT)
        else {
            panic!("it was taken");
        };
        assert_eq!(problems, ["HUAWEICLOUD_SDK_PROJECT_ID is not readable text"]);
    }
}
