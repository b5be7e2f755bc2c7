//! Tables of the results.

use super::{Compared, Comparison, Cost, FillingResults, Report, megabytes};

impl Report {
    /// Prints tables.
    pub(crate) fn print(&self) {
        println!("{}\n", self.machine);
        self.print_comparisons();
        self.print_bounds();
        self.print_costs();
        self.print_fillings();
        for failure in &self.failures {
            println!("failed: {failure}");
        }
    }

    fn print_comparisons(&self) {
        if self.comparisons.is_empty() {
            return;
        }
        println!(
            "database    case                conn.   a second (least to most)        p50 ms     p99 ms  µs server  \
             µs database  peak MB  yardstick   a second  µs server   ratio (least to most)   goal"
        );
        for comparison in &self.comparisons {
            print_comparison(comparison);
        }
        if self.comparisons.iter().any(|comparison| !matches!(comparison.case, Compared::Request(_))) {
            println!("`whole-list` and `bulk` count users, and the processor time of one.");
        }
        println!();
    }

    fn print_bounds(&self) {
        if self.bounds.is_empty() {
            return;
        }
        println!("{:10}  {:70}  {:>16}  at most", "database", "bound", "value");
        for bound in &self.bounds {
            println!(
                "{:10}  {:70}  {:10.2} {:5}  {:7.2}{}",
                bound.database,
                bound.what,
                bound.value,
                bound.unit,
                bound.at_most,
                missed(bound.is_exceeded())
            );
        }
        println!();
    }

    fn print_costs(&self) {
        if self.costs.is_empty() {
            return;
        }
        println!("Without memory of what was asked for lately:");
        println!("database    case                   users   a second  µs server  µs database");
        for cost in &self.costs {
            let Cost { database, case, users, per_second, server_microseconds, database_microseconds } = cost;
            println!(
                "{database:10}  {case:18}  {users:8}  {per_second:9.0}  {server_microseconds:9.0}  \
                 {database_microseconds:11.0}"
            );
        }
        println!();
    }

    fn print_fillings(&self) {
        for filling in &self.fillings {
            let FillingResults {
                database,
                users,
                users_per_second,
                server_microseconds,
                database_microseconds,
                ..
            } = filling;
            println!(
                "{database}: {users} users in bulks of 1,000, {users_per_second:.0} a second, {server_microseconds:.0} µs of \
                 processor time each in the server, {database_microseconds:.0} in the database"
            );
        }
    }
}

fn print_comparison(comparison: &Comparison) {
    let Comparison { database, case, connections, server, yardstick, yardstick_results, ratio, goal } =
        comparison;
    let (rate, ours, theirs) =
        (server.per_second, server.server_microseconds, yardstick_results.server_microseconds);
    let goal_text = goal.map(|goal| format!("{goal:.2}")).unwrap_or_default();
    println!(
        "{database:10}  {:18}  {connections:5}  {:9.0} ({:7.0} to {:7.0})  {:9.2}  {:9.2}  {:9.0}  {:11.0}  {:7.0}  \
         {:9}  {:9.0}  {:9.0}  {:6.2} ({:.2} to {:.2})       {goal_text}{}",
        case.name(),
        rate.median,
        rate.least,
        rate.most,
        server.p50_microseconds.median / 1e3,
        server.p99_microseconds.median / 1e3,
        ours.median,
        server.database_microseconds.median,
        megabytes(server.peak_memory),
        format!("{yardstick:?}").to_lowercase(),
        yardstick_results.per_second.median,
        theirs.median,
        ratio.median,
        ratio.least,
        ratio.most,
        missed(goal.is_some_and(|goal| ratio.median < goal)),
    );
}

fn missed(is_missed: bool) -> &'static str {
    if is_missed { "  missed" } else { "" }
}
