//! The identity service, as far as it knows projects.

use bytes::Bytes;
use cph_core::{ProjectId, Region};
use serde::Deserialize;

use super::http::{json, request};
use crate::{
    Error, Problem, Result, sign,
    transport::{Caller, Subject, Transport},
};

/// Where the vendor's SDKs find it in regions that have none of their own.
const IAM: &str = "https://iam.myhuaweicloud.com";
const WITHOUT_OWN_IAM: [&str; 2] = ["af-north-1", "ru-northwest-2"];

/// The identity service of a region.
pub(crate) fn iam_endpoint(region: Option<&str>) -> String {
    match region.and_then(|region| Region::find(region).ok()) {
        Some(Region { id, .. }) if !WITHOUT_OWN_IAM.contains(id) => {
            format!("https://iam.{id}.myhuaweicloud.com")
        }
        _ => IAM.to_owned(),
    }
}

#[derive(Deserialize)]
struct Projects {
    projects: Vec<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: ProjectId,
}

/// The one project of the region; creates none.
pub(crate) async fn find_project(transport: &Transport, region: &str) -> Result<ProjectId> {
    let query = sign::canonical_query(&format!("name={region}"));
    let url = format!("{}/v3/projects?{query}", transport.place.iam);
    let request = request(http::Request::get(url), Bytes::new())?;
    let subject = Subject { name: "KeystoneListProjects", idempotent: true, limit: None };
    let answer = transport
        .call(subject, Caller::Owner, request)
        .await
        .map_err(|error| error.at(format_args!("no project was found for region {region}")))?;
    let Projects { mut projects } = json(&answer)?;
    let problem = match projects.len() {
        1 => return Ok(projects.remove(0).id),
        0 => format!(
            "the account has no project named {region}; set the id of a project. None was created"
        ),
        _ => {
            let ids: Vec<&str> = projects.iter().map(|project| project.id.as_str()).collect();
            format!(
                "the account has {} projects named {region}; set the id of one of them: {}",
                ids.len(),
                ids.join(", ")
            )
        }
    };
    Err(Error::configuration(vec![Problem::new(problem)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_an_identity_service() {
        for (region, expected) in [
            (Some("cn-north-4"), "https://iam.cn-north-4.myhuaweicloud.com"),
            (Some("af-north-1"), IAM),
            (Some("../elsewhere"), IAM),
            (None, IAM),
        ] {
            assert_eq!(iam_endpoint(region), expected);
        }
    }
}
