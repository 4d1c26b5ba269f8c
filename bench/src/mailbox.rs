//! A bare SMTP server that appends each mail to a file and syncs it: what taking mail durably costs at least. And who sends to it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use clap::Args;

use crate::{histogram::Histogram, load::Measured};

/// Where the mails go.
#[derive(Args)]
pub struct Options {
    /// The folder
    #[arg(long)]
    folder: PathBuf,
}

/// Serves until it is killed.
pub fn serve(options: &Options) -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    // As the other servers say it.
    writeln!(io::stdout(), "listening on http://{address}").map_err(|error| error.to_string())?;
    for (number, stream) in listener.incoming().enumerate() {
        let (Ok(stream), file) = (stream, options.folder.join(format!("mailbox-{number}"))) else { continue };
        thread::spawn(move || take(stream, &file));
    }
    Ok(())
}

fn take(stream: TcpStream, file: &Path) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut answers, mut commands) = (stream.try_clone()?, BufReader::new(stream));
    let (mut file, mut line, mut mail) = (File::create(file)?, Vec::new(), Vec::new());
    answers.write_all(b"220 floor\r\n")?;
    loop {
        line.clear();
        if commands.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let answer: &[u8] = match line.get(..4) {
            Some(b"DATA") => {
                answers.write_all(b"354 go on\r\n")?;
                mail.clear();
                loop {
                    line.clear();
                    commands.read_until(b'\n', &mut line)?;
                    if line == b".\r\n" {
                        break;
                    }
                    mail.extend_from_slice(&line);
                }
                file.write_all(&mail)?;
                file.sync_data()?;
                b"250 kept\r\n"
            }
            Some(b"QUIT") => return answers.write_all(b"221 bye\r\n"),
            _ => b"250 ok\r\n",
        };
        answers.write_all(answer)?;
    }
}

/// A lead's mail by another person each time.
fn mail(run: u64, number: u64) -> String {
    format!(
        "From: Website <wordpress@forms.example>\r\nTo: agent@example.com\r\nMessage-ID: <{run}.{number}@forms.example>\r\n\
         Date: Sat, 28 Nov 2026 10:00:00 +0000\r\nSubject: New inquiry from your website\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nName: Person {run} {number}\r\nEmail: p{run}.{number}@mail.example.com\r\n\
         Phone: (305) 555-0147\r\nProperty Address: {number} Elm St, Miami, FL 33101\r\nMessage: {}\r\n",
        "Is it still for sale? I would like to see it on Saturday, if that suits you.\r\n ".repeat(12)
    )
}

/// Sends mails over so many connections for a time, each the next when it has the answer to the last; `at` is called when counting begins and
/// when it ends.
pub fn send(
    address: SocketAddr,
    to: &str,
    connections: usize,
    (warm_up, measured): (Duration, Duration),
    mut at: impl FnMut(bool),
) -> Result<Measured, String> {
    static RUN: AtomicU64 = AtomicU64::new(1);
    let (run, number, phase) = (RUN.fetch_add(1, Relaxed), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU8::new(0)));
    let senders = (0..connections).map(|_| {
        let (to, number, phase) = (to.to_owned(), Arc::clone(&number), Arc::clone(&phase));
        thread::spawn(move || send_until(address, &to, run, &number, &phase).map_err(|error| error.to_string()))
    });
    let senders = senders.collect::<Vec<_>>();
    thread::sleep(warm_up);
    at(true);
    let began = Instant::now();
    phase.store(1, Relaxed);
    thread::sleep(measured);
    phase.store(2, Relaxed);
    let elapsed = began.elapsed();
    at(false);
    let mut latencies = Histogram::default();
    for sender in senders {
        latencies.add(&sender.join().map_err(|_| String::from("a sender panicked"))??);
    }
    Ok(Measured { elapsed, count: latencies.count(), latencies })
}

fn send_until(address: SocketAddr, to: &str, run: u64, number: &AtomicU64, phase: &AtomicU8) -> io::Result<Histogram> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let (mut commands, mut answers) = (stream.try_clone()?, BufReader::new(stream));
    let mut latencies = Histogram::default();
    expect(&mut answers, "220")?;
    commands.write_all(b"EHLO bench.example\r\n")?;
    expect(&mut answers, "250")?;
    while phase.load(Relaxed) < 2 {
        let mail = mail(run, number.fetch_add(1, Relaxed));
        let (began, was) = (Instant::now(), phase.load(Relaxed));
        write!(commands, "MAIL FROM:<wordpress@forms.example>\r\nRCPT TO:<{to}>\r\nDATA\r\n")?;
        for code in ["250", "250", "354"] {
            expect(&mut answers, code)?;
        }
        commands.write_all(format!("{mail}.\r\n").as_bytes())?;
        expect(&mut answers, "250")?;
        if was == 1 && phase.load(Relaxed) == 1 {
            latencies.record(began.elapsed());
        }
    }
    Ok(latencies)
}

fn expect(answers: &mut impl BufRead, code: &str) -> io::Result<()> {
    let mut line = String::new();
    loop {
        line.clear();
        answers.read_line(&mut line)?;
        if !line.starts_with(code) {
            return Err(io::Error::other(format!("{code} was expected, and this came: {line:?}")));
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(());
        }
    }
}
