//! `cph image`.

use cph::{Image as Custom, ImageMember, Membership, PhoneImage};

use super::{
    Context,
    listing::{as_it_is, done, list},
    perform::agreed,
    tables::find_operation,
};
use crate::{Console, Exit, args::Image, exit::Failure, output::Fields};

pub(super) async fn run(
    context: Context<'_>,
    command: Image,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let images = context.session.client.images();
    match command {
        Image::List { kind } => {
            let mut query = images.available();
            if let Some(kind) = kind {
                query = query.image_type(kind);
            }
            list(context, "list images", query.stream(), as_it_is, AVAILABLE, console).await
        }
        Image::Custom { kind, status, image, name, create_since, create_until, src_project } => {
            let mut query = images.list();
            if let Some(kind) = kind {
                query = query.image_type(kind);
            }
            if let Some(status) = status {
                query = query.status(status);
            }
            if let Some(image) = image {
                query = query.image(image);
            }
            if let Some(name) = name {
                query = query.name(name);
            }
            if let Some(since) = create_since {
                query = query.create_since(since);
            }
            if let Some(until) = create_until {
                query = query.create_until(until);
            }
            if let Some(project) = src_project {
                query = query.src_project(project);
            }
            list(context, "list custom images", query.stream(), as_it_is, CUSTOM, console).await
        }
        Image::Delete { id, yes } => {
            let what = format!("delete image {id}");
            if !agreed(context, find_operation("DeleteImage")?, &what, yes, console)? {
                return Ok(Exit::Usage);
            }
            images.delete(&id).await.map_err(Failure::to("delete the image"))?;
            Ok(done(context, &format!("deleted image {id}"), console))
        }
        Image::Members { id } => {
            let rows = images.members(id).stream();
            list(context, "list who an image is shared with", rows, as_it_is, MEMBERS, console)
                .await
        }
        Image::Share { id, with } => {
            images.share(&id, &with).await.map_err(Failure::to("share the image"))?;
            Ok(done(context, &format!("shared image {id} with project {with}"), console))
        }
        Image::Unshare { id, with } => {
            images.unshare(&id, &with).await.map_err(Failure::to("unshare the image"))?;
            Ok(done(context, &format!("image {id} is not shared with project {with}"), console))
        }
        Image::Accept { id } => {
            let accepted = images.respond(&id, Membership::Accepted).await;
            accepted.map_err(Failure::to("accept the image"))?;
            Ok(done(context, &format!("accepted image {id}"), console))
        }
        Image::Reject { id } => {
            let rejected = images.respond(&id, Membership::Rejected).await;
            rejected.map_err(Failure::to("reject the image"))?;
            Ok(done(context, &format!("rejected image {id}"), console))
        }
    }
}

const AVAILABLE: Fields = Fields::new(
    PhoneImage::FIELDS,
    &["image_id", "image_name", "os_name", "image_label", "is_public", "receive_status"],
);

const CUSTOM: Fields = Fields::new(
    Custom::FIELDS,
    &["image_id", "image_name", "image_type", "status", "image_size", "create_time"],
);

const MEMBERS: Fields = Fields::new(ImageMember::FIELDS, ImageMember::FIELDS);
