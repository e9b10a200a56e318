"""Images: those that phones can run, custom ones, and those that are shared."""

import huaweicloudsdkcph.v1 as cph

from harness import ID, SOME, TIME, equal, fields, operation, refusal, the_one
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

PENDING, ACCEPTED, REJECTED = 0, 1, 2


def of_type(stage, kind):
    return [image for image in stage.simulation.images if image.image_type == kind]


def phone_images(stage, **filters):
    return stage.client.list_cloud_phone_images(cph.ListCloudPhoneImagesRequest(**filters))


def restart_with(stage, image_id):
    body = cph.RestartCloudPhoneRequestBody(
        image_id=image_id, phones=[cph.PhoneProperty(phone_id=stage.phones[0])]
    )
    return stage.client.restart_cloud_phone(cph.RestartCloudPhoneRequest(body=body))


@operation("ListCloudPhoneImages")
def list_phone_images(stage):
    answer = phone_images(stage, image_type="public")
    fields(answer, request_id=ID)
    for image in answer.phone_images:
        fields(image, image_id=ID, image_name="AOSP", image_label=SOME, os_type="aosp", os_name=SOME)
        fields(image, is_public=1, is_support_encrypt=False, receive_status=None)
    in_use = stage.phone().image_id
    the_one("images of the phone", (image for image in answer.phone_images if image.image_id == in_use))
    first = phone_images(stage, image_type="public", limit=1)
    second = phone_images(stage, image_type="public", limit=1, marker=first.page_info.next_marker)
    equal("images on two pages", first.phone_images + second.phone_images, answer.phone_images[:2])
    shared = the_one("shared images", phone_images(stage, image_type="share").phone_images)
    fields(shared, is_public=2, image_id=of_type(stage, "share")[0].image_id)


@operation("ListImages")
def list_images(stage):
    ask = stage.client.list_images
    wanted = of_type(stage, "private")[1]
    answer = ask(cph.ListImagesRequest(image_type="private", image_id=wanted.image_id))
    fields(answer, request_id=ID, total=1)
    image = the_one("images", answer.image_infos)
    fields(
        image,
        image_id=ID,
        image_name="private-image-2",
        image_type="private",
        image_version="AOSP 11.0",
        image_size=1306150912,
        status=1,
        domain_id=ID,
        project_id=stage.client.get_credentials().project_id,
        src_project_id=None,
        create_time=TIME,
    )
    named = ask(cph.ListImagesRequest(image_name="private-image-2")).image_infos
    equal("image_id", the_one("images of that name", named).image_id, image.image_id)
    fields(ask(cph.ListImagesRequest(status=2)), total=0, image_infos=[])
    shared = the_one("shared images", ask(cph.ListImagesRequest(image_type="share")).image_infos)
    fields(shared, src_project_id=ID, project_id=None)


@operation("DeleteImage")
def delete_image(stage):
    image_id = of_type(stage, "private")[0].image_id
    answer = stage.client.delete_image(cph.DeleteImageRequest(image_id=image_id))
    fields(answer, request_id=ID, error_code=None, error_msg=None)
    left = stage.client.list_images(cph.ListImagesRequest(image_type="private")).image_infos
    equal("private images", [image.image_name for image in left], ["private-image-2"])
    fields(refusal(ClientRequestException, lambda: restart_with(stage, image_id)), error_code="CPS.0166")


def members(stage, **page):
    image_id = of_type(stage, "private")[1].image_id
    request = cph.ListImageMembersRequest(image_id=image_id, **page)
    return stage.client.list_image_members(request)


def add_member(stage, member):
    image_id = of_type(stage, "private")[1].image_id
    body = cph.AddImageMemberRequestBody(member=member)
    return stage.client.add_image_member(cph.AddImageMemberRequest(image_id=image_id, body=body))


@operation("AddImageMember")
def add_image_member(stage):
    fields(add_member(stage, "a" * 32), request_id=ID, error_code=None, error_msg=None)
    found = (member for member in members(stage).members if member.member_id == "a" * 32)
    fields(the_one("members", found), image_id=of_type(stage, "private")[1].image_id)


@operation("ListImageMembers")
def list_image_members(stage):
    for member in "cde":
        add_member(stage, member * 32)
    everyone = members(stage).members
    for member in everyone:
        fields(member, member_id=ID, image_id=ID)
        # Milliseconds, as the page prints them.
        equal("create_time", 1_700_000_000_000 < member.create_time <= member.update_time, True)
    first = members(stage, limit=1)
    second = members(stage, limit=1, marker=first.page_info.next_marker)
    equal("members on two pages", first.members + second.members, everyone[:2])


@operation("DeleteImageMember")
def delete_image_member(stage):
    add_member(stage, "b" * 32)
    image_id = of_type(stage, "private")[1].image_id
    request = cph.DeleteImageMemberRequest(image_id=image_id, member_id="b" * 32)
    fields(stage.client.delete_image_member(request), request_id=ID, error_code=None, error_msg=None)
    equal("left", [m.member_id for m in members(stage).members if m.member_id == "b" * 32], [])


@operation("UpdateImageMember")
def update_image_member(stage):
    image_id = of_type(stage, "share")[0].image_id

    def received():
        return phone_images(stage, image_type="share").phone_images[0].receive_status

    def answer_with(status):
        body = cph.UpdateImageMemberRequestBody(status=status)
        request = cph.UpdateImageMemberRequest(image_id=image_id, body=body)
        fields(stage.client.update_image_member(request), request_id=ID)

    equal("receive_status", received(), PENDING)
    fields(refusal(ClientRequestException, lambda: restart_with(stage, image_id)), error_code="CPS.0166")
    answer_with("rejected")
    equal("receive_status", received(), REJECTED)
    answer_with("accepted")
    equal("receive_status", received(), ACCEPTED)
    stage.succeeded(restart_with(stage, image_id), "phones", stage.phones[:1], "RestartCloudPhone")
    fields(stage.phone(), image_id=image_id)
