//! CPU a delivery by the number of rooms, and by their size.

use plotters::{
    coord::ranged1d::{AsRangedCoord, ValueFormatter},
    prelude::*,
};

use super::{
    peer::Peer,
    record::{self, Record},
};

const PEERS: [(Peer, RGBColor); 3] = [(Peer::Plenum, BLUE), (Peer::Apart, RED), (Peer::Floor, BLACK)];
const ROOMS: [(f64, &str); 4] =
    [(10.0, "many-10"), (100.0, "many-100"), (500.0, "many-500"), (2_000.0, "many-2000")];
const SIZES: [(f64, &str); 3] = [(10.0, "o50"), (200.0, "o5"), (500.0, "o1")];

type Error = DrawingAreaErrorKind<std::io::Error>;

/// The plot, as SVG.
pub fn svg(record: &Record) -> Result<String, Error> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (900, 360)).into_drawing_area();
        area.fill(&WHITE)?;
        let (left, right) = area.split_horizontally(450);
        panel(&left, record, "rooms of 10", &ROOMS, (8.0..2_500.0).log_scale())?;
        panel(&right, record, "sockets in a room", &SIZES, (8.0..625.0).log_scale())?;
        area.present()?;
    }
    Ok(svg)
}

fn panel<X>(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    record: &Record,
    what: &str,
    points: &[(f64, &str)],
    x: X,
) -> Result<(), Error>
where
    X: AsRangedCoord<Value = f64>,
    X::CoordDescType: ValueFormatter<f64>,
{
    let cpu = |peer, name: &str| record.spread(name, peer, record::cpu).map(|spread| spread.median);
    let line = |peer| -> Vec<(f64, f64)> {
        points.iter().filter_map(|(x, name)| Some((*x, cpu(peer, name)?))).collect()
    };
    let top = PEERS.iter().flat_map(|(peer, _)| line(*peer)).map(|(_, cpu)| cpu).fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(44)
        .build_cartesian_2d(x, 0.0..top * 1.4)?;
    chart
        .configure_mesh()
        .x_desc(what)
        .y_desc("CPU a delivery, µs")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .light_line_style(WHITE)
        .draw()?;
    for (peer, color) in PEERS {
        let points = line(peer);
        chart
            .draw_series(LineSeries::new(points.clone(), color.stroke_width(2)).point_size(3))?
            .label(peer.name())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    // Above the lines: the axis has room there.
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(BLACK.mix(0.3))
        .background_style(WHITE)
        .draw()
}
