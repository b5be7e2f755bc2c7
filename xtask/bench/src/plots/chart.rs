//! A chart of lines on logarithmic axes, as SVG. Its colours follow the reader's light or dark screen, which is why no
//! library draws it.

use std::fmt::Write as _;

/// The size of the picture, and where its lines may be.
const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 470.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 620.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 410.0;

/// The least distance of two names beside the lines.
const LINE_HEIGHT: f64 = 18.0;

/// Colours on light and on dark screens. Neighbours differ for colour-blind readers, too.
const COLORS: [(&str, &str); 14] = [
    ("#0072b2", "#56b4e9"),
    ("#d55e00", "#ff8c42"),
    ("#007a5a", "#2fd6a6"),
    ("#a83e78", "#e58fc0"),
    ("#8a6d00", "#f0c93c"),
    ("#4b4bb5", "#a0a0ff"),
    ("#b02a2a", "#ff7b7b"),
    ("#3f7d20", "#8fd46a"),
    ("#00798c", "#4fd0e0"),
    ("#7a4fa3", "#c79bf0"),
    ("#8c5a2b", "#d9a066"),
    ("#555555", "#bbbbbb"),
    ("#00408c", "#7fb2ff"),
    ("#8c0044", "#ff6fa8"),
];

/// A line.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
    /// Which of the colours it has.
    pub(super) color: usize,
    pub(super) is_dashed: bool,
}

/// A chart.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) title: String,
    /// What the axes show, with the unit.
    pub(super) x_title: &'static str,
    pub(super) y_title: &'static str,
    pub(super) series: Vec<Series>,
}

impl Chart {
    /// Returns the chart if it has a line.
    pub(super) fn if_any(self) -> Option<Self> {
        if self.series.is_empty() { None } else { Some(self) }
    }

    /// Draws it.
    pub(super) fn svg(&self) -> String {
        let (x, y) = (self.x_scale(), self.y_scale());
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             role=\"img\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n<title>{}</title>\n{}\
             <rect class=\"page\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n",
            self.title,
            style()
        );
        let mut add = |line: String| {
            svg.push_str(&line);
            svg.push('\n');
        };
        add(format!(
            "<text x=\"{LEFT}\" y=\"26\" font-size=\"17\" font-weight=\"600\">{}</text>",
            self.title
        ));
        for value in self.x_values() {
            let at = x.position(value);
            add(format!("<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{BOTTOM}\"/>"));
            let label = number(value);
            add(format!("<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>", BOTTOM + 20.0));
        }
        for (value, at) in y.ticks() {
            add(format!("<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>"));
            let label = number(value);
            let (right, middle) = (LEFT - 8.0, at + 4.5);
            add(format!("<text x=\"{right}\" y=\"{middle:.1}\" text-anchor=\"end\">{label}</text>"));
        }
        let (middle, below) = (f64::midpoint(LEFT, RIGHT), BOTTOM + 44.0);
        add(format!("<text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">{}</text>", self.x_title));
        let middle = f64::midpoint(TOP, BOTTOM);
        add(format!(
            "<text transform=\"translate(14 {middle}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            self.y_title
        ));
        for (series, label_at) in self.with_labels(&y) {
            add(series.line(&x, &y));
            add(series.label(label_at));
        }
        svg + "</svg>\n"
    }

    /// Returns the values at which something was measured.
    fn x_values(&self) -> Vec<f64> {
        let mut values: Vec<_> = self.points().map(|point| point.0).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    }

    fn x_scale(&self) -> Scale {
        Scale::of(self.points().map(|point| point.0), LEFT, RIGHT)
    }

    /// With room above and below.
    fn y_scale(&self) -> Scale {
        let scale = Scale::of(self.points().map(|point| point.1), BOTTOM, TOP);
        Scale { least: scale.least / 1.25, most: scale.most * 1.25, ..scale }
    }

    fn points(&self) -> impl Iterator<Item = &(f64, f64)> + Clone {
        self.series.iter().flat_map(|series| &series.points)
    }

    /// Returns each line with the height of its name: near its last point, without covering another name.
    fn with_labels(&self, y: &Scale) -> Vec<(&Series, f64)> {
        let last = |series: &Series| series.points.last().map_or(BOTTOM, |point| y.position(point.1));
        let mut all: Vec<_> = self.series.iter().map(|series| (series, last(series))).collect();
        all.sort_by(|one, other| one.1.total_cmp(&other.1));
        let mut free = TOP;
        for (_, at) in &mut all {
            *at = at.max(free);
            free = *at + LINE_HEIGHT;
        }
        let mut limit = BOTTOM;
        for (_, at) in all.iter_mut().rev() {
            *at = at.min(limit);
            limit = *at - LINE_HEIGHT;
        }
        all
    }
}

impl Series {
    fn class(&self) -> String {
        format!("color{}{}", self.color % COLORS.len(), if self.is_dashed { " dashed" } else { "" })
    }

    fn line(&self, x: &Scale, y: &Scale) -> String {
        let at = |point: &(f64, f64)| (x.position(point.0), y.position(point.1));
        let points = self.points.iter().map(at).fold(String::new(), |mut points, (x, y)| {
            // Writing to a string does not fail.
            let _ = write!(points, "{x:.1},{y:.1} ");
            points
        });
        let class = self.class();
        let mut line = format!("<polyline class=\"line {class}\" points=\"{}\"/>", points.trim_end());
        for (x, y) in self.points.iter().map(at) {
            let _ = write!(line, "<circle class=\"dot {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>");
        }
        line
    }

    fn label(&self, at: f64) -> String {
        let (from, to, text) = (RIGHT + 14.0, RIGHT + 38.0, RIGHT + 45.0);
        format!(
            "<line class=\"line {}\" x1=\"{from}\" x2=\"{to}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{text}\" y=\"{:.1}\">{}</text>",
            self.class(),
            at + 4.5,
            self.name
        )
    }
}

/// A logarithmic scale.
struct Scale {
    least: f64,
    most: f64,
    /// Where the least is.
    from: f64,
    /// Where the most is.
    to: f64,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min).clamp(1.0, 1e12);
        Self { least, most: values.fold(least * 2.0, f64::max), from, to }
    }

    fn position(&self, value: f64) -> f64 {
        let share = (value.max(self.least) / self.least).ln() / (self.most / self.least).ln();
        self.from + share * (self.to - self.from)
    }

    /// Returns round values with their positions: powers of ten, and parts of them where there are few.
    fn ticks(&self) -> Vec<(f64, f64)> {
        let powers = || (0..12).map(|exponent| 10_f64.powi(exponent));
        let inside = |value: &f64| (self.least..=self.most).contains(value);
        let parts: &[f64] = if powers().filter(inside).count() >= 3 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let values = powers().flat_map(|power| parts.iter().map(move |part| power * part)).filter(inside);
        values.map(|value| (value, self.position(value))).collect()
    }
}

/// Writes a number with commas between thousands.
fn number(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn style() -> String {
    let rules = |pick: fn(&(&'static str, &'static str)) -> &'static str| {
        COLORS.iter().enumerate().fold(String::new(), |mut rules, (index, pair)| {
            let color = pick(pair);
            // Writing to a string does not fail.
            let _ = writeln!(
                rules,
                ".line.color{index} {{ stroke: {color} }} .dot.color{index} {{ fill: {color} }}"
            );
            rules
        })
    };
    format!(
        "<style>\n\
         text {{ fill: #24292f }} .page {{ fill: #ffffff }} .grid {{ stroke: #d0d7de; stroke-width: 1 }}\n\
         .line {{ stroke-width: 2; fill: none }} .dashed {{ stroke-dasharray: 5 4 }}\n\
         {}@media (prefers-color-scheme: dark) {{\n\
         text {{ fill: #e6edf3 }} .page {{ fill: #0d1117 }} .grid {{ stroke: #30363d }}\n\
         {}}}\n</style>\n",
        rules(|pair| pair.0),
        rules(|pair| pair.1)
    )
}

#[cfg(test)]
mod tests {
    use super::{Chart, Scale, Series, number};

    #[test]
    fn numbers_have_commas() {
        assert_eq!([1.0, 999.0, 1_000.0, 1_000_000.0].map(number), ["1", "999", "1,000", "1,000,000"]);
    }

    #[test]
    fn a_scale_is_logarithmic() {
        let scale = Scale { least: 1.0, most: 100.0, from: 0.0, to: 50.0 };
        assert!((scale.position(10.0) - 25.0).abs() < 1e-9);
        assert_eq!(scale.ticks().len(), 3);
    }

    #[test]
    fn names_do_not_cover_each_other() {
        let series = |name: &str| Series {
            name: name.to_owned(),
            points: vec![(1.0, 10.0), (100.0, 20.0)],
            color: 0,
            is_dashed: false,
        };
        let series = ["a", "b", "c"].map(series).into();
        let chart = Chart { title: "Chart".to_owned(), x_title: "users", y_title: "time", series };
        let labels = chart.with_labels(&chart.y_scale());
        let heights: Vec<_> = labels.iter().map(|(_, at)| *at).collect();
        assert!(heights.windows(2).all(|pair| pair[1] - pair[0] >= 18.0), "{heights:?}");
    }
}
