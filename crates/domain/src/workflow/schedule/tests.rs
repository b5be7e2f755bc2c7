use std::time::Duration;

use super::*;

fn next(cron: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let schedule = Schedule::parse(cron, zone).unwrap();
    let next = |moment: &Timestamp| schedule.next_after(*moment);
    let times = std::iter::successors(next(&after.parse().unwrap()), next).take(count);
    times.map(|time| time.to_string().trim_end_matches(":00.000000Z").to_owned()).collect()
}

#[test]
fn patterns_have_their_times() {
    for (cron, times) in [
        ("30 9 * * *", ["2024-01-15T09:30", "2024-01-16T09:30", "2024-01-17T09:30"]),
        ("*/20 * * * *", ["2024-01-15T08:20", "2024-01-15T08:40", "2024-01-15T09:00"]),
        ("5,50-52 8 * * *", ["2024-01-15T08:05", "2024-01-15T08:50", "2024-01-15T08:51"]),
        ("0 9-17/4 * * *", ["2024-01-15T09:00", "2024-01-15T13:00", "2024-01-15T17:00"]),
        ("0 0 1 * *", ["2024-02-01T00:00", "2024-03-01T00:00", "2024-04-01T00:00"]),
        ("0 0 31 * *", ["2024-01-31T00:00", "2024-03-31T00:00", "2024-05-31T00:00"]),
        ("0 0 * * mon-FRI", ["2024-01-16T00:00", "2024-01-17T00:00", "2024-01-18T00:00"]),
        ("0 0 * * sat-sun", ["2024-01-20T00:00", "2024-01-21T00:00", "2024-01-27T00:00"]),
        ("0 0 * * 7", ["2024-01-21T00:00", "2024-01-28T00:00", "2024-02-04T00:00"]),
        ("0 0 1 Feb,AUG *", ["2024-02-01T00:00", "2024-08-01T00:00", "2025-02-01T00:00"]),
        ("0 0 29 2 *", ["2024-02-29T00:00", "2028-02-29T00:00", "2032-02-29T00:00"]),
        ("@hourly", ["2024-01-15T09:00", "2024-01-15T10:00", "2024-01-15T11:00"]),
        ("@daily", ["2024-01-16T00:00", "2024-01-17T00:00", "2024-01-18T00:00"]),
        ("@Weekly", ["2024-01-21T00:00", "2024-01-28T00:00", "2024-02-04T00:00"]),
        ("@monthly", ["2024-02-01T00:00", "2024-03-01T00:00", "2024-04-01T00:00"]),
        ("@yearly", ["2025-01-01T00:00", "2026-01-01T00:00", "2027-01-01T00:00"]),
    ] {
        assert_eq!(next(cron, "UTC", "2024-01-15T08:00:00Z", 3), times, "{cron}");
    }
}

#[test]
fn either_day_suffices_if_both_are_restricted() {
    let mondays_and_firsts = ["2024-01-22T00:00", "2024-01-29T00:00", "2024-02-01T00:00"];
    assert_eq!(next("0 0 1 * 1", "UTC", "2024-01-15T08:00:00Z", 3), mondays_and_firsts);
    let mondays_with_odd_dates = ["2024-01-29T00:00", "2024-02-05T00:00", "2024-02-19T00:00"];
    assert_eq!(next("0 0 */2 * 1", "UTC", "2024-01-15T08:00:00Z", 3), mondays_with_odd_dates);
}

#[test]
fn a_leap_day_may_take_decades() {
    assert_eq!(next("0 0 29 2 *", "UTC", "2096-02-29T00:00:00Z", 1), ["2104-02-29T00:00"]);
    // A field that begins with `*` restricts nothing, so both days count: a Sunday that is a leap day.
    assert_eq!(next("0 0 29 2 */7", "UTC", "2088-02-29T00:00:00Z", 1), ["2128-02-29T00:00"]);
}

/// Checks the times of the day in 2024 that follow a moment.
fn assert_daily(zone: &str, table: &[(&str, &str, &str)]) {
    for (cron, after, times) in table {
        let found = next(cron, zone, &format!("2024-{after}:00Z"), 3).join(" ").replace("2024-", "");
        assert_eq!(found, *times, "{cron} in {zone} after {after}");
    }
}

#[test]
fn times_of_the_day_happen_once_in_berlin() {
    // Clocks in Berlin skip from 2:00 to 3:00 on 31 March, and repeat 2:00 to 3:00 on 27 October 2024.
    assert_daily(
        "Europe/Berlin",
        &[
            ("30 2 * * *", "03-30T00:00", "03-30T01:30 03-31T01:00 04-01T00:30"),
            ("0,30 2 * * *", "03-30T01:00", "03-30T01:30 03-31T01:00 04-01T00:00"),
            ("30 2,14 * * *", "03-30T13:30", "03-31T01:00 03-31T12:30 04-01T00:30"),
            ("15 2-3 * * *", "03-30T03:00", "03-31T01:00 03-31T01:15 04-01T00:15"),
            ("30 2 * * *", "10-26T00:00", "10-26T00:30 10-27T00:30 10-28T01:30"),
            ("30 2 * * *", "10-27T00:30", "10-28T01:30 10-29T01:30 10-30T01:30"),
            ("30 2 * * *", "10-27T01:10", "10-28T01:30 10-29T01:30 10-30T01:30"),
            ("30 2,3 * * *", "10-27T00:00", "10-27T00:30 10-27T02:30 10-28T01:30"),
        ],
    );
}

#[test]
fn times_of_the_day_happen_once_in_new_york() {
    // Clocks in New York skip from 2:00 to 3:00 on 10 March, and repeat 1:00 to 2:00 on 3 November 2024.
    assert_daily(
        "America/New_York",
        &[
            ("30 2 * * *", "03-09T00:00", "03-09T07:30 03-10T07:00 03-11T06:30"),
            ("0 3 * * *", "03-09T00:00", "03-09T08:00 03-10T07:00 03-11T07:00"),
            ("30 1 * * *", "11-02T00:00", "11-02T05:30 11-03T05:30 11-04T06:30"),
        ],
    );
}

#[test]
fn times_of_the_day_happen_once_on_lord_howe() {
    // Clocks on Lord Howe Island skip from 2:00 to 2:30 on 6 October, and repeat 1:30 to 2:00 on 7 April 2024.
    assert_daily(
        "Australia/Lord_Howe",
        &[
            ("15 2 * * *", "10-04T00:00", "10-04T15:45 10-05T15:30 10-06T15:15"),
            ("30 2 * * *", "10-04T00:00", "10-04T16:00 10-05T15:30 10-06T15:30"),
            ("45 1 * * *", "04-05T00:00", "04-05T14:45 04-06T14:45 04-07T15:15"),
        ],
    );
}

#[test]
fn periods_are_those_that_pass() {
    for (zone, after) in [
        ("Europe/Berlin", "2024-03-30T23:45:00Z"),
        ("Europe/Berlin", "2024-10-26T23:45:00Z"),
        ("America/New_York", "2024-03-10T05:45:00Z"),
        ("America/New_York", "2024-11-03T04:45:00Z"),
        ("Australia/Lord_Howe", "2024-10-05T14:45:00Z"),
        ("Australia/Lord_Howe", "2024-04-06T13:45:00Z"),
    ] {
        let after: Timestamp = after.parse().unwrap();
        let schedule = Schedule::parse("*/15 * * * *", zone).unwrap();
        let mut moment = after;
        for quarter in 1..=20 {
            moment = schedule.next_after(moment).unwrap();
            assert_eq!(moment, after.plus(Duration::from_secs(900 * quarter)), "{zone}");
        }
    }
    let berlin = ["2024-10-26T23:00", "2024-10-27T00:00", "2024-10-27T01:00", "2024-10-27T02:00"];
    assert_eq!(next("0 * * * *", "Europe/Berlin", "2024-10-26T22:30:00Z", 4), berlin);
    let second_hour = ["2024-10-27T00:00", "2024-10-27T00:30", "2024-10-27T01:00", "2024-10-27T01:30"];
    assert_eq!(next("*/30 2 * * *", "Europe/Berlin", "2024-10-26T12:00:00Z", 4), second_hour);
    let skipped = ["2024-03-30T01:00", "2024-03-30T01:30", "2024-04-01T00:00", "2024-04-01T00:30"];
    assert_eq!(next("*/30 2 * * *", "Europe/Berlin", "2024-03-30T00:30:00Z", 4), skipped);
}

#[test]
fn a_day_that_a_place_skips_counts_as_soon_as_it_is_over() {
    // Samoa skipped 30 December 2011.
    let times = ["2011-12-29T22:00", "2011-12-30T10:00", "2011-12-30T22:00"];
    assert_eq!(next("0 12 * * *", "Pacific/Apia", "2011-12-28T23:00:00Z", 3), times);
}

#[test]
fn every_way_to_be_wrong_is_named() {
    for (cron, message) in [
        ("", "not 0"),
        ("* * * *", "not 4"),
        ("0 0 0 * * *", "not 6; seconds are not possible"),
        ("60 * * * *", "must have a minute of 0 to 59, not 60"),
        ("-1 * * * *", "must have a minute of 0 to 59, not "),
        ("+1 * * * *", "must have a minute of 0 to 59, not +1"),
        ("* 24 * * *", "must have an hour of 0 to 23, not 24"),
        ("* * 0 * *", "must have a day of month of 1 to 31, not 0"),
        ("* * L * *", "must have a day of month of 1 to 31, not L"),
        ("* * * 13 *", "must have a month of 1 to 12, not 13"),
        ("* * * MON *", "must have a month of 1 to 12, not MON"),
        ("* * * * 8", "must have a day of week of 0 to 7, not 8"),
        ("* * * * MON#1", "must have a day of week of 0 to 7, not MON#1"),
        ("*/0 * * * *", "must have a step of 1 to 59 for a minute, not 0"),
        ("*/90 * * * *", "must have a step of 1 to 59 for a minute, not 90"),
        ("5/10 * * * *", "must have a range before the step of 5/10"),
        ("30-10 * * * *", "must not have a range whose end comes first, as in 30-10"),
        ("1,,2 * * * *", "must have a minute of 0 to 59, not "),
        ("0 0 31 2 *", "must have a day that its months have"),
        ("0 0 31 4,6,9,11 *", "must have a day that its months have"),
        ("0 0 30-31 2 */2", "must have a day that its months have"),
        ("@reboot", "must be one of @hourly"),
    ] {
        let violations = Schedule::parse(cron, "UTC").unwrap_err();
        assert_eq!(violations.fields()[0].field, "cron");
        assert!(violations.to_string().contains(message), "{cron}: {violations}");
    }
    assert!(Schedule::parse(&"1,".repeat(200), "UTC").is_err());
    assert!(Schedule::parse("0 0 31 2 5", "UTC").is_ok(), "Fridays in February suffice");
    let both = Schedule::parse("nonsense", "Mars/Olympus").unwrap_err();
    assert_eq!(both.fields().iter().map(|field| &*field.field).collect::<Vec<_>>(), ["cron", "timezone"]);
}

#[test]
fn times_between_two_moments_are_counted() {
    let schedule = Schedule::parse("0 * * * *", "Europe/berlin").unwrap();
    for (after, until, count) in [
        ("2024-01-15T08:00:00Z", "2024-01-15T08:00:00Z", 0),
        ("2024-01-15T08:00:00Z", "2024-01-15T09:00:00Z", 1),
        ("2024-01-15T08:00:00Z", "2024-01-15T08:59:59.999999Z", 0),
        ("2024-01-15T07:59:59.999999Z", "2024-01-15T08:00:00Z", 1),
        ("2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z", 25),
        ("2024-01-15T08:00:00Z", "2025-01-15T08:00:00Z", 1_000),
        ("2024-01-15T08:00:00Z", "2023-01-15T08:00:00Z", 0),
    ] {
        assert_eq!(schedule.count_between(after.parse().unwrap(), until.parse().unwrap()), count, "{after}");
    }
}

#[test]
fn there_is_nothing_after_the_year_9999() {
    let schedule = Schedule::parse("0 0 1 1 *", "UTC").unwrap();
    assert_eq!(schedule.next_after("9999-06-01T00:00:00Z".parse().unwrap()), None);
    let end = "9999-12-31T23:59:59Z".parse::<Timestamp>().unwrap().plus(Duration::MAX);
    assert_eq!(schedule.next_after(end), None);
}
