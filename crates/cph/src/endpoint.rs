//! The address that calls go to.

use std::{fmt, net::IpAddr, str::FromStr};

use url::{Host, Url};

use crate::Problem;

/// A checked base URL: scheme, host and port, and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    text: String,
    tls: bool,
    loopback: bool,
}

impl Endpoint {
    /// The URL without a trailing slash.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether calls stay on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.loopback
    }
}

impl FromStr for Endpoint {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let problem =
            |what: &str| Problem::new(format!("endpoint `{}` {what}", without_user(text)));
        let url = Url::parse(text).map_err(|_| problem("is no URL; write it as https://HOST"))?;
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(problem("is neither https nor http")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(problem(
                "holds a user name or password; credentials are given on their own",
            ));
        }
        if text.ends_with('/') {
            return Err(problem("ends with a slash; leave it out"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(problem("has a path or query; the client adds the paths"));
        }
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
            None => return Err(problem("names no host")),
        };
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), tls, loopback })
    }
}

/// Whether a host is this machine, or on its own link as the metadata service of a cloud server is.
pub(crate) fn is_here(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match address {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unicast_link_local(),
        Err(_) => host == "localhost",
    }
}

/// The text with any `user:password@` left out, for messages.
pub(crate) fn without_user(text: &str) -> String {
    let Some((before, rest)) = text.rsplit_once('@') else { return text.to_owned() };
    let scheme = before.split_inclusive("://").next().filter(|scheme| scheme.ends_with("://"));
    format!("{}{rest}", scheme.unwrap_or_default())
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_endpoint_and_what_is_not() {
        for good in [
            "https://cph.cn-north-4.myhuaweicloud.com",
            "http://127.0.0.1:8080",
            "http://[::1]:80",
            "http://localhost",
        ] {
            assert!(good.parse::<Endpoint>().is_ok(), "{good}");
        }
        for (bad, says) in [
            ("cph.example.com", "is no URL"),
            ("ftp://cph.example.com", "neither https nor http"),
            ("https://cph.example.com/", "ends with a slash"),
            ("https://cph.example.com/v1", "has a path or query"),
            ("https://cph.example.com?x", "has a path or query"),
            ("https://me:hush@cph.example.com", "`https://cph.example.com` holds a user name"),
            ("me:hush@cph.example.com", "`cph.example.com` is neither"),
            ("https://me:hu/sh@cph.example.com", "`https://cph.example.com` is no URL"),
        ] {
            let problem = bad.parse::<Endpoint>().unwrap_err().to_string();
            assert!(problem.contains(says) && !problem.contains("hu"), "{problem}");
        }
        for (host, here) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("169.254.169.254", true),
            ("[fe80::1]", true),
            ("10.0.0.1", false),
            ("localhost.example.com", false),
        ] {
            assert_eq!(is_here(host), here, "{host}");
        }
        assert!("http://127.9.9.9:1".parse::<Endpoint>().unwrap().is_loopback());
        assert!(!"http://10.0.0.1".parse::<Endpoint>().unwrap().is_loopback());
    }
}
