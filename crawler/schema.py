"""The tables of ``state.sqlite``, and how an older file becomes one of today."""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS urls (
    site TEXT NOT NULL,
    key TEXT NOT NULL,
    url TEXT NOT NULL,
    state TEXT NOT NULL,
    rank INTEGER NOT NULL DEFAULT 0,
    announced TEXT,
    updated INTEGER,
    via TEXT,
    source TEXT,
    hops TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    run TEXT,
    at INTEGER NOT NULL DEFAULT 0,
    captured INTEGER,
    edited INTEGER,
    watch TEXT,
    next INTEGER,
    lane TEXT,
    verdict TEXT,
    alike TEXT,
    PRIMARY KEY (site, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS urls_due ON urls (site, rank DESC) WHERE state = 'due';
CREATE INDEX IF NOT EXISTS urls_further ON urls (site, rank DESC) WHERE state = 'due' AND source = 'further';
CREATE INDEX IF NOT EXISTS urls_next ON urls (site, next) WHERE next IS NOT NULL OR state = 'due';
CREATE INDEX IF NOT EXISTS urls_watched ON urls (site) WHERE watch IS NOT NULL;
CREATE INDEX IF NOT EXISTS urls_ahead ON urls (site, at) WHERE state = 'due' AND at > 0;
CREATE INDEX IF NOT EXISTS urls_captured ON urls (captured, site, source) WHERE captured IS NOT NULL;
CREATE INDEX IF NOT EXISTS urls_shut ON urls (site, at) WHERE state = 'disallowed' AND lane IS NOT NULL;
CREATE INDEX IF NOT EXISTS urls_backfill ON urls (site, lane, tries, rank DESC) WHERE state = 'backfill';
CREATE INDEX IF NOT EXISTS urls_judged ON urls (site, captured DESC) WHERE verdict IS NOT NULL;
CREATE INDEX IF NOT EXISTS urls_alike ON urls (site, alike) WHERE alike IS NOT NULL;
CREATE INDEX IF NOT EXISTS urls_absent ON urls (captured, site) WHERE verdict = 'soft-404';
CREATE TABLE IF NOT EXISTS phases (
    site TEXT NOT NULL,
    state TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (site, state)
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS phases_more AFTER INSERT ON urls BEGIN
    INSERT INTO phases VALUES (new.site, new.state, 1) ON CONFLICT (site, state) DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER IF NOT EXISTS phases_other AFTER UPDATE OF state ON urls WHEN old.state != new.state BEGIN
    UPDATE phases SET number = number - 1 WHERE site = old.site AND state = old.state;
    INSERT INTO phases VALUES (new.site, new.state, 1) ON CONFLICT (site, state) DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER IF NOT EXISTS phases_less AFTER DELETE ON urls BEGIN
    UPDATE phases SET number = number - 1 WHERE site = old.site AND state = old.state;
END;
CREATE TABLE IF NOT EXISTS twins (
    site TEXT NOT NULL,
    key TEXT NOT NULL,
    form TEXT NOT NULL,
    own TEXT NOT NULL,
    url TEXT NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (site, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS twins_own ON twins (site, own);
CREATE TABLE IF NOT EXISTS absences (
    site TEXT PRIMARY KEY,
    url TEXT,
    asked INTEGER NOT NULL DEFAULT 0,
    capture TEXT,
    status INTEGER,
    compared INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS backfills (
    site TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    until INTEGER,
    begun INTEGER NOT NULL,
    started INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shelves (
    site TEXT NOT NULL,
    key TEXT NOT NULL,
    url TEXT NOT NULL,
    kind TEXT NOT NULL,
    lane TEXT NOT NULL,
    rank INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    via TEXT,
    hops TEXT NOT NULL,
    oldest INTEGER,
    shown TEXT NOT NULL DEFAULT '',
    gap INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'due',
    tries INTEGER NOT NULL DEFAULT 0,
    at INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (site, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shelves_due ON shelves (site, lane, tries, rank DESC) WHERE state = 'due';
CREATE TABLE IF NOT EXISTS lanes (
    site TEXT NOT NULL,
    lane TEXT NOT NULL,
    shelves INTEGER NOT NULL DEFAULT 0,
    urls INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (site, lane)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS backfilled (
    site TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (site, outcome, reason)
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS backfilled_queued AFTER INSERT ON urls WHEN new.state = 'backfill' BEGIN
    INSERT INTO backfilled VALUES (new.site, 'queued', iif(new.source = 'redirect', 'redirect', ''), 1)
    ON CONFLICT (site, outcome, reason) DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER IF NOT EXISTS backfilled_one AFTER UPDATE OF state ON urls
WHEN old.state = 'backfill' AND new.state != 'backfill' BEGIN
    INSERT INTO backfilled VALUES (
        new.site, new.state,
        CASE
            WHEN new.state = 'due' THEN ''
            WHEN instr(new.reason, ':') > 0 THEN substr(new.reason, 1, instr(new.reason, ':') - 1)
            ELSE new.reason
        END, 1
    ) ON CONFLICT (site, outcome, reason) DO UPDATE SET number = number + 1;
END;
CREATE TABLE IF NOT EXISTS sources (
    site TEXT NOT NULL,
    url TEXT NOT NULL,
    kind TEXT NOT NULL,
    found TEXT NOT NULL,
    via TEXT,
    hops TEXT NOT NULL DEFAULT '',
    asked INTEGER NOT NULL,
    next INTEGER NOT NULL,
    every TEXT,
    memory TEXT NOT NULL,
    seen BLOB NOT NULL,
    PRIMARY KEY (site, url)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS visits (
    site TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    problem TEXT,
    failures INTEGER NOT NULL,
    rest INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hosts (
    host TEXT PRIMARY KEY,
    next INTEGER NOT NULL DEFAULT 0,
    rest INTEGER NOT NULL DEFAULT 0,
    strikes INTEGER NOT NULL DEFAULT 0,
    factor REAL NOT NULL DEFAULT 1,
    claim TEXT NOT NULL DEFAULT '',
    until INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS robots (
    origin TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tdmrep (
    origin TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keeping (site TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pages (
    site TEXT NOT NULL,
    key TEXT NOT NULL,
    capture TEXT NOT NULL,
    hops TEXT NOT NULL,
    at INTEGER NOT NULL,
    rank INTEGER NOT NULL DEFAULT 0,
    payload TEXT,
    unread INTEGER NOT NULL,
    number INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (site, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pages_unread ON pages (site, rank DESC) WHERE unread = 1;
CREATE TABLE IF NOT EXISTS requisites (
    site TEXT NOT NULL,
    key TEXT NOT NULL,
    url TEXT NOT NULL,
    host TEXT NOT NULL,
    kind TEXT NOT NULL,
    page TEXT NOT NULL,
    via TEXT NOT NULL,
    hops TEXT NOT NULL,
    rank INTEGER NOT NULL,
    place INTEGER NOT NULL,
    found INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL DEFAULT 0,
    next INTEGER NOT NULL DEFAULT 0,
    capture TEXT,
    unread INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (site, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS requisites_due ON requisites (site, rank DESC, place) WHERE state = 'due';
CREATE INDEX IF NOT EXISTS requisites_next ON requisites (site, next) WHERE state = 'due';
CREATE INDEX IF NOT EXISTS requisites_unread ON requisites (site) WHERE unread = 1;
CREATE INDEX IF NOT EXISTS requisites_by_key ON requisites (key);
CREATE INDEX IF NOT EXISTS requisites_by_page ON requisites (site, page);
CREATE TABLE IF NOT EXISTS requisite_days (
    site TEXT NOT NULL,
    day INTEGER NOT NULL,
    number INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    told INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (site, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS validators (
    site TEXT NOT NULL,
    url TEXT NOT NULL,
    capture TEXT NOT NULL,
    at INTEGER NOT NULL,
    etag TEXT,
    modified TEXT,
    PRIMARY KEY (site, url)
) WITHOUT ROWID;
"""

# What takes a file of schema n to schema n + 1, by n; run before the tables above, which are only made where missing. A
# step stays as it was written, whatever the tables become later.
UPGRADES: Final = (
    "",  # 0 was never written
    # When URLs were first captured and last edited, who follows them, when they are next.
    """
    ALTER TABLE urls ADD COLUMN captured INTEGER;
    ALTER TABLE urls ADD COLUMN edited INTEGER;
    ALTER TABLE urls ADD COLUMN watch TEXT;
    ALTER TABLE urls ADD COLUMN next INTEGER
    """,
    # What a backfill waits for, by host; and how many URLs are in each phase, without reading them all.
    """
    ALTER TABLE urls ADD COLUMN lane TEXT;
    CREATE TABLE phases (
        site TEXT NOT NULL,
        state TEXT NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (site, state)
    ) WITHOUT ROWID;
    INSERT INTO phases SELECT site, state, count(*) FROM urls GROUP BY site, state
    """,
    # What the cleaner said of the last capture.
    "ALTER TABLE urls ADD COLUMN verdict TEXT",
    # Which sites keep whole pages, since when; the pages; what they refer to; how much came on a day.
    """
    CREATE TABLE IF NOT EXISTS keeping (site TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS pages (
        site TEXT NOT NULL,
        key TEXT NOT NULL,
        capture TEXT NOT NULL,
        hops TEXT NOT NULL,
        at INTEGER NOT NULL,
        payload TEXT,
        unread INTEGER NOT NULL,
        number INTEGER NOT NULL DEFAULT 0,
        bytes INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (site, key)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS pages_unread ON pages (site, at DESC) WHERE unread = 1;
    CREATE TABLE IF NOT EXISTS requisites (
        site TEXT NOT NULL,
        key TEXT NOT NULL,
        url TEXT NOT NULL,
        host TEXT NOT NULL,
        kind TEXT NOT NULL,
        page TEXT NOT NULL,
        via TEXT NOT NULL,
        hops TEXT NOT NULL,
        rank INTEGER NOT NULL,
        place INTEGER NOT NULL,
        state TEXT NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,
        reason TEXT NOT NULL DEFAULT '',
        at INTEGER NOT NULL DEFAULT 0,
        next INTEGER NOT NULL DEFAULT 0,
        capture TEXT,
        unread INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (site, key)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS requisites_due ON requisites (site, rank DESC, place) WHERE state = 'due';
    CREATE INDEX IF NOT EXISTS requisites_next ON requisites (site, next) WHERE state = 'due';
    CREATE INDEX IF NOT EXISTS requisites_unread ON requisites (site) WHERE unread = 1;
    CREATE INDEX IF NOT EXISTS requisites_by_key ON requisites (key);
    CREATE INDEX IF NOT EXISTS requisites_by_page ON requisites (site, page);
    CREATE TABLE IF NOT EXISTS requisite_days (
        site TEXT NOT NULL,
        day INTEGER NOT NULL,
        number INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        told INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (site, day)
    ) WITHOUT ROWID
    """,
    # What its headline was, for pages that say that they are not there.
    "ALTER TABLE urls ADD COLUMN alike TEXT",
    # A phase, and tables, that a backfill needs; and what it brought is told from news.
    "DROP INDEX IF EXISTS urls_captured",
    # How many times its delay a host gets, which was a table of its own; and whose request is on its way, until when.
    """
    CREATE TABLE IF NOT EXISTS hosts (
        host TEXT PRIMARY KEY,
        next INTEGER NOT NULL DEFAULT 0,
        rest INTEGER NOT NULL DEFAULT 0,
        strikes INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS paces (
        host TEXT PRIMARY KEY,
        factor REAL NOT NULL
    ) WITHOUT ROWID;
    ALTER TABLE hosts ADD COLUMN factor REAL NOT NULL DEFAULT 1;
    ALTER TABLE hosts ADD COLUMN claim TEXT NOT NULL DEFAULT '';
    ALTER TABLE hosts ADD COLUMN until INTEGER NOT NULL DEFAULT 0;
    INSERT INTO hosts (host, factor) SELECT host, factor FROM paces WHERE true
        ON CONFLICT (host) DO UPDATE SET factor = excluded.factor;
    DROP TABLE paces
    """,
    # The parts of older pages come after those of newer ones, and are given up by when they were found.
    """
    ALTER TABLE pages ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
    UPDATE pages SET rank = at;
    DROP INDEX pages_unread;
    CREATE INDEX pages_unread ON pages (site, rank DESC) WHERE unread = 1;
    ALTER TABLE requisites ADD COLUMN found INTEGER NOT NULL DEFAULT 0;
    UPDATE requisites SET found = rank
    """,
)

SCHEMA: Final = len(UPGRADES)  # of the tables above; a newer one than the program knows is refused
