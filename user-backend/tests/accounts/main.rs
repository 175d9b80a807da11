//! Accounts and sessions, over HTTP and in the store: one suite on every database.

mod ends;
mod flows;
mod http;
mod outage;
mod races;
mod store;
mod world;

use world::{Kind, World};

/// Runs each test on each database that there is.
macro_rules! on_every_database {
    ($($module:ident :: $test:ident),* $(,)?) => {
        on_every_database!(@on sqlite Sqlite $($module $test)*);
        on_every_database!(@on postgres Postgres $($module $test)*);
        on_every_database!(@on mysql MySql $($module $test)*);
    };
    (@on $name:ident $kind:ident $($module:ident $test:ident)*) => {
        mod $name {
            use super::{Kind, World};
            $(
                #[tokio::test]
                async fn $test() {
                    if let Some(world) = World::on(Kind::$kind).await {
                        super::$module::$test(world).await;
                    }
                }
            )*
        }
    };
}

on_every_database! {
    flows::whoever_registers_can_log_in_and_out,
    flows::two_who_register_one_address_at_once_get_one_account,
    flows::a_wrong_password_and_an_unknown_address_are_told_alike,
    flows::others_see_less_of_an_account,
    flows::the_logout_of_one_session_leaves_the_others,
    store::the_index_decides_who_gets_an_address,
    store::what_differs_in_case_or_accents_is_not_the_same,
    store::an_expired_session_is_invalid_and_is_swept,
    store::several_processes_may_start_at_once,
    store::a_session_without_its_user_is_none,
    ends::a_logout_elsewhere_ends_the_session_here_and_is_told_once,
    ends::who_starts_learns_of_the_last_two_minutes,
    ends::many_ends_at_once_are_all_seen,
    ends::an_end_that_shows_behind_a_later_one_is_not_passed_over,
    ends::ends_are_swept_when_everybody_has_read_them,
    ends::a_later_release_may_have_added_to_the_tables,
    outage::who_was_here_stays_for_ten_minutes,
    outage::away_is_never_told_as_a_logout_or_as_not_found,
}
