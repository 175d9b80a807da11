//! Meetings in the store: one suite on every store, each test in an empty one of its own.

mod documents;
mod live_counts;
mod network;
mod options;
mod outage;
mod place;
mod promises;
mod visits;

use place::{Kind, Place};

/// Runs each test on these kinds of stores, as far as they are there.
macro_rules! on_stores {
    ($($name:ident = $kind:ident),* ; $tests:tt) => {
        $(on_stores!(@on $name $kind $tests);)*
    };
    (@on $name:ident $kind:ident { $($module:ident :: $test:ident),* $(,)? }) => {
        mod $name {
            use super::{Kind, Place};
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    if let Some(place) = Place::on(Kind::$kind).await {
                        super::$module::$test(&place).await;
                        place.remove().await;
                    }
                }
            )*
        }
    };
}

on_stores! {
    sqlite = Sqlite, postgres = Postgres, mysql = MySql, firestore = Firestore;
    {
        promises::a_meeting_reads_back_as_it_was_made,
        promises::making_the_same_meeting_again_changes_nothing,
        promises::what_is_not_there_is_none_and_does_not_come_to_be,
        promises::a_change_touches_nothing_else,
        promises::a_schedule_changes_as_a_whole,
        promises::those_who_join_stand_in_order_and_once,
        promises::those_who_ask_at_once_are_each_told_what_they_asked,
        promises::who_asks_after_a_change_is_told_of_it_whoever_made_it,
        promises::those_who_join_many_meetings_at_once_are_in_theirs,
        promises::fifty_who_join_at_once_are_all_there_behind_the_host,
        promises::changes_and_counts_lose_nobody_who_joins_meanwhile,
        promises::a_list_has_what_one_hosts_and_joined_newest_first,
        promises::a_list_ends_at_its_bound_and_keeps_the_newest,
        promises::what_a_host_has_that_is_active_is_found,
        promises::a_deleted_meeting_stays_deleted,
        promises::a_live_count_is_the_last_one_written,
        promises::counts_of_rooms_that_are_not_live_are_set_right,
        options::options_read_back_as_they_were_set,
        options::an_option_that_changes_leaves_the_others,
        options::a_code_leads_to_one_meeting,
        options::those_who_are_removed_at_once_are_all_removed_and_may_come_back_one_by_one,
        visits::visits_read_back_in_the_order_they_began,
        visits::what_is_noted_twice_stands_once_and_the_later_end_counts,
        visits::visits_go_with_their_meeting_and_do_not_come_back,
        visits::what_waits_is_written_together_and_a_flush_leaves_nothing,
        visits::what_nobody_has_ended_is_found_and_completed_once,
        live_counts::counts_are_written_at_once_then_once_a_second_and_end_with_the_latest,
        live_counts::a_flush_writes_everything_that_waits,
    }
}

on_stores! {
    postgres_away = Postgres, mysql_away = MySql, firestore_away = Firestore;
    {
        outage::silence_fails_in_time_and_leaves_nothing_behind,
        outage::absence_fails_in_time_and_leaves_nothing_behind,
        outage::counts_are_kept_and_written_when_the_store_is_back,
    }
}

on_stores! {
    sqlite_away = Sqlite;
    {
        outage::a_file_that_another_process_writes_to_fails_in_time_and_is_read_meanwhile,
    }
}

on_stores! {
    sqlite_rows = Sqlite, postgres_rows = Postgres, mysql_rows = MySql;
    {
        options::a_row_of_an_older_release_is_open_and_has_the_code_of_its_id,
        visits::a_meeting_keeps_so_many_visits_and_no_more,
    }
}

on_stores! {
    firestore_documents = Firestore;
    {
        documents::a_document_has_the_names_and_types_that_other_systems_read,
        documents::what_an_older_document_lacks_has_its_usual_value,
        documents::the_code_of_an_older_document_is_noted_when_somebody_reads_it,
        documents::a_passcode_that_can_not_be_one_opens_nothing,
        documents::times_may_be_timestamps_and_numbers_doubles,
        documents::the_host_comes_first_and_sees_the_meeting_wherever_an_older_document_has_them,
        documents::a_document_that_is_no_meeting_hides_no_other_and_is_not_called_missing,
    }
}
