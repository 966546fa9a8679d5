//! What was measured: rows of a table, each a ratio.

use std::{fmt::Write as _, fs, path::Path};

use serde_json::{Value as Json, json};

use crate::machine;

/// What a ratio has to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// So much at least; and what is aimed at.
    AtLeast(f64, f64),
    /// So much at most; and what is aimed at.
    AtMost(f64, f64),
    /// It is told for orientation.
    Told,
}

/// One benchmark.
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

/// All of them.
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

    /// One repetition: both measured beside each other.
    pub(crate) fn pair(&mut self, ours: f64, theirs: f64) {
        self.ratio(ours, theirs, ours / theirs);
    }

    /// One repetition whose ratio is not simply that of the two.
    pub(crate) fn ratio(&mut self, ours: f64, theirs: f64, ratio: f64) {
        println!("  {}: {} against {} {}: {ratio:.2}", self.name, short(ours), short(theirs), self.unit);
        self.ours.push(ours);
        self.theirs.push(theirs);
        self.ratios.push(ratio);
    }

    /// One repetition of several short turns, theirs and ours: the middle of each, and of their ratios. A moment in
    /// which the machine stands still is one turn, not the slowest of all that was measured.
    pub(crate) fn turns(&mut self, turns: &[(f64, f64)]) {
        let middle = |of: fn(&(f64, f64)) -> f64| median(&turns.iter().map(of).collect::<Vec<_>>());
        self.ratio(middle(|turn| turn.1), middle(|turn| turn.0), middle(|turn| turn.1 / turn.0));
    }

    /// Something to be told beside it.
    pub(crate) fn note(&mut self, note: String) {
        println!("  {}: {note}", self.name);
        self.notes.push(note);
    }

    fn reached(&self) -> bool {
        match self.goal {
            Goal::AtLeast(reach, _) => median(&self.ratios) >= reach,
            Goal::AtMost(reach, _) => median(&self.ratios) <= reach,
            Goal::Told => true,
        }
    }

    fn goal(&self) -> String {
        match self.goal {
            Goal::AtLeast(reach, aim) => format!("≥ {reach} ({aim})"),
            Goal::AtMost(reach, aim) => format!("≤ {reach} ({aim})"),
            Goal::Told => "–".into(),
        }
    }

    fn cells(&self) -> [String; 6] {
        let (least, most) = bounds(&self.ratios);
        [
            self.what.clone(),
            self.against.clone(),
            format!("{} {}", short(median(&self.ours)), self.unit),
            format!("{} {}", short(median(&self.theirs)), self.unit),
            format!("{:.2} ({least:.2}–{most:.2})", median(&self.ratios)),
            format!("{}{}", self.goal(), if self.reached() { "" } else { " **missed**" }),
        ]
    }

    fn json(&self) -> Json {
        json!({
            "name": self.name, "what": self.what, "against": self.against, "unit": self.unit,
            "ours": self.ours, "theirs": self.theirs, "ratios": self.ratios, "ratio": median(&self.ratios),
            "goal": self.goal(), "reached": self.reached(), "notes": self.notes,
        })
    }
}

impl Report {
    pub(crate) fn add(&mut self, row: Row) {
        if !row.ratios.is_empty() {
            self.rows.push(row);
        }
    }

    pub(crate) fn all_reached(&self) -> bool {
        self.rows.iter().all(Row::reached)
    }

    /// The table, in Markdown.
    pub(crate) fn table(&self) -> String {
        let head = ["what", "against", "Data-Dump", "the other", "ratio (min–max)", "reach (aim)"];
        let mut lines = vec![format!("| {} |", head.join(" | ")), format!("|{}", "---|".repeat(head.len()))];
        lines.extend(self.rows.iter().map(|row| format!("| {} |", row.cells().join(" | "))));
        let mut text = lines.join("\n");
        text.push('\n');
        for row in self.rows.iter().filter(|row| !row.notes.is_empty()) {
            // A string takes whatever is written.
            let _ = write!(text, "\n- {}: {}", row.what, row.notes.join("; "));
        }
        text.push('\n');
        text
    }

    /// Puts the table into `performance.md`, between its marks, and everything into
    /// `performance.json`.
    pub(crate) fn write(&self, folder: &Path) {
        let file = folder.join("performance.md");
        let page = fs::read_to_string(&file).expect("the page is there");
        let (begin, end) = ("<!-- table -->\n", "<!-- /table -->");
        let (before, rest) = page.split_once(begin).expect("the page has a mark before the table");
        let (_, after) = rest.split_once(end).expect("the page has a mark after the table");
        let told = machine::machine();
        let page = format!("{before}{begin}{told}.\n\n{}\n{end}{after}", self.table());
        fs::write(&file, page).expect("the page can be written");
        let rows: Vec<Json> = self.rows.iter().map(Row::json).collect();
        let all = json!({"machine": told, "rows": rows});
        let text = serde_json::to_string_pretty(&all).expect("it is JSON");
        fs::write(folder.join("performance.json"), text + "\n").expect("the file can be written");
    }
}

/// The middle one, or what lies between the two in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    f64::midpoint(middle(sorted.len().saturating_sub(1) / 2), middle(sorted.len() / 2))
}

fn bounds(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, 0.0), |(least, most), value| (value.min(least), value.max(most)))
}

fn short(value: f64) -> String {
    match value {
        10_000.0.. => format!("{:.1} k", value / 1000.0),
        100.0..10_000.0 => format!("{value:.0}"),
        1.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
