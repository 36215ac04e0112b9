//! The bill: each item per million logins and per month, and the prices of other services.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::prices::by_tiers;
use super::{
    CODE_EXCHANGE, CostOptions, FIRST_LOGIN, KMS_CALLS_PER_START, OF_POOL, Operations, Prices, REFRESH, SINGLE_SIGN_ON,
    Signing,
};

/// The billed alarm metrics of a stack, independent of logins. An alarm over three metrics counts as three.
const ALARM_METRICS: f64 = 54.0;
const CUSTOM_METRICS: f64 = 5.0;
const DASHBOARDS: f64 = 1.0;

/// Logins per user per month, for the comparison if the number of users is not given.
const LOGINS_PER_USER: [f64; 5] = [1.0, 4.0, 10.0, 20.0, 100.0];

/// An item on the bill.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The billed item.
    pub item: &'static str,
    /// The quantity per login; for fixed items, the quantity.
    pub quantity: f64,
    /// Dollars per unit.
    pub price: f64,
}

impl Line {
    /// Dollars for `times` the quantity.
    #[must_use]
    pub fn dollars(&self, times: f64) -> f64 {
        self.quantity * self.price * times
    }
}

/// The monthly cost of the same users at other services.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere {
    /// Monthly active users.
    pub users: f64,
    /// Cognito Lite, Essentials, Plus, and Auth0.
    pub dollars: [f64; 4],
}

/// The whole bill.
#[derive(Clone, Debug)]
pub struct Bill {
    /// Logins per month.
    pub logins: f64,
    /// Items that scale with the number of logins.
    pub usage: Vec<Line>,
    /// Fixed items, per month.
    pub fixed: Vec<Line>,
    /// Other services.
    pub elsewhere: Vec<Elsewhere>,
}

/// The operations of an average login, including its refreshes.
struct Average {
    requests: f64,
    reads: f64,
    writes: f64,
    signatures: f64,
    answer_bytes: f64,
}

impl Average {
    fn of(options: &CostOptions) -> Self {
        let (first, stale) = (share(options.first), share(options.stale));
        let steps =
            [(FIRST_LOGIN, first), (SINGLE_SIGN_ON, 1.0 - first), (CODE_EXCHANGE, 1.0), (REFRESH, options.refreshes)];
        let pooled = |own: u32| if options.pool { f64::from(own) } else { 0.0 };
        let later = 1.0 - first + 1.0 + options.refreshes;
        let pool_reads = pooled(OF_POOL.first_login_reads) * first + pooled(OF_POOL.step_reads) * later;
        let pool_writes = pooled(OF_POOL.first_login_writes) * first;
        let sum = |of: &dyn Fn(Operations) -> f64| steps.iter().map(|(step, times)| of(*step) * times).sum::<f64>();
        Self {
            requests: sum(&|step| step.requests.into()),
            reads: sum(&|step| f64::from(step.reads) + f64::from(step.stale_reads) * stale) + pool_reads,
            writes: sum(&|step| step.writes.into()) + pool_writes,
            signatures: sum(&|step| step.signatures.into()),
            answer_bytes: sum(&|step| step.answer_bytes.into()),
        }
    }
}

impl Bill {
    /// The bill for `options` at `prices`.
    #[must_use]
    pub fn new(options: &CostOptions, prices: &Prices) -> Self {
        let logins = f64::from(options.logins);
        let per_user = |users: f64| Elsewhere { users, dollars: elsewhere(users, prices) };
        let elsewhere = match options.users {
            Some(users) => vec![per_user(users.into())],
            None => LOGINS_PER_USER.iter().map(|each| per_user(logins / each)).collect(),
        };
        Self { logins, usage: usage(options, prices), fixed: fixed(options, prices), elsewhere }
    }

    /// Dollars per million logins, without fixed items.
    #[must_use]
    pub fn per_million(&self) -> f64 {
        self.usage.iter().map(|line| line.dollars(1e6)).sum()
    }

    /// Dollars per month.
    #[must_use]
    pub fn per_month(&self) -> f64 {
        let fixed: f64 = self.fixed.iter().map(|line| line.dollars(1.0)).sum();
        self.per_million() * self.logins / 1e6 + fixed
    }

    /// As JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let usage = self.usage.iter().map(|line| {
            let (million, month) = (cents(line.dollars(1e6)), cents(line.dollars(self.logins)));
            json!({ "item": line.item, "per_login": line.quantity, "per_million": million, "per_month": month })
        });
        let fixed = self
            .fixed
            .iter()
            .map(|line| json!({ "item": line.item, "number": line.quantity, "per_month": cents(line.dollars(1.0)) }));
        let elsewhere = self.elsewhere.iter().map(|Elsewhere { users, dollars: [lite, essentials, plus, auth0] }| {
            json!({
                "users": users.round(), "cognito_lite": cents(*lite), "cognito_essentials": cents(*essentials),
                "cognito_plus": cents(*plus), "auth0": cents(*auth0),
            })
        });
        json!({
            "logins": self.logins,
            "usage": usage.collect::<Vec<_>>(),
            "fixed": fixed.collect::<Vec<_>>(),
            "per_million": cents(self.per_million()),
            "per_month": cents(self.per_month()),
            "elsewhere": elsewhere.collect::<Vec<_>>(),
        })
    }

    /// As a table for terminals.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{:<34}{:>12}{:>16}{:>14}", "US dollars", "per login", "a million", "a month");
        for line in &self.usage {
            let (million, month) = (line.dollars(1e6), line.dollars(self.logins));
            row(&mut text, format_args!("{:<34}{:>12.4}{million:>16.2}{month:>14.2}", line.item, line.quantity));
        }
        for line in &self.fixed {
            let fixed = format!("Fixed: {} {}", line.quantity, line.item);
            row(&mut text, format_args!("{fixed:<34}{:>12}{:>16}{:>14.2}", "", "", line.dollars(1.0)));
        }
        let (million, month) = (self.per_million(), self.per_month());
        row(&mut text, format_args!("{:<34}{:>12}{million:>16.2}{month:>14.2}", "Sum", ""));
        let names = format_args!(
            "\n{:<18}{:>14}{:>14}{:>14}{:>14}",
            "Users a month", "Cognito Lite", "Essentials", "Plus", "Auth0"
        );
        row(&mut text, names);
        for Elsewhere { users, dollars: [lite, essentials, plus, auth0] } in &self.elsewhere {
            row(&mut text, format_args!("{users:<18.0}{lite:>14.2}{essentials:>14.2}{plus:>14.2}{auth0:>14.2}"));
        }
        text
    }
}

fn row(text: &mut String, row: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = write!(text, "\n{row}");
}

fn share(percent: u8) -> f64 {
    f64::from(percent) / 100.0
}

fn cents(dollars: f64) -> f64 {
    (dollars * 100.0).round() / 100.0
}

/// The milliseconds that Lambda bills for a request. This is an assumption: most of the time is spent waiting, which more
/// memory does not shorten.
const fn estimated_milliseconds(memory: u32) -> f64 {
    match memory {
        0..192 => 20.0,
        192..384 => 15.0,
        _ => 12.0,
    }
}

fn usage(options: &CostOptions, prices: &Prices) -> Vec<Line> {
    let average = Average::of(options);
    let milliseconds = options.milliseconds.unwrap_or(estimated_milliseconds(options.memory));
    let gb_seconds = average.requests * milliseconds / 1e3 * f64::from(options.memory) / 1024.0;
    let (signatures, signature) = match options.signing {
        Signing::KmsRs256 => (average.signatures, prices.kms_million_rsa_2048),
        Signing::KmsEs256 => (average.signatures, prices.kms_million_other_asymmetric),
        Signing::Wrapped => (0.0, 0.0),
    };
    let kms_calls = average.requests * share(options.starts) * f64::from(KMS_CALLS_PER_START);
    let line = |item, quantity, price| Line { item, quantity, price };
    vec![
        line("API Gateway", average.requests, prices.gateway_million_requests / 1e6),
        line("Lambda requests", average.requests, prices.lambda_million_requests / 1e6),
        line("Lambda time (GB-seconds)", gb_seconds, prices.lambda_gb_second),
        line("DynamoDB writes", average.writes, prices.dynamodb_million_writes / 1e6),
        line("DynamoDB reads", average.reads, prices.dynamodb_million_reads / 1e6),
        line("KMS Sign", signatures, signature / 1e6),
        line("KMS at starts", kms_calls, prices.kms_million_symmetric / 1e6),
        line("Logs (KB)", average.requests * options.log_kb, prices.logs_gb / 1e6),
        line("Egress (KB)", average.answer_bytes / 1e3, prices.egress_gb / 1e6),
    ]
}

fn fixed(options: &CostOptions, prices: &Prices) -> Vec<Line> {
    let regions = f64::from(options.regions);
    let line = |item, number: f64, price| Line { item, quantity: number * regions, price };
    vec![
        line("KMS keys", options.keys.into(), prices.kms_key),
        line("metrics under alarm", ALARM_METRICS, prices.alarm_metric),
        line("metrics of our own", CUSTOM_METRICS, prices.custom_metric),
        line("dashboards", DASHBOARDS, prices.dashboard),
    ]
}

fn elsewhere(users: f64, prices: &Prices) -> [f64; 4] {
    let auth0 = if users <= prices.auth0_free_users { 0.0 } else { users * prices.auth0_each };
    let [lite, essentials, plus] =
        [&prices.cognito_lite, &prices.cognito_essentials, &prices.cognito_plus].map(|tiers| by_tiers(tiers, users));
    [lite, essentials, plus, auth0]
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: CostOptions,
    }

    fn bill(arguments: &[&str]) -> Bill {
        let command = Command::parse_from(["cost"].iter().chain(arguments));
        Bill::new(&command.options, &Prices::read(None, &command.options.price).unwrap())
    }

    fn dollars(bill: &Bill, item: &str) -> f64 {
        bill.usage.iter().find(|line| line.item == item).unwrap().dollars(1e6)
    }

    fn about(found: f64, expected: f64, case: &str) {
        assert!((found - expected).abs() < 0.005, "{case}: {found} instead of {expected}");
    }

    #[test]
    fn a_million_first_logins_cost_what_the_document_says() {
        let bill = bill(&[]);
        let table = [
            // (5 + 1) requests at $1 and $0.20, 15 ms of a quarter of a gigabyte each.
            ("API Gateway", 6.0),
            ("Lambda requests", 1.2),
            ("Lambda time (GB-seconds)", 0.3),
            // 4 + 1 writes at $0.625, 8 + 2 reads and a tenth of 10 + 3 at $0.125.
            ("DynamoDB writes", 3.125),
            ("DynamoDB reads", 1.4125),
            // Two signatures at $3, and a hundredth of 6 requests that start a function.
            ("KMS Sign", 6.0),
            ("KMS at starts", 0.18),
            ("Logs (KB)", 4.5),
            ("Egress (KB)", 2.70),
        ];
        for (item, expected) in table {
            about(dollars(&bill, item), expected, item);
        }
        about(bill.per_million(), 25.4175, "a million");
        // Three keys, 54 metrics under alarm, five custom metrics, a dashboard.
        about(bill.per_month(), 25.4175 + 3.0 + 5.4 + 1.5 + 3.0, "a month");
    }

    #[test]
    fn each_option_changes_its_item() {
        let table: [(&[&str], &str, f64); 12] = [
            (&["--signing", "kms-es256"], "KMS Sign", 30.0),
            (&["--signing", "wrapped"], "KMS Sign", 0.0),
            (&["--first", "0"], "API Gateway", 2.0),
            (&["--first", "0"], "DynamoDB writes", 1.25),
            (&["--refreshes", "2"], "KMS Sign", 18.0),
            (&["--memory", "128", "--milliseconds", "100"], "Lambda time (GB-seconds)", 1.0),
            (&["--stale", "100"], "DynamoDB reads", 2.875),
            (&["--starts", "100"], "KMS at starts", 18.0),
            (&["--pool"], "DynamoDB writes", 5.625),
            (&["--pool"], "DynamoDB reads", 1.9125),
            (&["--pool", "--first", "0"], "DynamoDB writes", 1.25),
            (&["--price", "kms_million_rsa_2048=1.5"], "KMS Sign", 3.0),
        ];
        for (arguments, item, expected) in table {
            about(dollars(&bill(arguments), item), expected, &format!("{arguments:?}: {item}"));
        }
        let fixed = |arguments: &[&str]| bill(arguments).per_month();
        about(fixed(&["--logins", "0", "--regions", "2"]), 25.8, "two regions");
        about(fixed(&["--logins", "0", "--keys", "5"]), 14.9, "five keys");
    }

    #[test]
    fn other_services_are_compared_for_the_given_users_or_for_several_ratios() {
        let [one] = bill(&["--users", "50000"]).elsewhere[..] else { panic!("one") };
        for (found, expected) in one.dollars.into_iter().zip([220.0, 600.0, 1_000.0, 3_500.0]) {
            about(found, expected, "50,000 users");
        }
        let several = bill(&[]);
        let users: Vec<f64> = several.elsewhere.iter().map(|line| line.users).collect();
        assert_eq!(users, [1e6, 250e3, 100e3, 50e3, 10e3]);
        about(several.elsewhere[4].dollars[3], 0.0, "Auth0 is free for few users");
    }

    #[test]
    fn fixed_items_are_those_of_the_stack() {
        let template = include_str!("../../../sam/template.yaml");
        let count = |text: &str| f64::from(u32::try_from(template.matches(text).count()).unwrap());
        about(
            count("MetricName: "),
            ALARM_METRICS + CUSTOM_METRICS,
            "metrics of alarms, and of the filters that make ours",
        );
        about(count("AWS::Logs::MetricFilter"), CUSTOM_METRICS, "metrics of our own");
        about(count("AWS::CloudWatch::Dashboard"), DASHBOARDS, "dashboards");
        // Six metrics per route: they would cost more than everything else together, and nothing reads them.
        assert!(!template.contains("DetailedMetricsEnabled"), "metrics of routes");
        about(count("AWS::KMS::Key\n"), bill(&[]).fixed[0].quantity, "keys");
    }

    #[test]
    fn the_document_matches_the_command() {
        let document = include_str!("../../../../docs/cost.md");
        let named = [("RS256 in KMS", "kms-rs256"), ("ES256 in KMS", "kms-es256"), ("wrapped key", "wrapped")];
        for (name, signing) in named {
            let [all, some, none] =
                ["100", "25", "0"].map(|first| bill(&["--signing", signing, "--first", first]).per_million());
            let row = format!("| {name} | ${all:.2} | ${some:.2} | ${none:.2} |");
            assert!(document.contains(&row), "docs/cost.md lacks: {row}");
        }
        let bill = bill(&[]);
        for (line, text) in bill.usage.iter().map(|line| (line, format!("| {:.2} |", line.dollars(1e6)))) {
            let name = line.item.split(" (").next().unwrap();
            let mut rows = document.lines().filter(|row| row.starts_with(&format!("| {name} | ")));
            assert!(rows.any(|row| row.ends_with(&text)), "docs/cost.md lacks {name} with {text}");
        }
        let fixed = bill.per_month() - bill.per_million();
        assert!(document.contains(&format!("adds ${fixed:.2} in each region")), "docs/cost.md lacks {fixed:.2}");
        let steps = [FIRST_LOGIN, SINGLE_SIGN_ON, CODE_EXCHANGE];
        for Operations { requests, reads, writes, signatures, .. } in steps {
            let row = format!("| {requests} | {reads} | {writes} | {signatures} |");
            assert!(document.contains(&row), "docs/cost.md lacks: {row}");
        }
    }

    #[test]
    fn the_readme_compares_for_a_hundred_thousand_users() {
        let readme = include_str!("../../../../README.md");
        let ours = bill(&[]);
        let two_regions = 2.0 * (ours.per_month() - ours.per_million());
        let others = bill(&["--users", "100000"]).elsewhere;
        let [lite, _, plus, auth0] = others[0].dollars[..] else { panic!("four services") };
        for row in [
            format!("| Postern | {:.0}, and {two_regions:.0} for keys and alarms in two regions |", ours.per_million()),
            format!("| Cognito | {lite:.0} (Lite) to {} (Plus) |", thousands(plus)),
            format!("| Auth0 | {} |", thousands(auth0)),
        ] {
            assert!(readme.contains(&row), "README.md lacks: {row}");
        }
    }

    fn thousands(dollars: f64) -> String {
        format!("{:.0},{:03.0}", (dollars / 1e3).floor(), dollars % 1e3)
    }

    #[test]
    fn table_and_json_agree() {
        let bill = bill(&["--logins", "200000", "--first", "25"]);
        let (text, json) = (bill.text(), bill.json());
        assert!(text.contains(&format!("{:.2}", bill.per_month())), "{text}");
        about(json["per_month"].as_f64().unwrap(), bill.per_month(), "JSON");
        for line in bill.usage.iter().chain(&bill.fixed) {
            assert!(text.contains(line.item) && json.to_string().contains(line.item), "{}: {text} {json}", line.item);
        }
    }
}
