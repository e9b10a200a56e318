//! Whether phones can be given an image.

use std::{
    collections::{BTreeSet, HashMap},
    pin::pin,
};

use cph_core::{ErrorCode, ImageStatus, ReceiveStatus};
use futures_util::TryStreamExt as _;

use super::{Images, PhoneImage};
use crate::{Error, PhoneModel, Problem, Result};

impl Images<'_> {
    /// Checks that phones can be given images: that each image is there, that one which another account shares was accepted,
    /// and that it is of the kind that the phones' flavor runs, as far as both kinds are known.
    ///
    /// Each pair is an image and the flavor of phones that are to have it, [`Phone::phone_model_name`](crate::Phone), if
    /// that is known. The check only reads: the images that phones can run, the custom images if one is not among these,
    /// and the flavors if any is given.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// client.images().check([("1564567b8bab40f34711234cb80d8574", Some("rx1.cp.c60.d10.e1v1"))]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming every image that does not fit; otherwise what the
    /// service says, see [`Error::code`](crate::Error::code).
    pub async fn check<'i>(
        &self,
        wanted: impl IntoIterator<Item = (&'i str, Option<&'i str>)> + Send,
    ) -> Result<()> {
        let wanted: BTreeSet<(&str, Option<&str>)> = wanted.into_iter().collect();
        let ids: BTreeSet<&str> = wanted.iter().map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let listed = self.listed(&ids).await?;
        let mut problems = Vec::new();
        for id in ids {
            let problem = match listed.get(id) {
                Some(image) => not_accepted(image),
                None => self.not_custom(id).await?,
            };
            problems.extend(problem.map(|problem| format!("image {id}: {problem}")));
        }
        let needed = wanted.iter().filter_map(|(id, flavor)| {
            let label = listed.get(*id)?.image_label.as_deref().filter(|label| !label.is_empty());
            Some((*id, label?, (*flavor)?))
        });
        let needed: Vec<(&str, &str, &str)> = needed.collect();
        if !needed.is_empty() {
            let kinds = self.kinds_of_flavors().await?;
            for (id, label, flavor) in needed {
                if let Some(kind) = kinds.get(flavor).filter(|kind| *kind != label) {
                    problems.push(format!(
                        "image {id}: it is a {label} image, and phones of flavor {flavor} run {kind} images"
                    ));
                }
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(Error::invalid_input(problems.into_iter().map(Problem::new).collect()))
    }

    /// Those of the images that phones can run, by id.
    async fn listed(&self, ids: &BTreeSet<&str>) -> Result<HashMap<String, PhoneImage>> {
        let mut images = pin!(self.available().image_type("all").stream());
        let mut listed = HashMap::new();
        while let Some(image) = images.try_next().await? {
            if ids.contains(image.image_id.as_str()) {
                listed.insert(image.image_id.to_string(), image);
            }
        }
        Ok(listed)
    }

    /// What keeps an image that is not listed among those that phones can run from being a custom one that they can.
    async fn not_custom(&self, id: &str) -> Result<Option<&'static str>> {
        let mut images = pin!(self.list().image(id).stream());
        loop {
            match images.try_next().await {
                Ok(Some(image)) if image.image_id.as_str() == id => {
                    return Ok(match image.status {
                        Some(ImageStatus::Creating) => Some("it is still being made"),
                        Some(ImageStatus::CreateFailed) => Some("it could not be made"),
                        _ => None,
                    });
                }
                Ok(Some(_)) => {}
                Ok(None) => return Ok(Some(NO_SUCH_IMAGE)),
                Err(error) if is_unknown(&error) => return Ok(Some(NO_SUCH_IMAGE)),
                Err(error) => return Err(error),
            }
        }
    }

    /// The kind of image that phones of each flavor run.
    async fn kinds_of_flavors(&self) -> Result<HashMap<String, String>> {
        let models: Vec<PhoneModel> = self.client.phones().models().stream().try_collect().await?;
        let kind = |model: PhoneModel| {
            let label = model.image_label.filter(|label| !label.is_empty());
            Some((model.phone_model_name?, label?))
        };
        Ok(models.into_iter().filter_map(kind).collect())
    }
}

const NO_SUCH_IMAGE: &str = "there is no such image in this project and region";

fn not_accepted(image: &PhoneImage) -> Option<&'static str> {
    match image.receive_status {
        Some(ReceiveStatus::Pending) => Some(
            "another account shares it, and this project has not accepted it yet; accept it first",
        ),
        Some(ReceiveStatus::Rejected) => {
            Some("another account shares it, and this project has rejected it; accept it first")
        }
        _ => None,
    }
}

fn is_unknown(error: &Error) -> bool {
    let code = error.code();
    code.is_some_and(|code| {
        [ErrorCode::IMAGE_NOT_FOUND, ErrorCode::INVALID_IMAGE_ID].contains(&code)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Client, Credentials, ErrorKind};

    /// A client of a service with some images and two flavors.
    fn client() -> Client {
        let answer = |path: &str, query: &str| match path.rsplit('/').next() {
            Some("phone-images") => json!({"phone_images": [
                {"image_id": "public", "image_label": "cloud_phone"},
                {"image_id": "pending", "receive_status": 0},
                {"image_id": "rejected", "receive_status": 2},
                {"image_id": "accepted", "image_label": "cloud_game", "receive_status": 1},
            ]}),
            Some("images") if query.contains("image_id=own&") => {
                json!({"image_infos": [{"image_id": "own", "status": 1}]})
            }
            Some("images") if query.contains("image_id=young&") => {
                json!({"image_infos": [{"image_id": "young", "status": 0}]})
            }
            Some("images") if query.contains("image_id=strange&") => {
                json!({"error_code": "CPS.0166", "error_msg": "no"})
            }
            Some("images") => json!({"image_infos": []}),
            _ => json!({"phone_models": [
                {"phone_model_name": "phone", "image_label": "cloud_phone"},
                {"phone_model_name": "game", "image_label": "cloud_game"},
                {"phone_model_name": "blank"},
            ]}),
        };
        Client::builder()
            .region("cn-north-4")
            .project("p")
            .credentials(Credentials::access_key("AK", "SK"))
            .transport(move |request: http::Request<bytes::Bytes>| {
                let uri = request.uri();
                let body = answer(uri.path(), uri.query().unwrap_or_default()).to_string();
                std::future::ready(http::Response::builder().body(body.into()))
            })
            .build()
            .unwrap()
    }

    #[tokio::test]
    async fn what_fits_as_far_as_is_known_passes() {
        let fits = [
            ("public", None),
            ("public", Some("phone")),
            ("public", Some("blank")),
            ("public", Some("unlisted")),
            ("accepted", Some("game")),
            ("own", Some("game")),
        ];
        client().images().check(fits).await.unwrap();
        client().images().check([]).await.unwrap();
    }

    #[tokio::test]
    async fn every_image_that_does_not_is_named() {
        let wrong = ["missing", "strange", "pending", "rejected", "young"].map(|id| (id, None));
        let wrong = wrong.into_iter().chain([("public", Some("game")), ("public", Some("phone"))]);
        let error = client().images().check(wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let problems: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "image missing: there is no such image in this project and region",
                "image pending: another account shares it, and this project has not accepted it yet; accept it first",
                "image rejected: another account shares it, and this project has rejected it; accept it first",
                "image strange: there is no such image in this project and region",
                "image young: it is still being made",
                "image public: it is a cloud_phone image, and phones of flavor game run cloud_game images",
            ]
        );
    }
}
