//! `cph bandwidth`.

use cph::BandWidth;

use super::{
    Context,
    listing::{as_it_is, done, list},
    perform::agreed,
    tables::find_operation,
};
use crate::{Console, Exit, args::Bandwidth, exit::Failure, output::Fields};

pub(super) async fn run(
    context: Context<'_>,
    command: Bandwidth,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let bandwidths = context.session.client.bandwidths();
    match command {
        Bandwidth::List => {
            let rows = bandwidths.list().stream();
            list(context, "list bandwidths", rows, as_it_is, BANDWIDTHS, console).await
        }
        Bandwidth::Resize { id, size, yes } => {
            let what = format!("resize bandwidth {id} to {size} Mbit/s");
            if !agreed(context, find_operation("UpdateBandwidth")?, &what, yes, console)? {
                return Ok(Exit::Usage);
            }
            bandwidths.resize(&id, size).await.map_err(Failure::to("resize the bandwidth"))?;
            Ok(done(context, &format!("resized bandwidth {id} to {size} Mbit/s"), console))
        }
    }
}

const BANDWIDTHS: Fields = Fields::new(
    BandWidth::FIELDS,
    &[
        "band_width_id",
        "band_width_name",
        "band_width_size",
        "band_width_charge_mode",
        "create_time",
    ],
);
