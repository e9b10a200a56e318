//! The environment that the command reads, all of it.

use std::{collections::HashMap, ffi::OsString, path::PathBuf};

use crate::exit::Failure;

/// The region, unless `--region` gives it.
pub(crate) const REGION: &str = "CPH_REGION";
/// The base URL, unless `--endpoint` or `--region` is given.
pub(crate) const ENDPOINT: &str = "CPH_ENDPOINT";
/// Switches colours off when it is not empty.
pub(crate) const NO_COLOR: &str = "NO_COLOR";
/// Where run files are kept, instead of `~/.local/state`.
pub(crate) const STATE_HOME: &str = "XDG_STATE_HOME";

/// The same list for the help.
pub(crate) const HELP: &str = "\
Environment:
  CPH_REGION                        The region, unless --region is given
  CPH_ENDPOINT                      The base URL, unless either is given
  NO_COLOR                          Switches colours off when it is not empty
  XDG_STATE_HOME                    Where cph/runs is, instead of ~/.local/state
The vendor's own, whose SDKs read them too:
  HUAWEICLOUD_SDK_AK                Id of the access key
  HUAWEICLOUD_SDK_SK                Its secret key; there is no flag for it
  HUAWEICLOUD_SDK_SECURITY_TOKEN    Security token of a temporary access key
  HUAWEICLOUD_SDK_PROJECT_ID        The project, unless --project is given
  HUAWEICLOUD_SDK_IAM_ENDPOINT      Base URL of the identity service
  HUAWEICLOUD_SDK_CREDENTIALS_FILE  Instead of ~/.huaweicloud/credentials
  HUAWEICLOUD_SDK_REGION_CPH_<REGION>
                                    A region's base URL (_CN_NORTH_4)
Of the machine:
  HOME, USERPROFILE                 Where ~/.huaweicloud and ~/.local/state are
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
                                    The proxy to other machines
  SSL_CERT_FILE, SSL_CERT_DIR       Other certificates, on Linux
Without keys in the environment the credentials file is asked, then the metadata
service of a cloud server.
With --sim only NO_COLOR is read.

Exit status:
  0  all done (with --no-wait: all accepted)
  1  something was refused, failed or was not sent
  2  a mistake in the command or the configuration; nothing was sent
  3  something may have happened, or still runs though it was waited for
  130, 143  cut short by Ctrl-C or SIGTERM";

/// How a variable is looked up.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The variables that the library reads by itself, as they are now.
pub(crate) fn of_library(environment: Environment<'_>, region: Option<&str>) -> cph::Environment {
    let names = cph::Environment::NAMES.into_iter().map(str::to_owned);
    let names = names.chain(region.map(cph::Environment::endpoint_name));
    let known: HashMap<String, OsString> =
        names.filter_map(|name| Some((name.clone(), environment(&name)?))).collect();
    cph::Environment::new(move |name| known.get(name).cloned())
}

/// Where run files are kept, if there is a home for them. As the XDG specification has it, a path that is not absolute does
/// not count.
pub(crate) fn run_files(environment: Environment<'_>) -> Option<PathBuf> {
    let path = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    let state = path(STATE_HOME).or_else(|| Some(path(home)?.join(".local/state")));
    Some(state?.join("cph/runs"))
}

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
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_help_names_the_variables_of_every_setting_and_no_other() {
        let known: BTreeSet<&str> = cph::Setting::all()
            .iter()
            .flat_map(|setting| setting.variables)
            .copied()
            .chain([NO_COLOR, STATE_HOME])
            .collect();
        let (variables, _) = HELP.split_once("Without keys").unwrap();
        let named =
            variables.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let named =
            named.flat_map(|line| line.trim_start().split("  ").next().unwrap().split(", "));
        assert_eq!(named.collect::<BTreeSet<_>>(), known);
        assert!([REGION, ENDPOINT].iter().all(|name| known.contains(name)));
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_no_text_is_a_mistake() {
        use std::os::unix::ffi::OsStringExt as _;

        let Err(Failure::Usage(problems)) =
            value(&|_| Some(OsString::from_vec(vec![0xff])), "HUAWEICLOUD_SDK_PROJECT_ID")
        else {
            panic!("it was taken");
        };
        assert_eq!(problems, ["HUAWEICLOUD_SDK_PROJECT_ID is not readable text"]);
    }
}
