//! The OpenAPI documents.
//!
//! The routes of `contracts` define paths, parameters, bodies and responses. This module adds shared errors, responses,
//! examples, headers and parameters as components, tags and security schemes, and splits the document by contract.

mod components;
mod contracts;
mod examples;
mod operations;
mod parts;
mod repeated;
mod responses;
mod security;
mod strict;
mod wrapped;

use std::collections::HashSet;

use utoipa::openapi::schema::AnyOf;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, RefOr, Schema, ServerBuilder,
};

pub(crate) use self::contracts::{CONTRACTS, Documents};

const DESCRIPTION: &str = "A self-hosted user directory for multi-tenant platforms. \
    One directory serves several published APIs: Flowra and Zaia at `/api/v1`, Notiflows at `/admin`, FlowMate at `/login` \
    and `/api`, Flowdock at `/`. Each API reads the data that the others write. \
    The paths of Notiflows, FlowMate and Flowdock also work with a version: `/admin/v1`, `/api/v1` and `/v1`. \
    A slash at the end of a path changes nothing. Bodies may be compressed: `Content-Encoding: gzip` or `deflate`; size \
    limits apply before and after. \
    Query strings write booleans as `true`, `false`, `1` or `0`, in any case. Parameters that may be repeated may also be \
    written as an array (`ids[]=…`, `ids[0]=…`). An unknown parameter is an error that names the nearest one, since \
    ignoring a filter would return too much; `_`, `utm_…`, `fbclid` and `gclid` are ignored. An unknown field of a body is an \
    error, too, with the reason `unknown`, except in FlowMate, which names ignored fields in `x-ignored-fields`. Keys that only \
    responses have may be sent back, and change nothing. Custom fields and other free objects take any key. \
    Every error has the same envelope, and every response has `x-request-id`. \
    `x-required-scopes` names the scope that a key needs, or permissions of which an account needs one. \
    `/openapi/{contract}.json` describes one API: `flowra`, `zaia`, `notiflows`, `flowmate`, `flowdock` or `operations`.\n\n\
    Names have one line in any script. They cannot be blank, and contain no control characters and none that embed, override \
    or isolate a direction (U+202A to U+202E, U+2066 to U+2069). Descriptions, prompts, reasons and messages may also have \
    tabs and line breaks.\n\n\
    E-mail addresses have letters of any script (RFC 6531), at most 64 bytes before the `@` and 254 in all. Before the `@`, \
    dots stand single and inside, and there are no quotes and no invisible characters. Domains are mapped by UTS 46 and stored \
    as people read them: `jane@xn--bcher-kva.example` and `jane@bücher。example` are `jane@bücher.example`. Addresses from \
    before this rule keep working.";

/// The tags of the operations, in the order of the document.
const TAGS: [(&str, &str); 30] = [
    ("External users", "Flowra and Zaia: the end users of a workspace, by id, username or channel."),
    ("External user groups", "Zaia: groups of external users."),
    ("Tiers", "Zaia: the service tiers of external users and groups."),
    ("Super identities", "Zaia: people and their external users across channels."),
    ("Channels", "Zaia: the channels that external users come from."),
    ("API keys", "Zaia: the keys of a workspace."),
    ("Audit log", "Zaia: who changed what, and when."),
    ("Events", "Every change of a workspace, in one order, for programs that follow it."),
    ("Webhooks", "Where events are sent, and what became of them."),
    ("Jobs", "Work that outlives a request."),
    ("Workflows", "Flowra: work that follows from what happens to people, and its executions."),
    ("Auth configs", "Flowra: how external users connect to other systems."),
    ("Connected accounts", "Flowra: the accounts of external users with other systems."),
    ("Users", "Notiflows: the external users of a workspace, by external id."),
    ("Session", "FlowMate: logging in and out."),
    ("Accounts", "FlowMate: the people who log in."),
    ("Roles", "FlowMate: named sets of permissions."),
    ("Permissions", "FlowMate: the permissions that roles and accounts can hold."),
    ("Tenants", "FlowMate: the workspaces of the platform, and their members."),
    ("Tokens", "FlowMate: the tokens of accounts."),
    ("Flows (FlowMate)", "FlowMate: work that follows from what happens to people."),
    ("Templates", "FlowMate: definitions of which flows are made."),
    ("Components", "FlowMate: what the steps of a flow can do."),
    ("Executions", "FlowMate: runs of flows."),
    ("Incoming webhooks", "FlowMate: requests of other systems that start flows."),
    ("People", "Flowdock: the accounts that the caller can see."),
    ("Organizations", "Flowdock: the workspaces of the caller, and their members."),
    ("Flows", "Flowdock: the flows of an organization, and their users."),
    ("Invitations", "Flowdock: invitations to a flow."),
    ("Server", "What the server is: health, metrics, version, signing keys and error pages."),
];

/// Completes the document of the routes: removes path aliases and adds what all operations share.
pub(crate) fn completed(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Denizen")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .contact(Some(ContactBuilder::new().name(Some("The operator of the server")).build()))
        .license(Some(
            LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build(),
        ))
        .build();
    document.servers = Some(vec![ServerBuilder::new().url("/").description(Some("This server")).build()]);
    let tag = |(name, description)| TagBuilder::new().name(name).description(Some(description)).build();
    document.tags = Some(TAGS.into_iter().map(tag).collect());
    remove_aliases(&mut document);
    let shared = document.components.get_or_insert_default();
    repeated::refer(shared);
    security::add_schemes(shared);
    allow_overlaps(shared);
    components::add(shared);
    for (path, item) in &mut document.paths.paths {
        operations::complete_all(path, item);
    }
    strict::close(&mut document);
    wrapped::describe(&mut document);
    components::share_parameters(&mut document);
    examples::share(&mut document);
    responses::share(&mut document);
    document
}

/// Says that any alternative of a schema will do: a value may fit several.
fn allow_overlaps(components: &mut Components) {
    for schema in components.schemas.values_mut() {
        if let RefOr::T(Schema::OneOf(one)) = schema {
            let mut any = AnyOf::new();
            any.items = std::mem::take(&mut one.items);
            any.description = one.description.take();
            *schema = Schema::AnyOf(any).into();
        }
    }
}

/// Removes paths with a version that also exist without one: both route the same.
fn remove_aliases(document: &mut OpenApi) {
    let paths: HashSet<String> = document.paths.paths.keys().cloned().collect();
    document.paths.paths.retain(|path, _| {
        let unversioned = path.replacen("/v1/", "/", 1);
        unversioned == *path || !paths.contains(&unversioned)
    });
}
