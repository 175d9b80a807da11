//! Accounts and sessions, over HTTP and in the store: one suite on every database.

mod admin;
mod avatars;
mod changes;
mod devices;
mod ends;
mod flows;
mod guests;
mod http;
mod identities;
mod mails;
mod outage;
mod pictures;
mod proofs;
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
    admin::what_is_recorded_keeps_its_order_and_says_what_came_of_it,
    admin::what_cant_be_recorded_is_not_done,
    admin::incidents_are_found_by_whom_they_met_and_forgotten_in_time,
    guests::a_guest_is_a_session_and_is_gone_with_it,
    guests::two_guests_of_one_name_are_two,
    guests::a_guest_sees_who_they_are_and_nothing_of_accounts,
    changes::people_are_found_by_their_names_also_those_of_an_earlier_release,
    changes::of_two_who_take_one_address_at_once_one_gets_it_and_the_other_keeps_his,
    changes::a_change_of_password_ends_the_others_and_of_two_at_once_one_counts,
    changes::a_deleted_account_is_gone_with_all_that_is_its_own_and_the_services_hear_of_it,
    changes::sessions_end_one_by_one_all_others_or_all,
    proofs::a_session_begins_only_while_what_was_shown_still_holds,
    proofs::whatever_comes_first_no_session_outlives_what_was_shown_for_it,
    proofs::a_second_factor_that_was_shown_at_the_login_counts_as_shown_in_the_session,
    changes::a_refresh_token_counts_once_and_no_session_lasts_for_ever,
    changes::of_many_personal_tokens_at_once_none_is_one_too_many,
    changes::tries_of_a_second_factor_are_counted_however_many_come_at_once,
    devices::a_browser_is_known_to_its_own_account_for_half_a_year,
    devices::unused_browsers_are_swept_some_at_a_time,
    devices::an_operators_changes_end_sessions_and_hold,
    identities::of_many_who_come_back_with_one_state_at_once_one_is_taken,
    identities::of_many_who_come_as_one_person_at_once_one_has_an_account,
    identities::an_identity_is_one_account_s_and_an_account_has_one_of_each_provider,
    identities::of_the_last_two_ways_in_taken_away_at_once_one_stays,
    identities::a_deleted_account_leaves_its_identities_to_whoever_comes_next,
    identities::who_is_disabled_or_has_a_second_factor_is_not_let_in_by_a_providers_word,
    identities::who_has_no_password_changes_the_ways_in_only_right_after_signing_in,
    identities::a_token_whose_session_was_ended_opens_none_again,
    mails::a_mail_that_waits_is_taken_by_one_process_and_by_another_once_that_is_given_up,
    mails::mails_that_wait_are_bounded_and_a_later_change_takes_the_place_of_one_before,
    mails::one_mail_a_minute_and_five_an_hour_are_caused_by_one_however_many_ask_at_once,
    mails::a_reset_link_counts_once_for_thirty_minutes_and_the_last_one_alone,
    mails::a_reset_link_is_worthless_once_the_account_is_disabled_has_another_address_or_is_gone,
    mails::six_digits_are_looked_at_five_times_within_ten_minutes_and_count_once,
    mails::a_new_address_is_confirmed_unless_another_account_has_it_by_then,
    mails::of_two_who_ask_for_one_address_each_confirms_their_own,
    mails::what_digits_are_worth_is_told_no_sooner_where_no_code_waits,
    mails::an_invitation_is_for_its_address_and_its_time,
    mails::of_many_who_show_one_invitation_at_once_one_registers,
    mails::what_a_mail_causes_is_told_alike_for_whom_there_is_and_for_whom_there_is_not,
    ends::a_logout_elsewhere_ends_the_session_here_and_is_told_once,
    ends::who_starts_learns_of_the_last_two_minutes,
    ends::many_ends_at_once_are_all_seen,
    ends::an_end_that_shows_behind_a_later_one_is_not_passed_over,
    ends::ends_are_swept_when_everybody_has_read_them,
    ends::a_later_release_may_have_added_to_the_tables,
    avatars::of_many_pictures_at_once_one_is_left_and_the_others_are_removed,
    avatars::a_picture_that_nobody_took_and_that_of_who_has_gone_are_removed,
    outage::who_was_here_stays_for_ten_minutes,
    outage::away_is_never_told_as_a_logout_or_as_not_found,
}
