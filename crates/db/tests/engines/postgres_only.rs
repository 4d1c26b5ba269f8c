//! What only PostgreSQL has: several writers, locks between them, connections that break.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Barrier,
        atomic::{AtomicU8, AtomicU32, Ordering::SeqCst},
    },
    thread,
};

use db::{Database, DbError, Engine, Notice, Options, params};

use crate::{
    cluster::administer,
    homes::{Gate, Home, SCHEMA, add, block_on, lane, names, writes_waiting},
};

#[test]
fn a_job_that_gives_way_to_another_runs_again() {
    let home = Home::new(Engine::Postgres);
    block_on(async {
        // Two nodes that lock the same two rows in opposite orders.
        let nodes = [home.open(), home.open()];
        add(&nodes[0], 1, "first").await.unwrap();
        add(&nodes[0], 2, "second").await.unwrap();
        let both_hold_one = Arc::new(Barrier::new(2));
        let runs = Arc::new(AtomicU32::new(0));
        let jobs = [(nodes[0].clone(), [1_i64, 2]), (nodes[1].clone(), [2, 1])].map(|(db, ids)| {
            let (both_hold_one, runs) = (Arc::clone(&both_hold_one), Arc::clone(&runs));
            tokio::spawn(async move {
                db.write("opposite", lane(), move |tx| {
                    let update = "UPDATE notes SET weight = COALESCE(weight, 0) + 1 WHERE id = $1";
                    tx.execute(update, params![ids[0]])?;
                    if runs.fetch_add(1, SeqCst) < 2 {
                        both_hold_one.wait();
                    }
                    // The job's own error says nothing of the engine's: it is run again all the same.
                    tx.execute(update, params![ids[1]]).map_err(|_| DbError::Internal("hidden".to_owned()))?;
                    Ok::<_, DbError>(())
                })
                .await
            })
        });
        for job in jobs {
            job.await.unwrap().unwrap();
        }
        // One of them gave way at least; the server may end both.
        let reruns = nodes[0].stats().reruns + nodes[1].stats().reruns;
        assert!(reruns >= 1);
        assert_eq!(u64::from(runs.load(SeqCst)), 2 + reruns);
        let read =
            nodes[0].read("weights", |tx| tx.query("SELECT weight FROM notes", params![], |row| row.get::<f64>(0)));
        assert_eq!(read.await, Ok::<_, DbError>(vec![2.0, 2.0]));
    });
}

#[test]
fn a_row_that_stays_locked_makes_the_database_busy() {
    let home = Home::new(Engine::Postgres);
    block_on(async {
        let nodes = [home.open(), home.open()];
        add(&nodes[0], 0, "gate").await.unwrap();
        let (locked, done) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let holder = tokio::spawn({
            let (db, locked, done) = (nodes[0].clone(), Arc::clone(&locked), Arc::clone(&done));
            async move {
                db.write("holder", lane(), move |tx| {
                    let select = "SELECT id FROM notes WHERE id = 0 FOR NO KEY UPDATE";
                    assert!(select.ends_with(tx.lock_clause()));
                    tx.execute(select, params![])?;
                    locked.wait();
                    done.wait();
                    Ok::<_, DbError>(())
                })
                .await
            }
        });
        tokio::task::spawn_blocking(move || locked.wait()).await.unwrap();
        let update = "UPDATE notes SET weight = 1 WHERE id = 0";
        let blocked = nodes[1].write("blocked", lane(), move |tx| tx.execute(update, params![]));
        assert_eq!(blocked.await, Err(DbError::Busy));
        tokio::task::spawn_blocking(move || done.wait()).await.unwrap();
        holder.await.unwrap().unwrap();
        let free = nodes[1].write("free", lane(), move |tx| tx.execute(update, params![]));
        assert_eq!(free.await, Ok::<_, DbError>(1));
    });
}

fn end_connections(home: &Home) {
    let name = home.url.rsplit('/').next().unwrap().split('?').next().unwrap();
    administer(&format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"))
        .unwrap();
}

#[test]
fn idle_connections_that_break_are_replaced_unnoticed() {
    let home = Home::new(Engine::Postgres);
    block_on(async {
        let db = home.open_with(Options { writers: 1, readers: 1, statements: 1, ..Options::default() });
        for round in 1..=3_i64 {
            add(&db, round, ["a", "b", "c"][round as usize - 1]).await.unwrap();
            assert_eq!(names(&db).await.len(), round as usize);
            end_connections(&home);
        }
        assert!(db.stats().lost_connections >= 4);
    });
}

#[test]
fn a_connection_that_breaks_in_a_group_keeps_nothing_and_everyone_runs_again() {
    let home = Home::new(Engine::Postgres);
    block_on(async {
        let db = home.open();
        let gate = Gate::close(&db).await;
        let first = tokio::spawn({
            let db = db.clone();
            async move { add(&db, 1, "first").await }
        });
        writes_waiting(&db, 1).await;
        let runs = Arc::new(AtomicU32::new(0));
        let breaker = tokio::spawn({
            let (db, runs) = (db.clone(), Arc::clone(&runs));
            async move {
                db.write("breaker", lane(), move |tx| {
                    tx.execute("INSERT INTO notes (id, name) VALUES (2, 'breaker')", params![])?;
                    if runs.fetch_add(1, SeqCst) == 0 {
                        tx.execute("SELECT pg_terminate_backend(pg_backend_pid())", params![])?;
                    }
                    Ok::<_, DbError>(())
                })
                .await
            }
        });
        writes_waiting(&db, 2).await;
        gate.open().await;
        first.await.unwrap().unwrap();
        breaker.await.unwrap().unwrap();
        assert_eq!(runs.load(SeqCst), 2);
        assert_eq!(names(&db).await, ["gate", "first", "breaker"]);
    });
}

#[test]
fn a_job_that_always_breaks_its_connection_is_given_up() {
    let home = Home::new(Engine::Postgres);
    block_on(async {
        let db = home.open();
        let suicide =
            db.write("suicide", lane(), |tx| tx.execute("SELECT pg_terminate_backend(pg_backend_pid())", params![]));
        assert!(matches!(suicide.await, Err(DbError::Unavailable(_))));
        add(&db, 1, "after").await.unwrap();
        assert!(db.ready().await);
    });
}

#[test]
fn a_server_that_is_away_makes_the_database_unavailable() {
    let home = Home::new(Engine::Postgres);
    let proxy = Proxy::start(&home.url);
    block_on(async {
        let db = Database::open(&proxy.url, Options::default()).unwrap();
        db.migrate(SCHEMA).unwrap();
        add(&db, 1, "before").await.unwrap();
        proxy.set(REFUSE);
        assert!(matches!(add(&db, 2, "meanwhile").await, Err(DbError::Unavailable(_))));
        assert!(!db.ready().await);
        proxy.set(PASS);
        while !db.ready().await {
            tokio::task::yield_now().await;
        }
        add(&db, 3, "after").await.unwrap();
        assert_eq!(names(&db).await, ["before", "after"]);
    });
}

#[test]
fn a_commit_whose_answer_is_lost_is_answered_by_what_became_of_it() {
    let home = Home::new(Engine::Postgres);
    let proxy = Proxy::start(&home.url);
    block_on(async {
        let db = Database::open(&proxy.url, Options::default()).unwrap();
        db.migrate(SCHEMA).unwrap();
        add(&db, 1, "before").await.unwrap();
        // It was committed, so it must not run again: a second run would be a conflict.
        proxy.set(CUT_AFTER_COMMIT);
        assert_eq!(add(&db, 2, "committed").await, Ok(()));
        // The server never saw the COMMIT, so it must run again.
        proxy.set(CUT_BEFORE_COMMIT);
        assert_eq!(add(&db, 3, "rolled back").await, Ok(()));
        assert_eq!(names(&db).await, ["before", "committed", "rolled back"]);
        assert!(db.stats().reruns >= 1);
    });
}

#[test]
fn a_commit_of_which_nobody_knows_says_so() {
    let home = Home::new(Engine::Postgres);
    let proxy = Proxy::start(&home.url);
    block_on(async {
        let db = Database::open(&proxy.url, Options::default()).unwrap();
        db.migrate(SCHEMA).unwrap();
        add(&db, 1, "before").await.unwrap();
        proxy.set(CUT_AFTER_COMMIT_AND_REFUSE);
        assert_eq!(add(&db, 2, "who knows").await, Err(DbError::OutcomeUnknown));
        proxy.set(PASS);
        while !db.ready().await {
            tokio::task::yield_now().await;
        }
        assert_eq!(names(&db).await, ["before", "who knows"]);
    });
}

const PASS: u8 = 0;
const REFUSE: u8 = 1;
const CUT_BEFORE_COMMIT: u8 = 2;
const CUT_AFTER_COMMIT: u8 = 3;
const CUT_AFTER_COMMIT_AND_REFUSE: u8 = 4;

/// Stands between the database and the server and breaks connections at the worst moment.
struct Proxy {
    url: String,
    mode: Arc<AtomicU8>,
}

impl Proxy {
    fn start(url: &str) -> Self {
        let (before, rest) = url.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{before}@{}/{database}", listener.local_addr().unwrap());
        let mode = Arc::new(AtomicU8::new(PASS));
        let (server, seen) = (server.to_owned(), Arc::clone(&mode));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if seen.load(SeqCst) == REFUSE {
                    continue;
                }
                let server = TcpStream::connect(&server).unwrap();
                let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let mode = Arc::clone(&seen);
                thread::spawn(move || carry_requests(from_client, to_server, &mode));
                let mode = Arc::clone(&seen);
                thread::spawn(move || carry_answers(server, client, &mode));
            }
        });
        Self { url, mode }
    }

    fn set(&self, mode: u8) {
        self.mode.store(mode, SeqCst);
    }
}

fn cut(a: &TcpStream, b: &TcpStream) {
    let _ = a.shutdown(Shutdown::Both);
    let _ = b.shutdown(Shutdown::Both);
}

fn carry_requests(mut from: TcpStream, mut to: TcpStream, mode: &AtomicU8) {
    let mut buffer = [0; 65536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let is_commit = buffer[..count].windows(7).any(|window| window == b"COMMIT\0");
        match mode.load(SeqCst) {
            REFUSE => break,
            CUT_BEFORE_COMMIT if is_commit => {
                mode.store(PASS, SeqCst);
                break;
            }
            _ => {}
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    cut(&from, &to);
}

fn carry_answers(mut from: TcpStream, mut to: TcpStream, mode: &AtomicU8) {
    let mut buffer = [0; 65536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let is_committed = buffer[..count].windows(7).any(|window| window == b"COMMIT\0");
        match mode.load(SeqCst) {
            REFUSE => break,
            CUT_AFTER_COMMIT if is_committed => {
                mode.store(PASS, SeqCst);
                break;
            }
            CUT_AFTER_COMMIT_AND_REFUSE if is_committed => {
                mode.store(REFUSE, SeqCst);
                break;
            }
            _ => {}
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    cut(&from, &to);
}

#[test]
fn nodes_hear_of_each_other_and_not_of_themselves() {
    let home = Home::new(Engine::Postgres);
    let (db, other) = (home.open(), home.open());
    let (tell, told) = std::sync::mpsc::sync_channel(100);
    let (echo, echoed) = std::sync::mpsc::sync_channel(100);
    let first = db.exchange_notices("test", [1; 16], move |notice| echo.send(notice).unwrap()).unwrap().unwrap();
    let _second = other.exchange_notices("test", [2; 16], move |notice| tell.send(notice).unwrap()).unwrap().unwrap();
    // Lost until the other listens, so they are told again and again.
    let heard = (0_u8..100).find_map(|n| {
        first.send([n; 16]);
        told.recv_timeout(std::time::Duration::from_millis(100)).ok()
    });
    assert!(heard.is_some());
    assert!(matches!(heard, Some(Notice::Of(_))));
    assert!(echoed.try_recv().is_err(), "a node was told of what it said itself");
}

#[test]
fn a_node_is_present_while_it_listens() {
    let home = Home::new(Engine::Postgres);
    let (db, other) = (home.open(), home.open());
    let present = |nodes: &'static [[u8; 16]]| {
        let read = db.read("test.present", move |tx| tx.present_nodes(nodes));
        let mut present = block_on(read).unwrap().into_iter().collect::<Vec<_>>();
        present.sort_unstable();
        present
    };
    let first = db.exchange_notices("test", [1; 16], |_| {}).unwrap().unwrap();
    let second = other.exchange_notices("test", [0xff; 16], |_| {}).unwrap().unwrap();
    let all = &[[1; 16], [0xff; 16], [3; 16]];
    let wait_for = |expected: &[[u8; 16]]| {
        let is_so = (0..200).any(|_| {
            thread::sleep(std::time::Duration::from_millis(50));
            present(all) == expected
        });
        assert!(is_so, "{:?}", present(all));
    };
    wait_for(&[[1; 16], [0xff; 16]]);
    drop(second);
    wait_for(&[[1; 16]]);
    drop(first);
    wait_for(&[]);
}
