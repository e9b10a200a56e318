//! What the documentation leaves open, each with a switch.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How the simulator behaves where no page says how the service does.
///
/// The default is what client and simulator take for granted; a test turns a switch to see that the client bears the
/// opposite. Each is named as in `openapi/assumptions.toml`, which says what a real call would show.
///
/// ```
/// let assumptions: cph_sim::Assumptions = toml::from_str("entries = \"reversed\"\npost_status = 201").unwrap();
/// assert_eq!(assumptions.entries, cph_sim::Order::Reversed);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each a yes or a no")]
pub struct Assumptions {
    /// More phones than this in one call are refused as a whole with CPS.0190; `None`: any number is taken
    /// (assumed: max-phones-per-call).
    pub max_phones_per_call: Option<usize>,
    /// Whether a call all of whose targets are refused answers 400 with the first code instead of 200 with entries
    /// (assumed: all-refused-is-an-error).
    pub all_refused_is_an_error: bool,
    /// Whether a call that is refused as a whole for a property starts nothing; if not, its other phones are started
    /// (assumed: whole-refusal-starts-nothing).
    pub whole_refusal_starts_nothing: bool,
    /// Whether one bad property refuses the whole call; if not, only the entry of its phone
    /// (assumed: property-refuses-whole-call).
    pub property_refuses_whole_call: bool,
    /// Whether one unknown request id spoils a job query with CPS.0050; if not, it is passed over
    /// (assumed: unknown-request-id-sinks-query).
    pub unknown_request_id_sinks_query: bool,
    /// Whether the header `X-Request-Id` is the request id of the body; if not, it is another one
    /// (assumed: header-request-id-is-body-id).
    pub header_request_id_is_body_id: bool,
    /// How the entries of a batch answer are ordered (assumed: entries-in-request-order).
    pub entries: Order,
    /// The status of a successful POST: 200 or 201 (assumed: post-status-200).
    pub post_status: u16,
    /// Whether property keys of the old vintage are still taken; if not, they are refused with CPS.0163
    /// (assumed: old-property-keys).
    pub old_property_keys: bool,
    /// Whether the properties of a restart are merged into those of the phone; if not, they replace them
    /// (assumed: property-merges).
    pub property_merges: bool,
    /// How long after its end a job can be found, in seconds; `None`: for ever (assumed: job-retention).
    #[serde(with = "seconds")]
    #[schemars(with = "Option<u64>")]
    pub job_retention: Option<Duration>,
    /// Whether a phone that is restarting already refuses another restart with CPS.0165
    /// (assumed: second-restart-is-refused).
    pub second_restart_is_refused: bool,
    /// How often `RunSyncCommand` may be called in a minute, as documented; 0: as often as one likes
    /// (assumed: throttling-windows).
    pub sync_commands_per_minute: u32,
    /// How often each operation may be called in a second; 0: as often as one likes (assumed: calls-per-second).
    pub calls_per_second: u32,
    /// What the codes of the gateway begin with (assumed: gateway-prefix).
    pub gateway_prefix: GatewayPrefix,
    /// Whether a phone that a restart starts shows status 4 until the job ends; if not, what it showed before
    /// (assumed: starting-shows-restarting).
    pub starting_shows_restarting: bool,
    /// Whether any image id of the right form names an image; if not, one that `ListCloudPhoneImages` does not list is
    /// refused with CPS.0166 (assumed: well-formed-image-exists).
    pub well_formed_image_exists: bool,
    /// Whether a reset puts properties back to those of the factory; if not, they stay
    /// (assumed: reset-drops-properties).
    pub reset_drops_properties: bool,
    /// Whether an import of what no export has written is refused; if not, it is taken, and its job fails
    /// (assumed: only-exports-are-imported).
    pub only_exports_are_imported: bool,
    /// Whether the jobs of `RunSyncCommand` can be listed and shown (assumed: sync-jobs-are-listed).
    pub sync_jobs_are_listed: bool,
    /// Whether a job that runs has no `end_time`; if not, it is the time at which it began
    /// (assumed: running-job-has-no-end-time).
    pub running_job_has_no_end_time: bool,
    /// A status of no page that a job shows in its first five seconds; `None`: it runs at once
    /// (assumed: unlisted-job-status-is-running).
    pub unlisted_job_status: Option<i64>,
    /// Whether answers and jobs name targets by the ids of the call; if not, in capitals
    /// (assumed: ids-come-back-as-sent).
    pub ids_come_back_as_sent: bool,
    /// Whether a call starts one job for a target; if not, a second one is listed that no answer names
    /// (assumed: one-job-per-target).
    pub one_job_per_target: bool,
    /// How many jobs run on one server without making the next ones slower; 0: any number
    /// (assumed: load-slows-jobs).
    pub jobs_at_full_pace: u32,
    /// How long jobs, orders among them, take, in percent of what is assumed
    /// (assumed: restart-takes-20-to-40-seconds, phone-jobs-take-2-to-60-seconds, server-jobs-take-seconds-to-minutes).
    pub job_duration_percent: u32,
    /// What the last page of a list says of the next one (assumed: no-next-marker-is-the-last-page).
    pub last_marker: LastMarker,
    /// Whether `ListCloudPhoneImages` without a type lists all images; if not, public ones alone
    /// (assumed: no-image-type-is-all).
    pub no_image_type_is_all: bool,
    /// Whether times in the filters of servers count milliseconds; if not, seconds
    /// (assumed: create-since-in-milliseconds).
    pub create_since_in_milliseconds: bool,
    /// Whether an order that is not paid by itself is delivered; if not, its servers stay in status 0
    /// (assumed: open-orders-are-paid).
    pub open_orders_are_paid: bool,
    /// Whether servers that are paid by the month refuse their deletion
    /// (assumed: servers-paid-by-the-month-are-not-deleted).
    pub servers_paid_by_the_month_are_not_deleted: bool,
    /// Whether the job that mounts a file system again, or unmounts one that is not there, fails
    /// (assumed: attaching-twice-fails-the-job).
    pub attaching_twice_fails_the_job: bool,
    /// Whether a tag may be added with another value, and deleted when it is not there; if not, the call is refused
    /// (assumed: tags-that-are-there-or-not).
    pub tags_that_are_there_or_not: bool,
}

/// What the codes of the gateway begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum GatewayPrefix {
    /// `APIGW.0301`.
    #[default]
    Apigw,
    /// `APIG.0301`, as the product API Gateway prints.
    Apig,
}

impl GatewayPrefix {
    /// A code of the gateway, which begins with `APIGW` where it is written down, or any other.
    pub(crate) fn code(self, code: &str) -> String {
        match (self, code.strip_prefix("APIGW.")) {
            (Self::Apig, Some(number)) => format!("APIG.{number}"),
            _ => code.to_owned(),
        }
    }
}

/// What the last page of a list that pages by marker says of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LastMarker {
    /// Nothing.
    #[default]
    Missing,
    /// An empty marker.
    Empty,
    /// The marker of this very page, if it was asked for by one.
    Repeated,
}

/// The order of the entries in a batch answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// As the targets were sent.
    #[default]
    AsSent,
    /// The other way round.
    Reversed,
    /// By chance, from the seed.
    Shuffled,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            max_phones_per_call: None,
            all_refused_is_an_error: false,
            whole_refusal_starts_nothing: true,
            property_refuses_whole_call: true,
            unknown_request_id_sinks_query: false,
            header_request_id_is_body_id: true,
            entries: Order::AsSent,
            post_status: 200,
            old_property_keys: true,
            property_merges: true,
            job_retention: None,
            second_restart_is_refused: true,
            sync_commands_per_minute: 6,
            calls_per_second: 200,
            gateway_prefix: GatewayPrefix::Apigw,
            starting_shows_restarting: true,
            well_formed_image_exists: true,
            reset_drops_properties: true,
            only_exports_are_imported: true,
            sync_jobs_are_listed: true,
            running_job_has_no_end_time: true,
            unlisted_job_status: None,
            ids_come_back_as_sent: true,
            one_job_per_target: true,
            jobs_at_full_pace: 20,
            job_duration_percent: 100,
            last_marker: LastMarker::Missing,
            no_image_type_is_all: true,
            create_since_in_milliseconds: true,
            open_orders_are_paid: true,
            servers_paid_by_the_month_are_not_deleted: true,
            attaching_twice_fails_the_job: true,
            tags_that_are_there_or_not: true,
        }
    }
}

mod seconds {
    use super::{Deserialize, Deserializer, Duration, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
    pub(super) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        duration.map(|duration| duration.as_secs()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_secs))
    }
}
