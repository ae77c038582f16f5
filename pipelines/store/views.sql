-- Views over a data folder, for DuckDB 1.4 or newer. In any client:
--
--     SET VARIABLE data = '/where/the/data/is';
--     .read views.sql
--
-- `copydesk sql` and `pipelines.store.connect` do the same. The views follow the folder: a later query sees later commits. Only a
-- table that has no file yet stays empty until the views are loaded again. The columns are described in data/README.md.

-- Tables: each begins with no row of the documented columns, so that it has them over old files and over none.

SET VARIABLE articles_files = CASE WHEN EXISTS (FROM glob(getvariable('data') || '/articles/**/*.parquet')) THEN
    'UNION ALL BY NAME FROM read_parquet(getvariable(''data'') || ''/articles/**/*.parquet'', union_by_name = true, hive_partitioning = true, hive_types = {''date'': DATE})'
    ELSE '' END;
CREATE OR REPLACE VIEW articles AS FROM query('SELECT unnest(NULL::STRUCT(
        article_id VARCHAR, version INTEGER, content_hash VARCHAR, url VARCHAR, canonical_url VARCHAR, host VARCHAR, publisher VARCHAR,
        language VARCHAR, title VARCHAR, lead VARCHAR, text VARCHAR, authors VARCHAR[], published_at TIMESTAMPTZ, published_at_source
        VARCHAR, modified_at TIMESTAMPTZ, section VARCHAR, tags VARCHAR[], images STRUCT("url" VARCHAR, "caption" VARCHAR)[], source_name
        VARCHAR, source_url VARCHAR, credits VARCHAR[], dateline VARCHAR, declarations STRUCT("kind" VARCHAR, "value" VARCHAR, "where"
        VARCHAR, "language" VARCHAR)[], removed STRUCT("kind" VARCHAR, "text" VARCHAR)[], n_chars INTEGER, rights VARCHAR, fetched_at
        TIMESTAMPTZ, run_id VARCHAR, extractor VARCHAR, cleaner VARCHAR, archive_file VARCHAR, archive_offset BIGINT, duplicate_of VARCHAR,
        duplicate_kind VARCHAR, story_id VARCHAR, commit_id VARCHAR, date DATE
    )) WHERE false ' || getvariable('articles_files'));

SET VARIABLE copies_files = CASE WHEN EXISTS (FROM glob(getvariable('data') || '/copies/**/*.parquet')) THEN
    'UNION ALL BY NAME FROM read_parquet(getvariable(''data'') || ''/copies/**/*.parquet'', union_by_name = true, hive_partitioning = true, hive_types = {''date'': DATE})'
    ELSE '' END;
CREATE OR REPLACE VIEW copies AS FROM query('SELECT unnest(NULL::STRUCT(
        article_id VARCHAR, of_article_id VARCHAR, kind VARCHAR, similarity DOUBLE, containment DOUBLE, containment_of DOUBLE, score DOUBLE,
        evidence STRUCT("name" VARCHAR, "value" VARCHAR)[], decided_at TIMESTAMPTZ, run_id VARCHAR, method VARCHAR, commit_id VARCHAR, date
        DATE
    )) WHERE false ' || getvariable('copies_files'));

SET VARIABLE pages_files = CASE WHEN EXISTS (FROM glob(getvariable('data') || '/pages/**/*.parquet')) THEN
    'UNION ALL BY NAME FROM read_parquet(getvariable(''data'') || ''/pages/**/*.parquet'', union_by_name = true, hive_partitioning = true, hive_types = {''date'': DATE})'
    ELSE '' END;
CREATE OR REPLACE VIEW pages AS FROM query('SELECT unnest(NULL::STRUCT(
        url VARCHAR, requested_url VARCHAR, publisher VARCHAR, status INTEGER, content_type VARCHAR, n_bytes BIGINT, fetched_at TIMESTAMPTZ,
        outcome VARCHAR, reason VARCHAR, run_id VARCHAR, article_id VARCHAR, version INTEGER, archive_file VARCHAR, archive_offset BIGINT,
        seconds DOUBLE, commit_id VARCHAR, date DATE
    )) WHERE false ' || getvariable('pages_files'));

SET VARIABLE runs_files = CASE WHEN EXISTS (FROM glob(getvariable('data') || '/runs/*.parquet')) THEN
    'UNION ALL BY NAME FROM read_parquet(getvariable(''data'') || ''/runs/*.parquet'', union_by_name = true)'
    ELSE '' END;
CREATE OR REPLACE VIEW runs AS FROM query('SELECT unnest(NULL::STRUCT(
        run_id VARCHAR, command VARCHAR, status VARCHAR, exit_code INTEGER, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, n_pages BIGINT,
        n_articles BIGINT, outcomes STRUCT("name" VARCHAR, "value" BIGINT)[], copies STRUCT("name" VARCHAR, "value" BIGINT)[], versions
        STRUCT("name" VARCHAR, "value" VARCHAR)[], parameters STRUCT("name" VARCHAR, "value" VARCHAR)[], durations STRUCT("name" VARCHAR,
        "value" DOUBLE)[], message VARCHAR, commit_id VARCHAR
    )) WHERE false ' || getvariable('runs_files'));

SET VARIABLE stories_files = CASE WHEN EXISTS (FROM glob(getvariable('data') || '/stories/*.parquet')) THEN
    'UNION ALL BY NAME SELECT * EXCLUDE (file) FROM read_parquet(getvariable(''data'') || ''/stories/*.parquet'', union_by_name = true, filename = ''file'') WHERE file = (SELECT max(file) FROM glob(getvariable(''data'') || ''/stories/*.parquet''))'
    ELSE '' END;
CREATE OR REPLACE VIEW stories AS FROM query('SELECT unnest(NULL::STRUCT(
        article_id VARCHAR, story_id VARCHAR, canonical_id VARCHAR, is_canonical BOOLEAN, reason VARCHAR, original_id VARCHAR,
        first_published_at TIMESTAMPTZ, delay DOUBLE, n_articles INTEGER, languages VARCHAR[], attributed BOOLEAN
    )) WHERE false ' || getvariable('stories_files'));

-- Derived

-- The current version of each article.
CREATE OR REPLACE VIEW articles_latest AS
SELECT articles.*
FROM articles
SEMI JOIN (SELECT article_id, max(version) AS version FROM articles GROUP BY article_id) AS last
    ON articles.article_id = last.article_id AND articles.version = last.version;

-- One row per story: its canonical article, with what the story adds. This is the deduplicated set to work with.
CREATE OR REPLACE VIEW clean AS
SELECT
    a.* EXCLUDE (story_id),
    s.story_id,
    s.reason AS canonical_reason,
    s.original_id,
    s.first_published_at,
    s.n_articles,
    s.languages
FROM articles_latest AS a
JOIN stories AS s ON s.article_id = a.article_id
WHERE s.is_canonical;

-- The relations that stand, one row per pair: a later row of a pair supersedes, and `refuted` takes back.
CREATE OR REPLACE VIEW copies_with_titles AS
WITH standing AS (
    SELECT *
    FROM copies
    QUALIFY row_number() OVER (
        PARTITION BY least(article_id, of_article_id), greatest(article_id, of_article_id)
        ORDER BY decided_at DESC, commit_id DESC
    ) = 1
),
named AS (
    SELECT article_id, title, url, host, coalesce(nullif(publisher, ''), host) AS publisher, language, published_at
    FROM articles_latest
)
SELECT
    c.article_id,
    c.of_article_id,
    c.kind,
    c.similarity,
    c.containment,
    c.containment_of,
    c.score,
    a.title,
    o.title AS of_title,
    a.url,
    o.url AS of_url,
    a.publisher,
    o.publisher AS of_publisher,
    a.language,
    o.language AS of_language,
    a.published_at,
    o.published_at AS of_published_at,
    epoch(a.published_at) - epoch(o.published_at) AS delay,
    c.evidence,
    c.method,
    c.decided_at,
    c.run_id
FROM standing AS c
JOIN named AS a ON a.article_id = c.article_id
JOIN named AS o ON o.article_id = c.of_article_id
WHERE c.kind <> 'refuted';

-- Who republishes whom: each article that is not its story's original counts once. Delays in seconds.
CREATE OR REPLACE VIEW syndication AS
SELECT
    coalesce(nullif(o.publisher, ''), o.host) AS from_publisher,
    coalesce(nullif(a.publisher, ''), a.host) AS to_publisher,
    count(*) AS n_articles,
    count(*) FILTER (a.language IS DISTINCT FROM o.language) AS n_other_language,
    count(*) FILTER (s.attributed) AS n_attributed,
    median(s.delay) AS median_delay
FROM stories AS s
JOIN articles_latest AS a ON a.article_id = s.article_id
JOIN articles_latest AS o ON o.article_id = s.original_id
WHERE s.article_id <> s.original_id
GROUP BY ALL
ORDER BY n_articles DESC, from_publisher, to_publisher;

-- What there is in each language.
CREATE OR REPLACE VIEW languages AS
SELECT
    a.language,
    count(*) AS n_articles,
    count(*) FILTER (s.is_canonical) AS n_canonical,
    count(*) FILTER (s.original_id <> a.article_id) AS n_copies,
    count(DISTINCT coalesce(nullif(a.publisher, ''), a.host)) AS n_publishers,
    min(a.published_at) AS first_published_at,
    max(a.published_at) AS last_published_at
FROM articles_latest AS a
LEFT JOIN stories AS s ON s.article_id = a.article_id
GROUP BY a.language
ORDER BY n_articles DESC, a.language;
