"""Tags of servers, which are added and deleted on one path."""

import huaweicloudsdkcph.v1 as cph

from harness import equal, fields, operation, the_one

KIND = "cph-server"


def change(stage, action, **tags):
    tags = [cph.Tag(key=key, value=value) for key, value in tags.items()]
    where = {"resource_type": KIND, "resource_id": stage.server}
    if action == "create":
        body = cph.BatchCreateTagsRequestBody(action=action, tags=tags)
        answer = stage.client.batch_create_tags(cph.BatchCreateTagsRequest(body=body, **where))
    else:
        body = cph.BatchDeleteTagsRequestBody(action=action, tags=tags)
        answer = stage.client.batch_delete_tags(cph.BatchDeleteTagsRequest(body=body, **where))
    fields(answer, status_code=204, raw_content=b"")


def tags_of(stage):
    request = cph.ListResourceTagsRequest(resource_type=KIND, resource_id=stage.server)
    return {tag.key: tag.value for tag in stage.client.list_resource_tags(request).tags}


def instances(stage, **wanted):
    body = cph.ListResourceInstancesRequestBody(**wanted)
    request = cph.ListResourceInstancesRequest(resource_type=KIND, body=body)
    return stage.client.list_resource_instances(request)


@operation("BatchCreateTags")
def create_tags(stage):
    change(stage, "create", create_1="one", create_2="two")
    equal("tags", tags_of(stage), {"create_1": "one", "create_2": "two"})


@operation("BatchDeleteTags")
def delete_tags(stage):
    change(stage, "create", delete_1="one", delete_2="two")
    change(stage, "delete", delete_1="one")
    equal("tags", tags_of(stage), {"delete_2": "two"})


@operation("ListResourceTags")
def list_resource_tags(stage):
    equal("tags of a server without any", tags_of(stage), {})
    change(stage, "create", resource="umlaut-ü")
    equal("tags", tags_of(stage), {"resource": "umlaut-ü"})


@operation("ListProjectTags")
def list_project_tags(stage):
    change(stage, "create", project_1="one", project_2="two")
    ask = stage.client.list_project_tags
    answer = ask(cph.ListProjectTagsRequest(resource_type=KIND))
    fields(answer, total_count=len(answer.tags))
    tag = the_one("tags of that key", (tag for tag in answer.tags if tag.key == "project_1"))
    fields(tag, values=["one"])
    page = ask(cph.ListProjectTagsRequest(resource_type=KIND, limit=1, offset=1))
    equal("second tag", page.tags, answer.tags[1:2])


@operation("ListResourceInstances")
def list_instances(stage):
    change(stage, "create", instance="one")
    tags = [cph.Tags(key="instance", values=["one", "two"])]
    found = instances(stage, action="filter", tags=tags, offset="0", limit="10")
    fields(found, total_count=1)
    resource = the_one("resources", found.resources)
    fields(resource, resource_id=stage.server, resource_name=stage.shown_server().server_name)
    fields(the_one("tags", resource.tags), key="instance", value="one")
    fields(instances(stage, action="count", tags=tags), total_count=1, resources=None)
    matches = [cph.Match(key="resource_name", value=resource.resource_name)]
    fields(instances(stage, action="count", matches=matches), total_count=1)
    untagged = instances(stage, action="filter", without_any_tag=True).resources
    equal("untagged", stage.server in {resource.resource_id for resource in untagged}, False)
