//! Posts: what an agent writes for their website, in Markdown. A draft is seen by its agent alone.

use db::{Row, Tx, params};

use crate::{
    AgentId, Crm, Error, FieldError,
    choices::choices,
    clock::UnixMillis,
    idempotency::{Answer, Once},
    ids::PostId,
    values::Slug,
    websites::LANGUAGES,
};

/// The most posts of an agent.
pub const MOST: i64 = 2_000;
/// The most characters of a title.
pub const LONGEST_TITLE: usize = 150;
/// The most characters of a text.
pub const LONGEST_TEXT: usize = 60_000;

choices! {
    /// Who sees a post: its agent, or everybody.
    PostStatus {
        Draft = "draft",
        Published = "published",
    }
}

/// A post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The id.
    pub id: PostId,
    /// The last part of its address, unique among its agent's.
    pub slug: String,
    /// What it is called.
    pub title: String,
    /// The tag of the language that it is written in.
    pub language: String,
    /// Markdown.
    pub text: String,
    /// Who sees it.
    pub status: PostStatus,
    /// When it was first published.
    pub published_at: Option<UnixMillis>,
    /// When it last changed.
    pub updated_at: UnixMillis,
}

/// A post as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedPost {
    /// What it is called.
    pub title: String,
    /// The last part of its address; a new post's is made from the title where it is blank, and an old one's stays.
    pub slug: String,
    /// The tag of its language.
    pub language: String,
    /// Markdown.
    pub text: String,
}

/// The same, checked.
#[derive(Clone)]
struct Words {
    title: String,
    slug: Option<Slug>,
    language: String,
    text: String,
}

fn check(typed: &TypedPost) -> Result<Words, Error> {
    let mut wrong = Vec::new();
    let mut note = |field: &str, message: String| wrong.push(FieldError { field: field.to_owned(), message });
    let title = typed.title.trim();
    match title.chars().count() {
        0 => note("title", String::from("is missing")),
        1..=LONGEST_TITLE => {}
        _ => note("title", format!("must have at most {LONGEST_TITLE} characters")),
    }
    let text = typed.text.trim();
    match text.chars().count() {
        0 => note("text", String::from("is missing")),
        1..=LONGEST_TEXT => {}
        _ => note("text", format!("must have at most {LONGEST_TEXT} characters")),
    }
    if !LANGUAGES.contains(&typed.language.as_str()) {
        note("language", String::from("must be one of those that there are"));
    }
    let slug = match typed.slug.trim() {
        "" => None,
        slug => {
            let parsed = Slug::parse(slug);
            if let Err(message) = parsed {
                note("slug", message.to_owned());
            }
            parsed.ok()
        }
    };
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    Ok(Words { title: title.to_owned(), slug, language: typed.language.clone(), text: text.to_owned() })
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, slug, title, language, text, status, published_at, updated_at FROM posts", $rest)
    };
}

fn from_row(row: &Row<'_>) -> Result<Post, db::DbError> {
    Ok(Post {
        id: row.get(0)?,
        slug: row.get(1)?,
        title: row.get(2)?,
        language: row.get(3)?,
        text: row.get(4)?,
        status: row.get(5)?,
        published_at: row.get::<Option<i64>>(6)?.map(UnixMillis),
        updated_at: UnixMillis(row.get(7)?),
    })
}

fn find(tx: &mut Tx<'_>, agent: AgentId, id: PostId) -> Result<Post, Error> {
    tx.query_opt(select!(" WHERE agent_id = $1 AND id = $2"), params![&agent, &id], from_row)?.ok_or(Error::NotFound)
}

fn is_taken(tx: &mut Tx<'_>, agent: AgentId, slug: &Slug, by_other_than: Option<PostId>) -> Result<bool, Error> {
    let sql = "SELECT id FROM posts WHERE agent_id = $1 AND slug = $2";
    let found = tx.query_opt(sql, params![&agent, slug.as_str()], |row| row.get::<PostId>(0))?;
    Ok(found.is_some_and(|id| Some(id) != by_other_than))
}

/// The outcome of [`create`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Created {
    /// The new post's id.
    pub id: PostId,
}

/// Makes a post, as a draft.
///
/// # Errors
/// [`Error::Invalid`] with every wrong field, and where there are [`MOST`]; storage's errors.
pub async fn create(
    crm: &Crm,
    agent: AgentId,
    typed: &TypedPost,
    once: Option<Once>,
) -> Result<Answer<Created>, Error> {
    let words = check(typed)?;
    crm.change_once("posts.create", agent, once, move |tx, turn| {
        let count = "SELECT COUNT(*) FROM posts WHERE agent_id = $1";
        if tx.query_one(count, params![&agent], |row| row.get::<i64>(0))? >= MOST {
            return Err(Error::invalid("title", "must wait: there are 2,000 posts; delete one first"));
        }
        let slug = match &words.slug {
            Some(slug) if is_taken(tx, agent, slug, None)? => {
                return Err(Error::invalid("slug", "is taken by another of your posts"));
            }
            Some(slug) => slug.clone(),
            None => free_slug(tx, agent, &Slug::from_text(&words.title, "post"))?,
        };
        let id = PostId(turn.next_id());
        tx.execute(
            "INSERT INTO posts (agent_id, id, slug, title, language, text, status, published_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8)",
            params![
                &agent,
                &id,
                slug.as_str(),
                &words.title,
                &words.language,
                &words.text,
                PostStatus::Draft,
                turn.now.0
            ],
        )?;
        Ok(Created { id })
    })
    .await
}

fn free_slug(tx: &mut Tx<'_>, agent: AgentId, slug: &Slug) -> Result<Slug, Error> {
    for n in 1..=u32::try_from(MOST).unwrap_or(u32::MAX) {
        let numbered = slug.numbered(n);
        if !is_taken(tx, agent, &numbered, None)? {
            return Ok(numbered);
        }
    }
    Err(Error::invalid("slug", "is taken by too many posts; give another"))
}

/// Changes a post's words, if `precondition` holds of it. A blank slug stays what it is.
///
/// # Errors
/// [`Error::Invalid`] with every wrong field; [`Error::NotFound`], [`Error::PreconditionFailed`].
pub async fn update<P>(crm: &Crm, agent: AgentId, id: PostId, typed: &TypedPost, precondition: P) -> Result<(), Error>
where
    P: Fn(&Post) -> bool + Send + 'static,
{
    let words = check(typed)?;
    crm.change("posts.update", agent, move |tx, turn| {
        let held = find(tx, agent, id)?;
        if !precondition(&held) {
            return Err(Error::PreconditionFailed);
        }
        let slug = match &words.slug {
            Some(slug) if is_taken(tx, agent, slug, Some(id))? => {
                return Err(Error::invalid("slug", "is taken by another of your posts"));
            }
            Some(slug) => slug.as_str(),
            None => held.slug.as_str(),
        };
        let sql = "UPDATE posts SET slug = $3, title = $4, language = $5, text = $6, updated_at = $7
                   WHERE agent_id = $1 AND id = $2";
        let now = turn.now.max(held.updated_at).0;
        tx.execute(sql, params![&agent, &id, slug, &words.title, &words.language, &words.text, now])?;
        Ok(())
    })
    .await
}

/// Shows a post to everybody, or to its agent alone.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn set_status(crm: &Crm, agent: AgentId, id: PostId, status: PostStatus) -> Result<(), Error> {
    crm.change("posts.set_status", agent, move |tx, turn| {
        let held = find(tx, agent, id)?;
        let first = (status == PostStatus::Published).then_some(turn.now);
        let published_at = held.published_at.or(first);
        let sql = "UPDATE posts SET status = $3, published_at = $4, updated_at = $5 WHERE agent_id = $1 AND id = $2";
        let now = turn.now.max(held.updated_at).0;
        tx.execute(sql, params![&agent, &id, status, published_at.map(|at| at.0), now])?;
        Ok(())
    })
    .await
}

/// Deletes a post for good.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn delete(crm: &Crm, agent: AgentId, id: PostId) -> Result<(), Error> {
    crm.change("posts.delete", agent, move |tx, _| {
        match tx.execute("DELETE FROM posts WHERE agent_id = $1 AND id = $2", params![&agent, &id])? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    })
    .await
}

/// A post of the agent's, be it a draft.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(crm: &Crm, agent: AgentId, id: PostId) -> Result<Post, Error> {
    crm.db.read("posts.get", move |tx| find(tx, agent, id)).await
}

/// The post that visitors find under a slug.
///
/// # Errors
/// [`Error::NotFound`] where there is none, or a draft.
pub async fn get_published(crm: &Crm, agent: AgentId, slug: &str) -> Result<Post, Error> {
    let slug = slug.to_owned();
    crm.db
        .read("posts.get_published", move |tx| {
            let sql = select!(" WHERE agent_id = $1 AND slug = $2");
            let found = tx.query_opt(sql, params![&agent, &slug], from_row)?;
            found.filter(|post| post.status == PostStatus::Published).ok_or(Error::NotFound)
        })
        .await
}

/// The agent's posts, the newest first, drafts included; those before one where it is given.
///
/// # Errors
/// Storage's errors.
pub async fn list(crm: &Crm, agent: AgentId, before: Option<PostId>, limit: u32) -> Result<Vec<Post>, Error> {
    crm.db
        .read("posts.list", move |tx| {
            let posts = match &before {
                None => tx.query(
                    select!(" WHERE agent_id = $1 ORDER BY id DESC LIMIT $2"),
                    params![&agent, limit],
                    from_row,
                )?,
                Some(before) => tx.query(
                    select!(" WHERE agent_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"),
                    params![&agent, before, limit],
                    from_row,
                )?,
            };
            Ok::<_, Error>(posts)
        })
        .await
}

/// Those that everybody sees, the latest first; those before an instant and a post where they are given.
///
/// # Errors
/// Storage's errors.
pub async fn list_published(
    crm: &Crm,
    agent: AgentId,
    before: Option<(UnixMillis, PostId)>,
    limit: u32,
) -> Result<Vec<Post>, Error> {
    crm.db
        .read("posts.list_published", move |tx| {
            let status = PostStatus::Published;
            let posts = match &before {
                None => tx.query(
                    select!(" WHERE agent_id = $1 AND status = $2 ORDER BY published_at DESC, id DESC LIMIT $3"),
                    params![&agent, status, limit],
                    from_row,
                )?,
                Some((at, id)) => tx.query(
                    select!(
                        " WHERE agent_id = $1 AND status = $2 AND (published_at, id) < ($3, $4)
                         ORDER BY published_at DESC, id DESC LIMIT $5"
                    ),
                    params![&agent, status, at.0, id, limit],
                    from_row,
                )?,
            };
            Ok::<_, Error>(posts)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_is_told_at_once() {
        let wrong = TypedPost { title: String::from(" "), slug: String::from("No"), ..TypedPost::default() };
        let Err(Error::Invalid(errors)) = check(&wrong).map(|_| ()) else { panic!("refused") };
        let fields = errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>();
        assert_eq!(fields, ["title", "text", "language", "slug"]);
    }
}
