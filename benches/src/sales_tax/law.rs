//! States, counties, cities, districts, their rates by date, their ZIP codes, and what is taxed there.

use std::fs;
use std::path::Path;

use tieout_model::Date;

use super::sheet;
use crate::Result;
use crate::rng::Rng;

/// Day of the change of rates in Kansas.
pub(super) const CHANGE: (i16, i8, i8) = (2026, 8, 1);

/// A jurisdiction's rates, millionths: general and food, before and from the change.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// `45`, `00`, `01`, `63`.
    pub kind: &'static str,
    pub code: String,
    pub general: [i64; 2],
    pub food: [i64; 2],
}

/// Who taxes at a ZIP code or a part of it.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub state: usize,
    pub zip: u32,
    /// Plus-4 of a part; none: the whole ZIP code.
    pub plus: Option<(u16, u16)>,
    /// Places of the state.
    pub stack: Vec<usize>,
}

pub(super) struct State {
    pub fips: &'static str,
    pub name: &'static str,
    pub places: Vec<Place>,
}

pub(super) struct Law {
    pub states: [State; 3],
    pub spots: Vec<Spot>,
}

/// Ohio, Nebraska, Kansas.
pub(super) const OHIO: usize = 0;
pub(super) const NEBRASKA: usize = 1;
pub(super) const KANSAS: usize = 2;

pub(super) fn date((year, month, day): (i16, i8, i8)) -> Date {
    Date::from_ymd(year, month, day).unwrap_or(Date(0))
}

impl Place {
    /// `31-00-001`.
    pub fn id(&self, state: &State) -> String {
        format!("{}-{}-{}", state.fips, self.kind, self.code)
    }

    pub fn rate(&self, is_food: bool, day: Date) -> i64 {
        let rates = if is_food { self.food } else { self.general };
        rates[usize::from(day >= date(CHANGE))]
    }
}

impl Law {
    pub fn draw(jurisdictions: u64, rng: &mut Rng) -> Self {
        let state = |fips, name, general: [i64; 2], food: [i64; 2]| State {
            fips,
            name,
            places: vec![Place { kind: "45", code: String::from(fips), general, food }],
        };
        let mut states = [
            state("39", "US-OH", [57_500; 2], [0; 2]),
            state("31", "US-NE", [55_000; 2], [0; 2]),
            state("20", "US-KS", [63_000, 65_000], [20_000, 0]),
        ];
        let mut spots = Vec::new();
        // A county, its city and a district are three jurisdictions.
        let counties = usize::try_from(jurisdictions / 9).unwrap_or(2).max(2);
        for (at, state) in states.iter_mut().enumerate() {
            for county in 0..counties {
                let mut draw = |low: i64, high: i64| rng.range(low, high) * 2_500;
                let first = draw(2, 5);
                // One county of Kansas falls on the day on which the state rises.
                let second = if at == KANSAS && county == 0 { first - 2_500 } else { first };
                let county_at = state.places.len();
                let code = format!("{:03}", county * 2 + 1);
                state.places.push(Place { kind: "00", code, general: [first, second], food: [first, second] });
                let city = draw(2, 6);
                state.places.push(Place {
                    kind: "01",
                    code: format!("{:05}", 10_000 + county * 10),
                    general: [city; 2],
                    food: [city; 2],
                });
                let district = draw(1, 2);
                if at == NEBRASKA {
                    state.places.push(Place {
                        kind: "63",
                        code: format!("{:05}", 90_000 + county),
                        general: [district; 2],
                        food: [0; 2],
                    });
                }
                let base = [43_000, 68_000, 66_000][at];
                let zip = |part: usize| u32::try_from(base + county * 3 + part).unwrap_or(0);
                let spot = |zip, plus, stack: &[usize]| Spot { state: at, zip, plus, stack: [&[0], stack].concat() };
                let city_at = county_at + 1;
                // In the country, in the city, and a ZIP code that both share.
                spots.push(spot(zip(0), None, &[county_at]));
                if at == NEBRASKA {
                    spots.push(spot(zip(1), None, &[county_at, city_at, county_at + 2]));
                } else {
                    spots.push(spot(zip(1), None, &[county_at, city_at]));
                }
                spots.push(spot(zip(2), Some((1, 4_999)), &[county_at]));
                spots.push(spot(zip(2), Some((5_000, 9_999)), &[county_at, city_at]));
            }
        }
        Self { states, spots }
    }

    pub fn write(&self, folder: &Path) -> Result<()> {
        for name in ["rates", "boundaries"] {
            fs::create_dir_all(folder.join(name))?;
        }
        for (at, state) in self.states.iter().enumerate() {
            let short = &state.name[3..];
            let mut rates = sheet(folder, &format!("rates/{short}R2026Q3JUN01.csv"), &[])?;
            for place in &state.places {
                // Tennessee and others leave the zero of a type out; Wyoming writes 9999 for the open end.
                let kind = if at == OHIO { place.kind.trim_start_matches('0') } else { place.kind };
                let kind = if kind.is_empty() { "0" } else { kind };
                let open = if at == OHIO { "99991231" } else { "29991231" };
                let changes = place.general[0] != place.general[1] || place.food[0] != place.food[1];
                let spans: &[(usize, &str, &str)] = if changes {
                    &[(0, "20200101", "20260731"), (1, "20260801", open)]
                } else {
                    &[(0, "20200101", open)]
                };
                for (step, from, to) in spans {
                    let four = |units: i64| format!("{}.{:04}", units / 1_000_000, units % 1_000_000 / 100);
                    let (general, food) = (four(place.general[*step]), four(place.food[*step]));
                    rates.write_record([state.fips, kind, &place.code, &general, &general, &food, &food, from, to])?;
                }
            }
            rates.flush()?;
            let mut boundaries = sheet(folder, &format!("boundaries/{short}B2026Q3JUN01.csv"), &[])?;
            for spot in self.spots.iter().filter(|spot| spot.state == at) {
                boundaries.write_record(self.boundary(spot))?;
            }
            // A range of addresses, which a ZIP code does not resolve.
            let first = self.spots.iter().find(|spot| spot.state == at);
            if let Some(spot) = first {
                let mut record = self.boundary(spot);
                record[0] = "A".to_owned();
                record[3] = "100".to_owned();
                record[4] = "198".to_owned();
                record[7] = "MAIN".to_owned();
                boundaries.write_record(record)?;
            }
            boundaries.flush()?;
        }
        Ok(())
    }

    /// A record ends behind its last district.
    fn boundary(&self, spot: &Spot) -> Vec<String> {
        let state = &self.states[spot.state];
        let mut record = vec![String::new(); 29];
        let kind = if spot.plus.is_some() {
            "4"
        } else if spot.state == KANSAS {
            "z"
        } else {
            "Z"
        };
        record[0] = kind.to_owned();
        record[1] = "20200101".to_owned();
        record[2] = "29991231".to_owned();
        let zip = format!("{:05}", spot.zip);
        record[15].clone_from(&zip);
        record[17].clone_from(&zip);
        record[19] = zip;
        if let Some((low, high)) = spot.plus {
            record[18] = format!("{low:04}");
            record[20] = format!("{high:04}");
        }
        record[22] = state.fips.to_owned();
        record[23] = state.fips.to_owned();
        for place in spot.stack.iter().skip(1).map(|at| &state.places[*at]) {
            match place.kind {
                "00" => record[24].clone_from(&place.code),
                "01" => record[25].clone_from(&place.code),
                _ => record.extend(["31".to_owned(), place.code.clone(), place.kind.to_owned()]),
            }
        }
        record
    }
}
