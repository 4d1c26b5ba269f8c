//! The rules one by one; what they come to together is the simulation's.

use super::*;
use crate::budget::SLOTS;

const ID: LaneId = (AgentId([1; 16]), WebhookId([2; 16]));

struct Shell {
    lane: Lane,
    budget: Budget<LaneId>,
    now: Duration,
}

fn event(number: u8) -> EventId {
    EventId([number; 16])
}

fn tickets(source: Source, numbers: std::ops::RangeInclusive<u8>) -> Vec<Ticket> {
    numbers.map(|number| Ticket { event: event(number), key: [number; 16], source }).collect()
}

impl Shell {
    fn new(streak: u32) -> Self {
        let mut shell = Self {
            lane: Lane::new(ID, streak, Standing::Unproven),
            budget: Budget::new(SLOTS),
            now: Duration::from_secs(10_000),
        };
        let asked = shell.tell(Input::Tick);
        assert_eq!(asked.len(), 3, "a lane begins with reads");
        shell
    }

    fn tell(&mut self, input: Input) -> Vec<Command> {
        let mut commands = Vec::new();
        self.lane.apply(input, self.now, &mut self.budget, &mut commands);
        commands
    }

    fn load(&mut self, tickets: Vec<Ticket>) -> Vec<Command> {
        let source = tickets[0].source;
        self.tell(Input::Loaded { source, tickets, is_all: true, next_in: None })
    }

    fn finish(&mut self, number: u8, answer: Answer) -> Vec<Command> {
        let mut commands = self.tell(Input::Answered(event(number), answer));
        commands.extend(self.tell(Input::Committed(event(number), None)));
        commands
    }
}

fn started(commands: &[Command]) -> Vec<u8> {
    let start = |command: &Command| match command {
        Command::Start(ticket) => Some(ticket.event.0[0]),
        _ => None,
    };
    commands.iter().filter_map(start).collect()
}

#[test]
fn slots_grow_with_each_2xx_to_16_and_a_failure_leaves_one() {
    let mut shell = Shell::new(0);
    assert_eq!(started(&shell.load(tickets(Source::Fresh, 1..=19))), [1]);
    assert_eq!(started(&shell.finish(1, Answer::Success)), [2, 3]);
    assert_eq!(started(&shell.finish(2, Answer::Success)), [4, 5]);
    for number in 3..=18 {
        shell.finish(number, Answer::Success);
    }
    assert_eq!(shell.lane.slots(), MAX_SLOTS);
    shell.finish(19, Answer::Failure(None));
    assert_eq!(shell.lane.slots(), 1);
}

#[test]
fn a_lane_begins_with_the_standing_that_it_is_given() {
    for standing in [Standing::Proven, Standing::Unproven] {
        let mut budget = Budget::new(2);
        assert!(budget.take((AgentId([9; 16]), ID.1), Standing::Unproven), "half of it is taken");
        let mut lane = Lane::new(ID, 0, standing);
        let mut commands = Vec::new();
        lane.apply(Input::Tick, PACE, &mut budget, &mut commands);
        let loaded = Input::Loaded {
            source: Source::Fresh,
            tickets: tickets(Source::Fresh, 1..=1),
            is_all: true,
            next_in: None,
        };
        lane.apply(loaded, PACE, &mut budget, &mut commands);
        assert_eq!(started(&commands).len(), usize::from(standing == Standing::Proven));
    }
}

#[test]
fn a_minute_without_traffic_leaves_one_slot() {
    for (quiet, slots) in [(59, 3), (60, 1)] {
        let mut shell = Shell::new(0);
        shell.load(tickets(Source::Fresh, 1..=2));
        shell.finish(1, Answer::Success);
        shell.finish(2, Answer::Success);
        shell.now += Duration::from_secs(quiet);
        shell.tell(Input::Tick);
        assert_eq!(shell.lane.slots(), slots);
    }
}

#[test]
fn the_next_of_a_key_waits_for_the_commit_of_the_one_before() {
    let mut shell = Shell::new(0);
    let same = |number| Ticket { event: event(number), key: [7; 16], source: Source::Fresh };
    shell.load(vec![same(1), same(2), Ticket { key: [8; 16], ..same(3) }]);
    let answered = shell.tell(Input::Answered(event(1), Answer::Failure(None)));
    assert_eq!(started(&answered), [3], "another key need not wait");
    shell.tell(Input::Answered(event(3), Answer::Success));
    let committed = shell.tell(Input::Committed(event(1), Some(Duration::from_secs(5))));
    assert_eq!(started(&committed), [2], "that the first has failed does not matter");
}

#[test]
fn a_failing_webhook_gets_one_attempt_a_second_and_new_events_first() {
    let mut shell = Shell::new(FAILING);
    shell.load(tickets(Source::Retries, 50..=52));
    shell.tell(Input::Answered(event(50), Answer::Failure(None)));
    let loaded = shell.load(tickets(Source::Fresh, 1..=2));
    assert_eq!(started(&loaded), [0u8; 0]);
    assert_eq!(started(&shell.tell(Input::Tick)), [0u8; 0]);
    shell.now += PACE;
    assert_eq!(started(&shell.tell(Input::Tick)), [1]);
    shell.now += PACE * 9;
    assert_eq!(started(&shell.tell(Input::Tick)), [0u8; 0], "one at a time");
    assert_eq!(started(&shell.finish(1, Answer::Failure(None))), [2]);
}

#[test]
fn the_first_2xx_ends_failing_and_frees_the_waiting_retries() {
    let mut shell = Shell::new(FAILING);
    shell.load(tickets(Source::Fresh, 1..=3));
    let answered = shell.tell(Input::Answered(event(1), Answer::Success));
    assert_eq!(answered[0], Command::Release);
    assert_eq!(started(&answered), [2, 3]);
    assert!(!shell.lane.is_failing());
    assert!(!shell.tell(Input::Answered(event(2), Answer::Success)).contains(&Command::Release));
}

#[test]
fn a_manual_attempt_says_nothing_about_the_health() {
    let mut shell = Shell::new(FAILING - 1);
    shell.load(tickets(Source::Manual, 1..=1));
    shell.finish(1, Answer::Failure(None));
    assert!(!shell.lane.is_failing());
    let mut shell = Shell::new(FAILING);
    shell.load(tickets(Source::Manual, 1..=1));
    assert!(!shell.finish(1, Answer::Success).contains(&Command::Release));
    assert!(shell.lane.is_failing());
}

#[test]
fn a_disabled_webhook_gets_what_was_asked_for_and_nothing_else() {
    let mut shell = Shell::new(0);
    shell.tell(Input::Disabled);
    assert_eq!(started(&shell.load(tickets(Source::Fresh, 1..=2))), [0u8; 0]);
    let asked = shell.load(tickets(Source::Manual, 3..=3));
    assert!(asked.contains(&Command::Load { source: Source::Manual, after: None, limit: 4 }), "{asked:?}");
    assert_eq!(started(&shell.load(tickets(Source::Manual, 3..=3))), [3]);
    let enabled = shell.tell(Input::Enabled);
    assert!(enabled.contains(&Command::Load { source: Source::Fresh, after: None, limit: 20 }), "{enabled:?}");
}

#[test]
fn a_410_stops_the_webhook_at_once() {
    let mut shell = Shell::new(0);
    shell.load(tickets(Source::Fresh, 1..=3));
    assert_eq!(started(&shell.finish(1, Answer::Gone)), [0u8; 0]);
}

#[test]
fn a_pause_holds_all_of_the_webhook_and_wakes_it() {
    let mut shell = Shell::new(0);
    shell.load(tickets(Source::Fresh, 1..=2));
    let pause = Duration::from_secs(30);
    let answered = shell.tell(Input::Answered(event(1), Answer::Failure(Some(pause))));
    let ends = shell.now + pause;
    assert!(answered.contains(&Command::Wake(ends)), "{answered:?}");
    shell.now = ends - Duration::from_millis(1);
    assert_eq!(started(&shell.tell(Input::Tick)), [0u8; 0]);
    shell.now = ends;
    assert_eq!(started(&shell.tell(Input::Tick)), [2]);
}

#[test]
fn what_is_asked_for_by_hand_neither_waits_for_a_pause_nor_makes_one() {
    let mut shell = Shell::new(0);
    let pause = Duration::from_secs(30);
    shell.load(tickets(Source::Manual, 101..=101));
    shell.load(tickets(Source::Fresh, 1..=3));
    assert_eq!(started(&shell.finish(101, Answer::Failure(Some(pause)))), [1], "no pause");
    let answered = shell.finish(1, Answer::Failure(Some(pause)));
    assert_eq!(started(&answered), [0u8; 0]);
    shell.tell(Input::Available(Source::Manual));
    assert_eq!(started(&shell.load(tickets(Source::Manual, 102..=103))), [102]);
    assert_eq!(started(&shell.finish(102, Answer::Success)), [103]);
    shell.tell(Input::Available(Source::Manual));
    shell.finish(103, Answer::Success);
    assert_eq!(started(&shell.load(tickets(Source::Manual, 3..=3))), [3], "one that waits");
    shell.finish(3, Answer::Success);
    assert_eq!(started(&shell.load(tickets(Source::Fresh, 2..=2))), [0u8; 0]);
    shell.now += pause;
    assert_eq!(started(&shell.tell(Input::Tick)), [2]);
}

#[test]
fn a_change_ends_the_pause_and_so_does_enabling() {
    let pause = Some(Duration::from_secs(3_600));
    for change in [Input::Changed, Input::Disabled] {
        let mut shell = Shell::new(0);
        shell.load(tickets(Source::Fresh, 1..=2));
        shell.finish(1, Answer::Failure(pause));
        let mut start = started(&shell.tell(Input::Enabled));
        start.extend(started(&shell.load(tickets(Source::Fresh, 2..=2))));
        assert_eq!(start, [0u8; 0], "a notice of something else ends nothing");
        for input in [change, Input::Enabled] {
            start.extend(started(&shell.tell(input)));
        }
        start.extend(started(&shell.load(tickets(Source::Fresh, 2..=2))));
        assert_eq!(start, [2]);
    }
    // An attempt from before the change makes no pause after it.
    let mut shell = Shell::new(0);
    shell.load(tickets(Source::Fresh, 1..=2));
    shell.tell(Input::Changed);
    assert_eq!(started(&shell.finish(1, Answer::Failure(pause))), [2]);
    shell.load(tickets(Source::Fresh, 3..=3));
    assert_eq!(started(&shell.finish(2, Answer::Failure(pause))), [0u8; 0]);
}

#[test]
fn of_four_turns_one_is_for_retries_and_one_for_manual() {
    let mut shell = Shell::new(0);
    shell.load(tickets(Source::Manual, 101..=102));
    for number in [101, 102] {
        shell.finish(number, Answer::Failure(None));
    }
    shell.lane.window.expect(Source::Manual);
    shell.tell(Input::Tick);
    shell.tell(Input::Leased(shell.now));
    shell.load(tickets(Source::Fresh, 1..=9));
    shell.load(tickets(Source::Retries, 51..=54));
    shell.load(tickets(Source::Manual, 103..=104));
    let mut order = started(&shell.tell(Input::Leased(shell.now + LEASE_LEFT)));
    for _ in 0..7 {
        let last = *order.last().unwrap();
        shell.lane.slots = 1;
        shell.lane.window.settle(event(200), None);
        order.extend(started(&shell.finish(last, Answer::Failure(None))).first());
        shell.lane.streak = 0;
    }
    let of = |from: u8| order.iter().filter(|number| (from..from + 50).contains(*number)).count();
    assert_eq!((of(1), of(51), of(101)), (4, 2, 2), "{order:?}");
}

#[test]
fn no_attempt_starts_in_the_last_20_seconds_of_a_lease() {
    let mut shell = Shell::new(0);
    shell.tell(Input::Leased(shell.now + LEASE_LEFT - Duration::from_millis(1)));
    assert_eq!(started(&shell.load(tickets(Source::Fresh, 1..=1))), [0u8; 0]);
    let renewed = shell.tell(Input::Leased(shell.now + LEASE_LEFT));
    assert_eq!(started(&renewed), [1]);
}

#[test]
fn a_lost_webhook_starts_nothing_and_gives_its_slots_back() {
    let mut shell = Shell::new(0);
    shell.load(tickets(Source::Fresh, 1..=2));
    assert_eq!(shell.budget.taken(), 1);
    assert!(shell.tell(Input::Lost).is_empty());
    assert!(!shell.lane.is_idle());
    assert!(shell.tell(Input::Answered(event(1), Answer::Success)).is_empty());
    assert_eq!(shell.budget.taken(), 0);
    assert!(shell.tell(Input::Enabled).is_empty());
    assert!(shell.lane.is_idle());
}

#[test]
fn the_window_stays_small_and_is_refilled_when_half_empty() {
    let mut shell = Shell::new(0);
    let full = tickets(Source::Fresh, 1..=20);
    let loaded = shell.tell(Input::Loaded { source: Source::Fresh, tickets: full, is_all: false, next_in: None });
    assert_eq!(loaded, [Command::Start(tickets(Source::Fresh, 1..=1)[0])]);
    for number in 1..=9 {
        let commands = shell.finish(number, Answer::Failure(None));
        shell.lane.streak = 0;
        assert!(!commands.iter().any(|command| matches!(command, Command::Load { .. })), "{number}: {commands:?}");
    }
    let half = shell.finish(10, Answer::Failure(None));
    assert!(half.contains(&Command::Load { source: Source::Fresh, after: Some(event(20)), limit: 10 }), "{half:?}");
}

#[test]
fn fresh_ones_are_read_while_results_wait_for_their_commit_until_too_many_do() {
    let mut shell = Shell::new(0);
    let fresh = |tickets| Input::Loaded { source: Source::Fresh, tickets, is_all: false, next_in: None };
    let is_load = |commands: &[Command]| commands.iter().any(|command| matches!(command, Command::Load { .. }));
    shell.tell(fresh(tickets(Source::Fresh, 1..=20)));
    let mut read = 20;
    let mut answered = 0;
    while answered < read {
        answered += 1;
        if is_load(&shell.tell(Input::Answered(event(answered), Answer::Success))) {
            shell.tell(fresh(tickets(Source::Fresh, read + 1..=read + 10)));
            read += 10;
        }
    }
    assert!((128..148).contains(&answered), "{answered}");
    let committed = (1..=answered).find(|number| is_load(&shell.tell(Input::Committed(event(*number), None))));
    assert_eq!(committed, Some(answered - 127));
}

#[test]
fn a_lane_wakes_for_the_next_retry_and_then_reads_it() {
    let mut shell = Shell::new(0);
    let next_in = Some(Duration::from_secs(300));
    let loaded = shell.tell(Input::Loaded { source: Source::Retries, tickets: Vec::new(), is_all: true, next_in });
    assert_eq!(loaded, [Command::Wake(shell.now + Duration::from_secs(300))]);
    shell.now += Duration::from_secs(300);
    let woken = shell.tell(Input::Tick);
    assert!(matches!(woken[0], Command::Load { source: Source::Retries, .. }), "{woken:?}");
}

#[test]
fn a_read_from_before_a_commit_is_done_again() {
    let mut shell = Shell::new(0);
    shell.load(tickets(Source::Fresh, 1..=1));
    shell.tell(Input::Enabled);
    shell.finish(1, Answer::Success);
    let again = shell.load(tickets(Source::Fresh, 1..=1));
    assert_eq!(again, [Command::Load { source: Source::Fresh, after: None, limit: 20 }]);
}
