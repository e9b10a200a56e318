//! Images: those that phones can run, and the project's own, which it may share.

mod check;

use cph_core::{ImageId, ImageStatus, InvalidId, ProjectId, ReceiveStatus, limits};
use cph_raw::types;
use futures_util::Stream;

use crate::{
    Client, Result,
    paging::{self, Page, Place, Query, page_size, query},
    view::{View, views},
};

/// What can be asked and done about images; see [`Client::images`].
#[derive(Debug, Clone, Copy)]
pub struct Images<'a> {
    client: &'a Client,
}

impl<'a> Images<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Lists the images that phones can run, every page of them.
    /// Documented as [ListCloudPhoneImages](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0519.html).
    pub fn available(&self) -> ListPhoneImages {
        ListPhoneImages::new(self.client)
    }

    /// Lists custom images, every page of them: the project's own, and those shared with it.
    /// Documented as [ListImages](https://support.huaweicloud.com/api-cph/cph_api_0583.html).
    pub fn list(&self) -> ListImages {
        ListImages::new(self.client)
    }

    /// Erases a custom image. There is no way back.
    /// Documented as [DeleteImage](https://support.huaweicloud.com/api-cph/cph_api_0560.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// client.images().delete("23030320230421e300221a2000004433").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the id is none, before anything is sent; otherwise what
    /// the service says, see [`Error::code`](crate::Error::code).
    pub async fn delete(&self, image_id: impl AsRef<str>) -> Result<()> {
        let image_id: ImageId = Client::id(image_id)?;
        let call = self.client.call("DeleteImage", async |raw, project| {
            raw.delete_image(&project, image_id.as_str()).await
        });
        call.await.map(drop)
    }

    /// Lists the accounts that an image of the project's own is shared with, every page of them.
    /// Documented as [ListImageMembers](https://support.huaweicloud.com/api-cph/cph_api_0562.html).
    pub fn members(&self, image_id: impl Into<String>) -> ListImageMembers {
        ListImageMembers { client: self.client.clone(), image_id: image_id.into() }
    }

    /// Shares an image of the project's own with another account, named by its project in the same region.
    ///
    /// One account a call, and at most 10 accounts an image. The account can use the image once it has
    /// [accepted](Self::respond) it.
    /// Documented as [AddImageMember](https://support.huaweicloud.com/api-cph/cph_api_0561.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let image = "23030320230421e300221a2000004433";
    /// client.images().share(image, "87dc6af96095488d9205b6f31f314b16").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`delete`](Self::delete).
    pub async fn share(
        &self,
        image_id: impl AsRef<str>,
        project_id: impl AsRef<str>,
    ) -> Result<()> {
        let image_id: ImageId = Client::id(image_id)?;
        let member: ProjectId = Client::id(project_id)?;
        let body = types::AddImageMemberRequestBody { member: Some(member.to_string()) };
        let call = self.client.call("AddImageMember", async |raw, project| {
            raw.add_image_member(&project, image_id.as_str(), &body).await
        });
        call.await.map(drop)
    }

    /// Shares an image with an account no longer. What becomes of phones that run it there is not documented.
    /// Documented as [DeleteImageMember](https://support.huaweicloud.com/api-cph/cph_api_0563.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let image = "23030320230421e300221a2000004433";
    /// client.images().unshare(image, "87dc6af96095488d9205b6f31f314b16").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`delete`](Self::delete).
    pub async fn unshare(
        &self,
        image_id: impl AsRef<str>,
        project_id: impl AsRef<str>,
    ) -> Result<()> {
        let image_id: ImageId = Client::id(image_id)?;
        let member: ProjectId = Client::id(project_id)?;
        let call = self.client.call("DeleteImageMember", async |raw, project| {
            raw.delete_image_member(&project, image_id.as_str(), member.as_str()).await
        });
        call.await.map(drop)
    }

    /// Accepts or rejects an image that another account shares. One that was not accepted cannot be used.
    /// Documented as [UpdateImageMember](https://support.huaweicloud.com/api-cph/cph_api_0564.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use cph::Membership;
    ///
    /// client.images().respond("23030320230421e300221a2000004433", Membership::Accepted).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`delete`](Self::delete).
    pub async fn respond(&self, image_id: impl AsRef<str>, membership: Membership) -> Result<()> {
        let image_id: ImageId = Client::id(image_id)?;
        let status = match membership {
            Membership::Accepted => "accepted",
            Membership::Rejected => "rejected",
        };
        let body = types::UpdateImageMemberRequestBody { status: status.to_owned() };
        let call = self.client.call("UpdateImageMember", async |raw, project| {
            raw.update_image_member(&project, image_id.as_str(), &body).await
        });
        call.await.map(drop)
    }
}

/// What to make of an image that another account shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Membership {
    /// Take it.
    Accepted,
    /// Leave it.
    Rejected,
}

query! {
    /// A query for images that phones can run. Of all types, public ones come first, then private, then shared ones.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use std::pin::pin;
    /// use futures_util::TryStreamExt as _;
    ///
    /// let mut images = pin!(client.images().available().image_type("all").stream());
    /// while let Some(image) = images.try_next().await? {
    ///     println!("{} {:?}", image.image_id, image.os_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub struct ListPhoneImages -> PhoneImage {
        /// Only images of this type: `public`, `private`, `share` (shared by another account) or `all`.
        image_type => image_type: String,
    }
}

impl Query for ListPhoneImages {
    type Raw = types::PhoneImage;
    type Row = PhoneImage;
    const OPERATION: &'static str = "ListCloudPhoneImages";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            raw.list_cloud_phone_images(
                &project,
                self.image_type.as_deref(),
                page_size(limits::LIST_CLOUD_PHONE_IMAGES_PAGE),
                from.marker(),
            )
            .await
        });
        let answer = call.await?.body;
        Ok(Page::marked(
            answer.phone_images,
            from,
            answer.page_info.and_then(|page| page.next_marker),
        ))
    }
}

query! {
    /// A query for custom images.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use std::pin::pin;
    /// use futures_util::TryStreamExt as _;
    ///
    /// let mut images = pin!(client.images().list().status(cph::ImageStatus::Production).stream());
    /// while let Some(image) = images.try_next().await? {
    ///     println!("{} {:?}", image.image_id, image.image_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub struct ListImages -> Image {
        /// Only images of this type: `private`, or `share` (shared by another account).
        image_type => image_type: String,
        /// Only images in this state.
        status => status: ImageStatus,
        /// Only this image.
        image => image_id: String,
        /// Only images of this name; whether a part of it is enough is not documented.
        name => image_name: String,
        /// Only images made at this time or later, a timestamp in the vendor's unit (not stated).
        create_since => create_since: i64,
        /// Only images made until this time, a timestamp in the vendor's unit (not stated).
        create_until => create_until: i64,
        /// Only images that the account of this project shares.
        src_project => src_project_id: String,
    }
}

impl Query for ListImages {
    type Raw = types::ListImagesView;
    type Row = Image;
    const OPERATION: &'static str = "ListImages";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let image_id: Option<ImageId> = self.image_id.as_ref().map(Client::id).transpose()?;
        let src_project_id: Option<ProjectId> =
            self.src_project_id.as_ref().map(Client::id).transpose()?;
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            raw.list_images(
                &project,
                self.create_since,
                self.create_until,
                image_id.as_ref().map(ImageId::as_str),
                self.image_name.as_deref(),
                self.image_type.as_deref(),
                page_size(limits::LIST_IMAGES_PAGE),
                from.offset(),
                src_project_id.as_ref().map(ProjectId::as_str),
                self.status.map(ImageStatus::code),
            )
            .await
        });
        Ok(Page::counted(call.await?.body.image_infos, from, limits::LIST_IMAGES_PAGE))
    }
}

/// A query for the accounts that an image is shared with; see [`Images::members`].
///
/// ```
/// # async fn example(client: cph::Client) -> cph::Result<()> {
/// use std::pin::pin;
/// use futures_util::TryStreamExt as _;
///
/// let image = "23030320230421e300221a2000004433";
/// let mut members = pin!(client.images().members(image).stream());
/// while let Some(member) = members.try_next().await? {
///     println!("{}", member.member_id);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ListImageMembers {
    client: Client,
    image_id: String,
}

impl ListImageMembers {
    /// The rows, page after page as they are taken. It ends after its first `Err`. Dropping the stream asks for no more.
    pub fn stream(self) -> impl Stream<Item = Result<ImageMember>> + Send + 'static {
        paging::rows(self)
    }
}

impl Query for ListImageMembers {
    type Raw = types::ListImageMembersView;
    type Row = ImageMember;
    const OPERATION: &'static str = "ListImageMembers";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let image_id: ImageId = Client::id(&self.image_id)?;
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            let limit = page_size(limits::LIST_IMAGE_MEMBERS_PAGE);
            raw.list_image_members(&project, image_id.as_str(), limit, from.marker()).await
        });
        let answer = call.await?.body;
        Ok(Page::marked(answer.members, from, answer.page_info.and_then(|page| page.next_marker)))
    }
}

views! {
    /// An image that phones can run.
    pub struct PhoneImage from types::PhoneImage {
        /// Its id.
        image_id: ImageId,
        /// Its name, at most 128 bytes.
        image_name: Option<String>,
        /// Kind of its operating system, such as `aosp`.
        os_type: Option<String>,
        /// Its operating system, such as `AOSP7.1.1`.
        os_name: Option<String>,
        /// `1` for a public image, `2` for a private one.
        is_public: Option<i64>,
        /// The flavors that it fits, such as `cloud_phone` or `cloud_game_1620`.
        image_label: Option<String>,
        /// Whether phones with this image can encrypt files one by one.
        is_support_encrypt: Option<bool>,
        /// What was made of a shared image.
        receive_status: Option<ReceiveStatus>,
    }

    /// A custom image.
    pub struct Image from types::ListImagesView {
        /// Its id.
        image_id: ImageId,
        /// Its name.
        image_name: Option<String>,
        /// Whether it can be used.
        status: Option<ImageStatus>,
        /// `private`, or `share` (shared by another account).
        image_type: Option<String>,
        /// Its version of Android, such as `AOSP 9.0`.
        image_version: Option<String>,
        /// Its size in bytes.
        image_size: Option<i64>,
        /// The account that owns it.
        domain_id: Option<String>,
        /// The project of a private image.
        project_id: Option<String>,
        /// The project of the account that shares a shared image.
        src_project_id: Option<String>,
        /// When it was made, in UTC, such as `2024-04-11T06:38:21Z`.
        create_time: Option<String>,
        /// When it was last changed, in UTC.
        update_time: Option<String>,
    }

    /// An account that an image is shared with.
    pub struct ImageMember from types::ListImageMembersView {
        /// The account's project.
        member_id: ProjectId,
        /// The image.
        image_id: Option<ImageId>,
        /// When the image was shared, in milliseconds since 1970.
        create_time: Option<i64>,
        /// When that was last changed, in milliseconds since 1970.
        update_time: Option<i64>,
    }
}

impl View<i64> for ReceiveStatus {
    fn view(raw: i64) -> Result<Self, InvalidId> {
        Ok(Self::from_code(raw))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt as _;
    use serde_json::{Value, json};

    use super::*;
    use crate::{ErrorKind, api::tests::recorded};

    const IMAGES: &str = "/v1/0123456789abcdef0123456789abcdef/cloud-phone/images";

    #[tokio::test]
    async fn what_is_sent_is_what_the_pages_show() {
        let (client, sent) = recorded(200, r#"{"request_id":"r"}"#);
        let images = client.images();
        images.delete("i").await.unwrap();
        images.share("i", "87dc6af96095488d9205b6f31f314b16").await.unwrap();
        images.unshare("i", "m").await.unwrap();
        images.respond("i", Membership::Accepted).await.unwrap();
        images.respond("i", Membership::Rejected).await.unwrap();
        assert_eq!(images.delete("..").await.unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(
            sent.take(),
            [
                (format!("DELETE {IMAGES}/i"), Value::Null),
                (
                    format!("POST {IMAGES}/i/members"),
                    json!({"member": "87dc6af96095488d9205b6f31f314b16"})
                ),
                (format!("DELETE {IMAGES}/i/members/m"), Value::Null),
                (format!("PUT {IMAGES}/i/members"), json!({"status": "accepted"})),
                (format!("PUT {IMAGES}/i/members"), json!({"status": "rejected"})),
            ]
        );
    }

    #[tokio::test]
    async fn a_refusal_under_a_success_status_is_an_error() {
        let (client, _) =
            recorded(200, r#"{"request_id":"r","error_code":"CPS.0004","error_msg":"no"}"#);
        let error = client.images().share("i", "m").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Service);
    }

    #[tokio::test]
    async fn rows_are_shown_under_the_vendors_names() {
        let image = json!({
            "image_id": "i", "image_name": "n", "status": 1, "image_type": "private", "image_version": "AOSP 9.0",
            "image_size": 1_306_150_912, "domain_id": "d", "project_id": "", "src_project_id": null,
            "create_time": "2024-04-11T06:38:21Z", "update_time": "2024-04-11T06:38:21Z",
        });
        let (client, sent) =
            recorded(200, &json!({"image_infos": [image], "total": 1}).to_string());
        let query = client.images().list().image_type("private").status(ImageStatus::Production);
        let query = query.image("i").name("n").create_since(1).create_until(2).src_project("p");
        let rows: Vec<Image> = query.stream().try_collect().await.unwrap();
        let mut shown = image;
        shown["status"] = "production".into();
        assert_eq!(serde_json::to_value(&rows).unwrap(), json!([shown]));
        assert_eq!(
            sent.take()[0].0.split_once('?').unwrap().1,
            "create_since=1&create_until=2&image_id=i&image_name=n&image_type=private&limit=100&offset=0\
             &src_project_id=p&status=1"
        );
    }

    #[tokio::test]
    async fn a_marker_leads_on_until_it_stands_still() {
        let answer = json!({
            "phone_images": [{"image_id": "i", "is_public": 2, "receive_status": 2, "is_support_encrypt": true}],
            "members": [{"member_id": "m", "image_id": "i", "create_time": 1, "update_time": 2}],
            "page_info": {"next_marker": "next"},
        });
        let (client, sent) = recorded(200, &answer.to_string());
        let images: Vec<PhoneImage> =
            client.images().available().image_type("all").stream().try_collect().await.unwrap();
        assert_eq!(images.len(), 2);
        assert_eq!(images[0].receive_status, Some(ReceiveStatus::Rejected));
        let members: Vec<ImageMember> =
            client.images().members("i").stream().try_collect().await.unwrap();
        assert_eq!(serde_json::to_value(&members[..1]).unwrap(), answer["members"]);
        let lines: Vec<String> = sent.take().into_iter().map(|(line, _)| line).collect();
        let phone_images = IMAGES.replace("images", "phone-images");
        assert_eq!(
            lines,
            [
                format!("GET {phone_images}?image_type=all&limit=500"),
                format!("GET {phone_images}?image_type=all&limit=500&marker=next"),
                format!("GET {IMAGES}/i/members?limit=100"),
                format!("GET {IMAGES}/i/members?limit=100&marker=next"),
            ]
        );
    }
}
