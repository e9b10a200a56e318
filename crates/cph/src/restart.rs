//! Restarting phones: what is checked before anything is sent.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, SystemTime},
};

use cph_core::{ImageId, PhoneId, PropertyText, limits, mask_json};
use cph_raw::types::{PhoneProperty, RestartCloudPhoneRequestBody};

use crate::{
    Client, Error, Observer, Problem, Result, Run,
    batch::{Answer, JOB_TIMEOUT, Options, Work, observer::Entry},
    client::operation,
};

/// A phone to restart, and the properties it is to have.
///
/// ```
/// use cph::{Properties, RestartTarget};
///
/// let plain = RestartTarget::from("1234567b8bab40ffb711234cb80d0234");
/// let renamed = RestartTarget::new("1678567b8bab40f93711234cb80d0764").properties(Properties::new().wifi_name("test_wifi"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartTarget {
    phone_id: String,
    property: Option<PropertyText>,
}

impl RestartTarget {
    /// A phone by its id; the id is checked by [`Restart::start`].
    pub fn new(phone_id: impl Into<String>) -> Self {
        Self { phone_id: phone_id.into(), property: None }
    }

    /// Sets properties; each must pass the documented rule of its key, keys that nobody documents pass.
    #[must_use]
    pub fn properties(mut self, properties: impl Into<PropertyText>) -> Self {
        let text = properties.into();
        self.property = (text.as_str() != "{}").then_some(text);
        self
    }

    /// Sets the property text as it is to be sent, byte for byte. It must be a JSON object whose keys keep their rules.
    #[must_use]
    pub fn property_text(mut self, text: impl Into<String>) -> Self {
        self.property = Some(PropertyText::new(text));
        self
    }

    /// The phone's id, as given.
    pub fn phone_id(&self) -> &str {
        &self.phone_id
    }

    /// The property text that will be sent.
    pub fn property(&self) -> Option<&PropertyText> {
        self.property.as_ref()
    }
}

impl From<&str> for RestartTarget {
    fn from(phone_id: &str) -> Self {
        Self::new(phone_id)
    }
}

impl From<String> for RestartTarget {
    fn from(phone_id: String) -> Self {
        Self::new(phone_id)
    }
}

impl From<PhoneId> for RestartTarget {
    fn from(phone_id: PhoneId) -> Self {
        Self::new(phone_id.as_str())
    }
}

impl From<&PhoneId> for RestartTarget {
    fn from(phone_id: &PhoneId) -> Self {
        Self::new(phone_id.as_str())
    }
}

impl<I: Into<String>, P: Into<PropertyText>> From<(I, P)> for RestartTarget {
    fn from((phone_id, properties): (I, P)) -> Self {
        Self::new(phone_id).properties(properties)
    }
}

/// A restart in the making: set what differs from the defaults, then [`start`](Self::start) it.
#[must_use]
pub struct Restart {
    client: Client,
    targets: Vec<RestartTarget>,
    image: Option<String>,
    observer: Box<dyn Observer>,
    options: Options,
    part: Option<usize>,
    max_down: Option<usize>,
}

impl Restart {
    pub(crate) fn new(client: Client, targets: Vec<RestartTarget>) -> Self {
        let part = operation("RestartCloudPhone").batch.map_or(1, |batch| batch.part);
        let options = Options {
            part,
            in_flight: 4,
            max_down: 2 * part,
            job_timeout: JOB_TIMEOUT,
            deadline: None,
            trust_refusal: true,
        };
        Self {
            client,
            targets,
            image: None,
            observer: Box::new(()),
            options,
            part: None,
            max_down: None,
        }
    }

    /// Changes every phone to this image while restarting.
    pub fn image(mut self, image_id: impl Into<String>) -> Self {
        self.image = Some(image_id.into());
        self
    }

    /// Phones in one call. Default 100, which is ours: the vendor documents no maximum.
    pub fn batch(mut self, phones: usize) -> Self {
        self.part = Some(phones);
        self
    }

    /// Calls on the wire at once. Default 4; the first part goes alone whatever this says.
    pub fn in_flight(mut self, calls: usize) -> Self {
        self.options.in_flight = calls;
        self
    }

    /// Phones down at once: sent, and not yet settled. Default twice the batch, since many restarts at once load the servers.
    pub fn max_down(mut self, phones: usize) -> Self {
        self.max_down = Some(phones);
        self
    }

    /// How long each job may take, from the answer that accepted it. Default 30 minutes. What still runs then settles as
    /// [`StillRunning`](crate::Fate::StillRunning); it is not stopped.
    pub fn job_timeout(mut self, timeout: Duration) -> Self {
        self.options.job_timeout = timeout;
        self
    }

    /// When the run ends at the latest: nothing is sent from then on, and jobs are looked at one last time.
    pub fn deadline(mut self, deadline: SystemTime) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// Is told about each part before it is sent and after its answer.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Box::new(observer);
        self
    }

    /// Whether a call refused as a whole is taken to have started nothing, so that its phones may be sent again in smaller
    /// parts. Default `true`; the vendor does not say so in words. With `false` such phones settle as unconfirmed.
    pub fn trust_refusal(mut self, trust: bool) -> Self {
        self.options.trust_refusal = trust;
        self
    }

    /// Checks everything and starts the run on the caller's tokio runtime. An `Err` means that nothing was sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming every problem: ids that are none, phones named
    /// twice, properties that break a rule or the size (7,800 bytes per phone), limits of 0.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn start(self) -> Result<Run> {
        let plan = self.check()?;
        let client = self.client.clone();
        let work = Work {
            operation: operation("RestartCloudPhone"),
            targets: plan.phones.iter().map(ToString::to_string).collect(),
            send: {
                let (bodies, image) = (Arc::new(plan.bodies), plan.image);
                Arc::new(move |client, part| {
                    let body = body(&bodies, image.as_ref(), &part);
                    Box::pin(async move { send(&client, body).await })
                })
            },
        };
        Ok(Run::start(client, plan.phones, work, plan.options, self.observer))
    }

    /// The bodies that would be sent if nothing is refused, with personal values masked. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn dry_run(&self) -> Result<Vec<serde_json::Value>> {
        let plan = self.check()?;
        let places: Vec<usize> = (0..plan.bodies.len()).collect();
        let parts = places.chunks(plan.options.part.min(plan.options.max_down));
        Ok(parts
            .map(|part| {
                mask_json(&serde_json::json!(body(&plan.bodies, plan.image.as_ref(), part)))
            })
            .collect())
    }

    fn check(&self) -> Result<Plan> {
        let mut problems = Vec::new();
        let mut options = self.options.clone();
        options.part = self.part.unwrap_or(options.part);
        options.max_down = self.max_down.unwrap_or(2 * options.part.max(1));
        for (what, number) in [
            ("batch", options.part),
            ("in-flight", options.in_flight),
            ("max-down", options.max_down),
        ] {
            if NonZeroUsize::new(number).is_none() {
                problems.push(Problem::new(format!(
                    "{what} is 0; with that nothing would ever be sent"
                )));
            }
        }
        if let Some(maximum) = operation("RestartCloudPhone")
            .batch
            .and_then(|batch| batch.maximum)
            .filter(|maximum| options.part > *maximum)
        {
            problems.push(Problem::new(format!(
                "batch is {}; the service takes at most {maximum} phones in one call",
                options.part
            )));
        }
        let image = self.image.as_deref().map(str::parse::<ImageId>).transpose();
        let image =
            image.map_err(|error| problems.push(Problem::new(error.to_string()))).ok().flatten();

        let mut seen: HashMap<&str, usize> = HashMap::new();
        let (mut phones, mut bodies) =
            (Vec::with_capacity(self.targets.len()), Vec::with_capacity(self.targets.len()));
        for (place, target) in (1..).zip(&self.targets) {
            let place_of =
                |what: &dyn std::fmt::Display| Problem::new(format!("phone {place}: {what}"));
            match target.phone_id.parse::<PhoneId>() {
                Ok(phone) => phones.push(phone),
                Err(error) => problems.push(place_of(&error)),
            }
            if let Some(first) = seen.insert(&target.phone_id, place) {
                problems.push(place_of(&format!(
                    "{} is named before, as phone {first}; name it once",
                    target.phone_id
                )));
            }
            if let Some(Err(broken)) = target
                .property
                .as_ref()
                .map(|text| text.check(limits::RESTART_CLOUD_PHONE_PROPERTY_BYTES))
            {
                problems.extend(
                    broken
                        .iter()
                        .map(|problem| place_of(&format!("{}: {problem}", target.phone_id))),
                );
            }
            bodies.push(PhoneProperty {
                phone_id: target.phone_id.clone(),
                property: target.property.as_ref().map(|text| text.as_str().to_owned()),
            });
        }
        if problems.is_empty() {
            Ok(Plan { phones, bodies, image, options })
        } else {
            Err(Error::invalid_input(problems))
        }
    }
}

/// Everything checked.
struct Plan {
    phones: Vec<PhoneId>,
    bodies: Vec<PhoneProperty>,
    image: Option<ImageId>,
    options: Options,
}

fn body(
    bodies: &[PhoneProperty],
    image: Option<&ImageId>,
    part: &[usize],
) -> RestartCloudPhoneRequestBody {
    RestartCloudPhoneRequestBody {
        image_id: image.map(ToString::to_string),
        phones: part.iter().map(|&place| bodies[place].clone()).collect(),
    }
}

async fn send(client: &Client, body: RestartCloudPhoneRequestBody) -> Result<Answer> {
    let project = client.project().clone();
    let reply = client
        .call(operation("RestartCloudPhone"), |raw| async move {
            raw.restart_cloud_phone(project.as_str(), &body).await
        })
        .await?;
    let entries = reply.body.jobs.unwrap_or_default().into_iter().map(|job| Entry {
        target: job.phone_id,
        job_id: job.job_id,
        error_code: job.error_code,
        error_msg: job.error_msg,
    });
    let request_id = [reply.body.request_id, reply.request_id]
        .into_iter()
        .flatten()
        .find_map(|id| id.parse().ok());
    Ok(Answer { request_id, entries: entries.collect() })
}

impl std::fmt::Debug for Restart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Restart")
            .field("targets", &self.targets.len())
            .field("image", &self.image)
            .finish_non_exhaustive()
    }
}
