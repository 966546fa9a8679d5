//! The results: a table with one ratio per row.

use std::{fmt::Write as _, fs, path::Path};

use serde_json::{Value as Json, json};

use crate::machine;

/// The required ratio of a row, and the ratio aimed for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// Minimum ratio, and the target.
    AtLeast(f64, f64),
    /// Maximum ratio, and the target.
    AtMost(f64, f64),
    /// No goal: the row is there for orientation.
    Informational,
}

/// The measurements of one benchmark.
#[derive(Debug)]
pub(crate) struct Row {
    name: String,
    what: String,
    against: String,
    unit: &'static str,
    goal: Goal,
    ours: Vec<f64>,
    theirs: Vec<f64>,
    ratios: Vec<f64>,
    notes: Vec<String>,
}

/// All rows of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

impl Row {
    pub(crate) fn new(name: &str, what: &str, unit: &'static str, against: &str, goal: Goal) -> Self {
        Self {
            name: name.to_owned(),
            what: what.to_owned(),
            against: against.to_owned(),
            unit,
            goal,
            ours: Vec::new(),
            theirs: Vec::new(),
            ratios: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds one repetition, whose ratio is `ours / theirs`.
    pub(crate) fn pair(&mut self, ours: f64, theirs: f64) {
        self.ratio(ours, theirs, ours / theirs);
    }

    /// Adds one repetition with a ratio of its own, such as a median of ratios.
    pub(crate) fn ratio(&mut self, ours: f64, theirs: f64, ratio: f64) {
        println!(
            "  {}: {} against {} {}: {ratio:.2}",
            self.name,
            format_short(ours),
            format_short(theirs),
            self.unit
        );
        self.ours.push(ours);
        self.theirs.push(theirs);
        self.ratios.push(ratio);
    }

    /// Adds one repetition of several short rounds, each a pair of theirs and ours: the medians of both and of their
    /// ratios. A stall of the machine spoils one round instead of the whole repetition.
    pub(crate) fn rounds(&mut self, rounds: &[(f64, f64)]) {
        let median_of = |value: fn(&(f64, f64)) -> f64| median(&rounds.iter().map(value).collect::<Vec<_>>());
        self.ratio(
            median_of(|round| round.1),
            median_of(|round| round.0),
            median_of(|round| round.1 / round.0),
        );
    }

    /// Adds a note that is printed below the table.
    pub(crate) fn note(&mut self, note: String) {
        println!("  {}: {note}", self.name);
        self.notes.push(note);
    }

    fn is_goal_met(&self) -> bool {
        match self.goal {
            Goal::AtLeast(required, _) => median(&self.ratios) >= required,
            Goal::AtMost(required, _) => median(&self.ratios) <= required,
            Goal::Informational => true,
        }
    }

    fn goal(&self) -> String {
        match self.goal {
            Goal::AtLeast(required, target) => format!("≥ {required} ({target})"),
            Goal::AtMost(required, target) => format!("≤ {required} ({target})"),
            Goal::Informational => "–".into(),
        }
    }

    fn cells(&self) -> [String; 6] {
        let (min, max) = min_and_max(&self.ratios);
        [
            self.what.clone(),
            self.against.clone(),
            format!("{} {}", format_short(median(&self.ours)), self.unit),
            format!("{} {}", format_short(median(&self.theirs)), self.unit),
            format!("{:.2} ({min:.2}–{max:.2})", median(&self.ratios)),
            format!("{}{}", self.goal(), if self.is_goal_met() { "" } else { " **missed**" }),
        ]
    }

    fn json(&self) -> Json {
        json!({
            "name": self.name, "what": self.what, "against": self.against, "unit": self.unit,
            "ours": self.ours, "theirs": self.theirs, "ratios": self.ratios, "ratio": median(&self.ratios),
            "goal": self.goal(), "reached": self.is_goal_met(), "notes": self.notes,
        })
    }
}

impl Report {
    pub(crate) fn add(&mut self, row: Row) {
        if !row.ratios.is_empty() {
            self.rows.push(row);
        }
    }

    pub(crate) fn all_goals_met(&self) -> bool {
        self.rows.iter().all(Row::is_goal_met)
    }

    /// Returns the table as Markdown, followed by the notes.
    pub(crate) fn table(&self) -> String {
        let head =
            ["benchmark", "baseline", "Data-Dump", "baseline result", "ratio (min–max)", "required (target)"];
        let mut lines = vec![format!("| {} |", head.join(" | ")), format!("|{}", "---|".repeat(head.len()))];
        lines.extend(self.rows.iter().map(|row| format!("| {} |", row.cells().join(" | "))));
        let mut text = lines.join("\n");
        text.push('\n');
        for row in self.rows.iter().filter(|row| !row.notes.is_empty()) {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n- {}: {}", row.what, row.notes.join("; "));
        }
        text.push('\n');
        text
    }

    /// Replaces the table between the markers of `performance.md`, and writes all measurements to
    /// `performance.json`.
    pub(crate) fn write(&self, folder: &Path) {
        let file = folder.join("performance.md");
        let page = fs::read_to_string(&file).expect("performance.md is readable");
        let (begin, end) = ("<!-- table -->\n", "<!-- /table -->");
        let (before, rest) = page.split_once(begin).expect("performance.md has a marker before the table");
        let (_, after) = rest.split_once(end).expect("performance.md has a marker after the table");
        let machine = machine::description();
        let page = format!("{before}{begin}{machine}.\n\n{}\n{end}{after}", self.table());
        fs::write(&file, page).expect("performance.md is writable");
        let rows: Vec<Json> = self.rows.iter().map(Row::json).collect();
        let all = json!({"machine": machine, "rows": rows});
        let text = serde_json::to_string_pretty(&all).expect("the report is valid JSON");
        fs::write(folder.join("performance.json"), text + "\n").expect("performance.json is writable");
    }
}

/// Returns the median: the middle value, or the mean of the two middle ones.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let value = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    f64::midpoint(value(sorted.len().saturating_sub(1) / 2), value(sorted.len() / 2))
}

fn min_and_max(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, 0.0), |(min, max), value| (value.min(min), value.max(max)))
}

fn format_short(value: f64) -> String {
    match value {
        10_000.0.. => format!("{:.1} k", value / 1000.0),
        100.0..10_000.0 => format!("{value:.0}"),
        1.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
