//! Every operation of accounts, pages and the process, as its handler tells it.

use utoipa::OpenApi;

use super::{auth, avatars, connection, guests, mails, oauth, page, second_factor, sessions, tokens, users};
use crate::serve;

/// What `openapi.json` says of this service; services behind the gateway say theirs.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    page::index,
    page::start,
    page::docs,
    page::guide,
    page::openapi,
    page::asyncapi,
    serve::is_up,
    serve::is_ready,
    auth::register,
    auth::login,
    auth::logout,
    guests::come,
    auth::update_password,
    mails::reset_password,
    mails::confirm_password_reset,
    mails::verify,
    mails::resend_code,
    oauth::providers,
    oauth::go,
    oauth::link,
    oauth::identities,
    oauth::unlink,
    connection::seen,
    sessions::list,
    sessions::end,
    sessions::end_others,
    second_factor::standing,
    second_factor::propose,
    second_factor::confirm,
    second_factor::check,
    second_factor::renew,
    second_factor::disable,
    tokens::issue,
    tokens::list,
    tokens::make,
    tokens::end,
    users::me,
    users::own,
    users::change,
    users::delete,
    users::search,
    users::user,
    avatars::change,
    avatars::remove,
    avatars::own,
    avatars::of_user,
))]
pub struct Document;
