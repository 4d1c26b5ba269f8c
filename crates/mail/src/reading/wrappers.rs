//! Forwards, unwrapped; answers, without what they quote.

use super::{
    contacts,
    headers::Mailbox,
    limits,
    pages::{Page, cut},
    texts, vocabulary,
};

/// The headers that a forward shows of the message within.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    pub from: Option<Mailbox>,
    pub reply_to: Option<Mailbox>,
    pub subject: Option<String>,
    pub to: Vec<String>,
}

/// A page without its wrappers.
#[derive(Debug, Default)]
pub(crate) struct Unwrapped {
    pub page: Page,
    /// From the outside in.
    pub layers: Vec<Layer>,
    /// Whether quoted text was cut off: an answer.
    pub was_answer: bool,
}

/// What stands before a subject: answers, forwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prefixes {
    pub is_reply: bool,
    pub is_forward: bool,
}

/// Takes `Re:` and `Fwd:` off a subject, in the words of several languages.
pub(crate) fn subject(subject: &str) -> (Prefixes, &str) {
    let replies = vocabulary::list("reply_prefixes");
    let mut prefixes = Prefixes::default();
    let mut rest = subject.trim();
    for round in 0..6 {
        // `[EXTERNAL]`, `[Spam]`
        if let Some(after) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).filter(|(inside, after)| {
            inside.len() < 20 && !after.trim().is_empty() && contacts::digits(inside).is_empty()
        }) {
            let folded = texts::fold(after.0);
            if matches!(folded.as_str(), "external" | "ext" | "spam" | "extern" | "caution" | "fwd" | "fw") {
                rest = after.1.trim_start();
                continue;
            }
        }
        let Some((head, after)) = rest.split_once([':', '：']) else { break };
        let head = texts::fold(cut(head, 40));
        let head = head
            .trim()
            .trim_end_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '[' | ']' | '(' | ')'));
        if replies.contains(&head) {
            prefixes.is_reply |= round == 0 || !prefixes.is_forward;
        } else if vocabulary::list("forward_prefixes").contains(&head) {
            prefixes.is_forward = true;
        } else {
            break;
        }
        rest = after.trim_start();
    }
    (prefixes, rest)
}

/// Unwraps what is forwarded within a page, and cuts off what it quotes.
pub(crate) fn unwrap(page: Page, prefixes: Prefixes) -> Unwrapped {
    let mut unwrapped = Unwrapped { page, ..Unwrapped::default() };
    let mut prefixes = prefixes;
    for _ in 0..limits::MAX_FORWARDS {
        let Some(block) = find(&unwrapped.page) else { break };
        let above = unwrapped.page.lines[..block.start]
            .iter()
            .filter(|line| !line.is_hidden)
            .map(|line| line.text.len())
            .sum::<usize>();
        let is_answer = prefixes.is_reply && !block.says_forward && !(prefixes.is_forward && above == 0)
            || !prefixes.is_forward && !block.says_forward && above > 0 && (block.says_original || above > 400);
        if is_answer {
            if above > 0 {
                unwrapped.page = unwrapped.page.slice(0, block.start);
            }
            unwrapped.was_answer = true;
            break;
        }
        let end = quoted_end(&unwrapped.page, block.body);
        unwrapped.page = unwrapped.page.slice(block.body, end);
        if let Some(subject) = &block.layer.subject {
            prefixes = self::subject(subject).0;
        }
        unwrapped.layers.push(block.layer);
    }
    // What the forwarder signs below.
    if !unwrapped.layers.is_empty() {
        let lines = &unwrapped.page.lines;
        let delimiter =
            lines.iter().rposition(|line| line.text.trim() == "--").filter(|at| *at > 0 && lines.len() - at <= 10);
        if let Some(at) = delimiter {
            unwrapped.page = unwrapped.page.slice(0, at);
        }
    }
    if let Some(at) = attribution(&unwrapped.page) {
        let above = unwrapped.page.lines[..at].iter().any(|line| !line.is_hidden);
        if above {
            unwrapped.page = unwrapped.page.slice(0, at);
            unwrapped.was_answer = true;
        }
    }
    unwrapped
}

fn quoted_end(page: &Page, body: usize) -> usize {
    let Some(first) = page.lines.get(body) else { return page.lines.len() };
    let marker_quotes = if body > 0 { page.lines[body - 1].quotes } else { 0 };
    let quotes = first.quotes.min(marker_quotes);
    (body..page.lines.len()).find(|at| page.lines[*at].quotes < quotes).unwrap_or(page.lines.len())
}

struct Block {
    /// The marker, or the first header.
    start: usize,
    /// The first line of the message within.
    body: usize,
    layer: Layer,
    says_forward: bool,
    says_original: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    From,
    ReplyTo,
    Date,
    Subject,
    To,
    Other,
}

fn find(page: &Page) -> Option<Block> {
    let mut marker: Option<(usize, bool)> = None;
    for index in 0..page.lines.len() {
        let text = page.lines[index].text.as_str();
        if let Some(is_forward) = marks(text) {
            marker = Some((index, is_forward));
            continue;
        }
        if key(text).is_none() {
            continue;
        }
        let near = marker.filter(|(at, _)| index - at <= 3);
        if let Some((body, layer)) = block(page, index, near.is_some()) {
            let rule = index.checked_sub(1).filter(|before| is_rule(&page.lines[*before].text));
            let start = near.map(|(at, _)| at).or(rule).unwrap_or(index);
            return Some(Block {
                start,
                body,
                layer,
                says_forward: near.is_some_and(|(_, is_forward)| is_forward),
                says_original: near.is_some_and(|(_, is_forward)| !is_forward),
            });
        }
    }
    None
}

fn is_rule(text: &str) -> bool {
    text.len() >= 5 && text.chars().all(|letter| matches!(letter, '_' | '-' | '=' | ' '))
}

/// Whether a line says that a forward (true) or an original message (false) begins.
fn marks(text: &str) -> Option<bool> {
    if text.len() > 200 {
        return None;
    }
    let folded = texts::fold(text);
    let folded = folded.trim_matches(|letter: char| !letter.is_alphanumeric());
    let has = |words: &[&str]| words.iter().any(|word| folded.starts_with(word));
    let is_short = folded.len() < 80;
    if is_short && has(vocabulary::list("forward_marks")) {
        return Some(true);
    }
    (is_short
        && has(vocabulary::list("original_marks"))
        && (text.contains("--") || text.trim_end().ends_with(':') || folded.len() < 30))
        .then_some(false)
}

fn key(text: &str) -> Option<(Key, &str)> {
    let text = text.trim_start_matches(['*', ' ', super::pages::SEAM]);
    let head = cut(text, 60);
    let colon = head.find([':', '：'])?;
    let label = texts::fold(head[..colon].trim_end_matches(['*', ' ']));
    let mark = head[colon..].chars().next().map_or(1, char::len_utf8);
    let value = text[colon + mark..]
        .trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, '*' | super::pages::SEAM));
    let key = match label.trim() {
        "from" | "de" | "von" | "da" | "van" | "fran" | "fra" | "od" | "от" | "от кого" | "发件人" | "寄件者"
        | "寄件人" | "差出人" | "送信者" | "보낸사람" | "보낸 사람" | "kimden" | "lahettaja" | "felado"
        | "remitente" | "expediteur" | "mittente" | "remetente" | "afzender" => Key::From,
        "reply to" | "responder a" | "antwort an" | "repondre a" | "rispondi a" | "antwoord aan" | "返信先"
        | "回复" | "답장" | "responder para" => Key::ReplyTo,
        "date"
        | "sent"
        | "fecha"
        | "enviado"
        | "enviado el"
        | "datum"
        | "gesendet"
        | "envoye"
        | "data"
        | "inviato"
        | "verzonden"
        | "dato"
        | "sendt"
        | "skickat"
        | "wyslano"
        | "дата"
        | "отправлено"
        | "发送时间"
        | "日期"
        | "发送日期"
        | "寄件日期"
        | "日付"
        | "日時"
        | "送信日時"
        | "보낸날짜"
        | "날짜"
        | "tarih"
        | "wann"
        | "enviada em"
        | "enviado em"
        | "enviada"
        | "sent at" => Key::Date,
        "subject" | "asunto" | "betreff" | "objet" | "oggetto" | "assunto" | "onderwerp" | "amne" | "emne"
        | "temat" | "тема" | "主题" | "主旨" | "件名" | "제목" | "konu" | "aihe" | "targy" | "sujet" => {
            Key::Subject
        }
        "to" | "para" | "an" | "a" | "aan" | "till" | "til" | "do" | "кому" | "收件人" | "收件者" | "宛先"
        | "받는사람" | "받는 사람" | "kime" => Key::To,
        "cc" | "kopie" | "copie" | "bcc" | "抄送" | "importance" | "prioridad" | "attachments" | "organization"
        | "resent from" | "copia" => Key::Other,
        _ => return None,
    };
    Some((key, value))
}

/// The headers that begin at line `index`, and where they end.
fn block(page: &Page, index: usize, is_marked: bool) -> Option<(usize, Layer)> {
    let mut layer = Layer::default();
    let (mut has_date, mut count, mut at) = (false, 0, index);
    let mut seen_from = false;
    while at < page.lines.len().min(index + 24) {
        let line = &page.lines[at];
        let Some((key, value)) = key(&line.text) else {
            // A header that goes on; but a gap, or markup, ends them.
            if line.is_after_gap || page.is_html && line.cell.is_none() || count == 0 || line.text.len() > 100 {
                break;
            }
            at += 1;
            continue;
        };
        if line.is_after_gap && count >= 3 && at > index && !page.is_html && layer.from.is_some() {
            break;
        }
        let (mut value, mut place) = (super::pages::without_seams(value), at);
        if value.is_empty()
            && let Some(next) = page.lines.get(at + 1).filter(|next| self::key(&next.text).is_none())
        {
            value = next.plain();
            place = at + 1;
        }
        match key {
            Key::From => {
                if seen_from {
                    break;
                }
                seen_from = true;
                // The address may stand in the next line.
                let mut found = mailbox(page, place, &value);
                if found.as_ref().is_some_and(|found| found.address.is_empty())
                    && let Some(next) = page
                        .lines
                        .get(place + 1)
                        .filter(|next| self::key(&next.text).is_none() && next.text.contains('@'))
                {
                    found = mailbox(page, place + 1, &format!("{value} {}", next.plain()));
                }
                layer.from = found;
            }
            Key::ReplyTo => layer.reply_to = mailbox(page, place, &value).filter(|mailbox| !mailbox.address.is_empty()),
            Key::Subject => {
                let mut subject = value;
                // A long subject that the mail program broke.
                if !page.is_html
                    && let Some(next) = page
                        .lines
                        .get(place + 1)
                        .filter(|next| !next.is_after_gap && self::key(&next.text).is_none() && next.text.len() < 80)
                {
                    subject = format!("{subject} {}", next.plain().trim());
                }
                layer.subject = Some(subject);
            }
            Key::Date => has_date = true,
            Key::To => {
                layer.to.extend(contacts::emails(&value).map(str::to_owned));
                layer
                    .to
                    .extend(page.links_of(place).filter_map(|link| link.strip_prefix("mailto:")).map(str::to_owned));
            }
            Key::Other => {}
        }
        count += 1;
        at = place + 1;
    }
    let is_block = seen_from
        && count >= 2
        && (is_marked || count >= 3 && has_date && (layer.subject.is_some() || !layer.to.is_empty()));
    is_block.then_some((at, layer))
}

fn mailbox(page: &Page, line: usize, value: &str) -> Option<Mailbox> {
    let address = contacts::emails(value).last().map(str::to_owned);
    let linked = || {
        page.links_of(line)
            .find_map(|link| link.strip_prefix("mailto:"))
            .map(|link| link.split('?').next().unwrap_or(link).to_owned())
    };
    let name = match &address {
        Some(address) => value.split(address.as_str()).next().unwrap_or_default(),
        None => value,
    };
    let name = name.split(['<', '[']).next().unwrap_or_default().trim().trim_matches(['"', '\'', '*', ',', '(']).trim();
    let name = if name.contains('@') { "" } else { name };
    let address = address.or_else(linked).unwrap_or_default();
    (!address.is_empty() || !name.is_empty()).then(|| Mailbox { name: cut(name, 200).to_owned(), address })
}

/// The line that introduces what an answer quotes: `On …, X wrote:`.
fn attribution(page: &Page) -> Option<usize> {
    for (index, line) in page.lines.iter().enumerate() {
        let text = line.text.trim_end();
        if text.len() > 300 || !text.ends_with([':', '：']) && !text.ends_with("wrote") {
            continue;
        }
        let folded = texts::fold(text);
        let folded = folded.trim_end_matches([':', '：', ' ', '>']);
        if !vocabulary::list("attribution_ends").iter().any(|end| folded.ends_with(end)) {
            continue;
        }
        if vocabulary::list("attribution_starts").iter().any(|start| folded.starts_with(start))
            && (folded.contains('@') || folded.chars().any(|letter| letter.is_ascii_digit()))
        {
            return Some(index);
        }
        // Broken in two.
        let before = index.checked_sub(1).map(|before| texts::fold(cut(&page.lines[before].text, 300)));
        if before.is_some_and(|before| {
            vocabulary::list("attribution_starts").iter().any(|start| before.starts_with(start))
                && before.chars().any(|letter| letter.is_ascii_digit())
        }) {
            return Some(index - 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unwrapped(text: &str, title: &str) -> Unwrapped {
        unwrap(Page::of_text(text, false), subject(title).0)
    }

    #[test]
    fn forwards_of_many_programs_are_unwrapped() {
        for text in [
            "FYI\n\n---------- Forwarded message ---------\nFrom: Jane Doe <jane@x.example>\nDate: Sat, Nov 28, 2026 at 10:00 AM\nSubject: Hi\nTo: <agent@y.example>\n\n\nbody here",
            "Begin forwarded message:\n\n> From: Jane Doe <jane@x.example>\n> Subject: Hi\n> Date: November 28, 2026\n> To: agent@y.example\n> Reply-To: jane@z.example\n>\n> body here\n\nSent from my iPhone",
            "________________________________\nFrom: Jane Doe <jane@x.example>\nSent: Saturday\nTo: Agent <agent@y.example>\nSubject: Hi\n\nbody here",
            "-----Ursprüngliche Nachricht-----\nVon: Jane Doe [mailto:jane@x.example]\nGesendet: Samstag\nAn: Agent\nBetreff: Hi\n\nbody here",
        ] {
            let found = unwrapped(text, "Fwd: Hi");
            assert_eq!(found.page.text(1_000).trim(), "body here", "{text}");
            let from = found.layers[0].from.clone().unwrap();
            assert_eq!((from.name.as_str(), from.address.as_str()), ("Jane Doe", "jane@x.example"), "{text}");
        }
    }

    #[test]
    fn a_form_is_no_forward() {
        let found = unwrapped("From: Jane Doe <jane@x.example>\nSubject: Question\n\nMessage Body:\nHi", "Question");
        assert!(found.layers.is_empty());
    }

    #[test]
    fn answers_lose_what_they_quote() {
        let found =
            unwrapped("Yes, Monday.\n\nOn Sat, Nov 28, 2026 at 9:00 AM Agent <a@y.example>\nwrote:\n> When?", "Re: Hi");
        assert_eq!(found.page.text(100), "Yes, Monday.");
        assert!(found.was_answer);
    }
}
