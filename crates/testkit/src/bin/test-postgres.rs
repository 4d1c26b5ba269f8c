//! Starts a PostgreSQL cluster for a run of the tests, prints its address, and ends it when standard input closes.

use std::io::{self, Read, Write};

use testkit::postgres::Cluster;

fn main() -> io::Result<()> {
    let cluster = Cluster::start();
    writeln!(io::stdout(), "{}", cluster.url())?;
    io::stdin().read_to_end(&mut Vec::new())?;
    drop(cluster);
    Ok(())
}
