//! Every bound has its name here; what comes from outside meets one of them.

use std::time::Duration;

/// Longest short text, in characters (names, codes, numbers).
pub const TEXT_MAX: usize = 200;
/// Longest note, in characters.
pub const NOTE_MAX: usize = 4_000;
/// Longest list inside a record or a command (lines of a bill of material, of a shipment).
pub const LIST_MAX: usize = 500;
/// Largest count of pieces in one order or report.
pub const PIECES_MAX: i64 = 10_000_000;
/// An operation may report this much over the plan, in percent, before the report is taken for a slip.
pub const OVERRUN_PERCENT: i64 = 20;
/// Oldest and newest date a record may carry.
pub const YEAR_MIN: i16 = 1990;
/// See [`YEAR_MIN`].
pub const YEAR_MAX: i16 = 2100;
/// How far back a person may say that something happened (offline terminals, late reports).
pub const OCCURRED_BACK: Duration = Duration::from_secs(7 * 86_400);
/// How far ahead a terminal's clock may be.
pub const OCCURRED_AHEAD: Duration = Duration::from_secs(300);

/// Commands waiting for the writer; one more is answered 503.
pub const QUEUE_MAX: usize = 4_096;
/// Commands in one commit.
pub const BATCH_MAX: usize = 1_024;
/// How long an idempotency key is remembered.
pub const RECEIPT_DAYS: i64 = 30;
/// Idempotency keys held in memory; beyond it the oldest are forgotten early.
pub const RECEIPTS_MAX: usize = 4_000_000;
/// Longest idempotency key, in bytes.
pub const COMMAND_ID_MAX: usize = 200;
/// Largest stored record, in bytes; the decoder refuses more.
pub const RECORD_MAX: usize = 1 << 20;

/// Largest request body for a command.
pub const BODY_MAX: usize = 1 << 20;
/// Largest file that may be attached or imported.
pub const FILE_MAX: usize = 25 << 20;
/// Largest scheduling instance, plan or event, unpacked.
pub const INSTANCE_MAX: usize = 256 << 20;
/// Rows of one import.
pub const IMPORT_ROWS_MAX: usize = 200_000;
/// Row problems that an import lists; the rest is counted.
pub const IMPORT_PROBLEMS_MAX: usize = 200;
/// Rows of one page, unless asked for.
pub const PAGE_DEFAULT: usize = 100;
/// Rows of one page at most.
pub const PAGE_MAX: usize = 1_000;
/// Records a filtered or sorted list may look at in one request.
pub const SCAN_MAX: usize = 200_000;
/// How long a client may take to send its request.
pub const REQUEST_TIME: Duration = Duration::from_secs(30);
/// How long a graceful stop waits for open requests.
pub const STOP_TIME: Duration = Duration::from_secs(10);
/// Event streams open at once.
pub const STREAMS_MAX: usize = 256;
/// Connections open at once.
pub const CONNECTIONS_MAX: usize = 8_192;

/// How long a client may take to shake hands over TLS.
pub const TLS_HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Names and addresses that the plant's certificate has.
pub const TLS_NAMES_MAX: usize = 200;
/// Largest file of certificates or a key, in bytes.
pub const TLS_FILE_MAX: u64 = 1 << 20;

/// Nodes a trace returns unless asked for.
pub const TRACE_NODES_DEFAULT: usize = 500;
/// Nodes a trace returns at most.
pub const TRACE_NODES_MAX: usize = 10_000;
/// Nodes a walk visits before it is cut short.
pub const WALK_MAX: usize = 5_000_000;
/// Nodes the cycle check visits before it refuses to judge.
pub const CYCLE_WALK_MAX: usize = 200_000;
/// Children in one adjacency page, so that a hub never rewrites one large value.
pub const LINK_PAGE_MAX: usize = 1_024;

/// Longest text to search for, in characters.
pub const SEARCH_LENGTH_MAX: usize = 200;
/// Words of one search.
pub const SEARCH_WORDS_MAX: usize = 16;
/// Longest word whose typing slips are forgiven, in characters.
pub const SEARCH_SLIP_LENGTH_MAX: usize = 40;
/// Hits a search returns unless asked for.
pub const SEARCH_HITS_DEFAULT: usize = 20;
/// Hits a search returns at most.
pub const SEARCH_HITS_MAX: usize = 100;
/// Words of the index that one typed beginning or misspelling stands for, in each of its segments.
pub const SEARCH_TERMS_MAX: usize = 256;
/// Entries of the journal that a search reads itself where the index has not; beyond them only numbers are looked up.
pub const SEARCH_UNREAD_MAX: usize = 256;
/// Memory in which the index gathers documents before they go to disk.
pub const INDEX_MEMORY: usize = 16 << 20;
/// Records that wait to be indexed before the follower stops reading on.
pub const INDEX_WAITING_MAX: usize = 20_000;
/// Records of one snapshot while the index is made.
pub const INDEX_PAGE: usize = 500;
/// The index commits no more often than this.
pub const INDEX_PAUSE: Duration = Duration::from_millis(500);
/// Days of facts that figures are made from; older ones are forgotten, never the records.
pub const KPI_DAYS: i32 = 400;
/// Groups in one answer of a figure.
pub const KPI_GROUPS_MAX: usize = 10_000;

/// Wrong passwords in a row before a door slows down.
pub const LOGIN_TRIES: u32 = 5;
/// Longest wait the throttle asks for.
pub const LOGIN_WAIT_MAX: Duration = Duration::from_secs(300);
/// After so long without a wrong try the ones before are forgotten.
pub const LOGIN_QUIET: Duration = Duration::from_secs(15 * 60);
/// Accounts and addresses the throttle remembers.
pub const THROTTLE_ENTRIES_MAX: usize = 50_000;
/// Password hashes computed at once: each takes 19 MiB.
pub const HASHES_AT_ONCE: usize = 2;
/// After a wrong code of the first start the next is looked at no sooner.
pub const CODE_PAUSE: Duration = Duration::from_secs(1);
/// Largest backup that a browser may send to be restored; a larger one is restored from the command line.
pub const RESTORE_MAX: u64 = 64 << 30;
/// Shortest password (NIST SP 800-63B section 3.1.1.2 with no second factor asks for length).
pub const PASSWORD_MIN: usize = 10;
/// Longest password, in bytes.
pub const PASSWORD_MAX: usize = 256;
/// How long a session lives after its log-in: a shift and its hand-over.
pub const SESSION_TIME: Duration = Duration::from_secs(12 * 3_600);
/// Minutes after which whoever does nothing at a terminal is signed off, unless it says otherwise.
pub const TERMINAL_IDLE_MINUTES: i64 = 15;
/// Most minutes that a terminal may wait: a shift.
pub const TERMINAL_IDLE_MINUTES_MAX: i64 = 480;
/// How long a device stays a terminal: browsers forget a cookie after 400 days (RFC 6265bis section 5.5).
pub const TERMINAL_COOKIE_TIME: Duration = Duration::from_secs(400 * 86_400);
/// Digits of a PIN.
pub const PIN_DIGITS: std::ops::RangeInclusive<usize> = 4..=8;
/// People that a terminal lists to sign on.
pub const TERMINAL_PEOPLE_MAX: usize = 500;
/// Longest code that a scanner may read: a QR code of version 40 holds 4296 letters, a label far fewer.
pub const SCAN_CODE_MAX: usize = 500;
/// An open clock-in longer than this is flagged as forgotten.
pub const FORGOTTEN_CLOCK_IN: Duration = Duration::from_secs(12 * 3_600);

/// Free space under which ordinary writes are refused.
pub const SPACE_FLOOR: u64 = 64 << 20;
/// The file that is released when space runs out, so that log-ins and the audit trail still fit.
pub const SPACE_RESERVE: u64 = 16 << 20;

/// Rows of one row group of a Parquet file: what a reader skips or takes as one.
pub const ROW_GROUP_ROWS: usize = 128 << 10;
/// Bytes that the open Parquet files of a table hold in memory; beyond it the fullest writes its row group early.
pub const ROW_GROUP_BYTES: usize = 128 << 20;
/// Parquet files of a table open at once: five years of months out of order before a month needs a second part.
pub const PARQUET_FILES_OPEN: usize = 64;
/// Plans that are made at once.
pub const PLANS_SOLVED: usize = 2;
/// Drafts of plans that are kept.
pub const PLANS_KEPT: usize = 16;
/// Versions of a draft that are kept.
pub const PLAN_VERSIONS_KEPT: usize = 200;
/// Characters of a draft's name.
pub const PLAN_NAME_MAX: usize = 60;
/// Longest frozen zone, in hours: two weeks.
pub const FROZEN_HOURS_MAX: i64 = 336;
/// How long a plan may get better.
pub const PLAN_TIME: Duration = Duration::from_secs(120);
/// Slots of the plan in force that one answer shows.
pub const SCHEDULE_SLOTS_MAX: usize = 50_000;
/// Slots that one command of a plan holds.
pub const PLAN_SLOTS_MAX: usize = 2_000;

/// Entries that a lake may be behind and still go on from where it is: beyond them reading all records costs less.
pub const LAKE_BEHIND_MAX: u64 = 50_000;
/// How often an object storage is asked before a round is given up.
pub const S3_TRIES: u32 = 5;
/// The pause after the first failed request; each one is twice as long.
pub const S3_PAUSE: Duration = Duration::from_millis(250);
/// How long one request to an object storage may take, the largest file included.
pub const S3_TIME: Duration = Duration::from_secs(600);
/// The rest after a round that failed; each one is twice as long, up to the longest.
pub const S3_REST: Duration = Duration::from_secs(5);
/// The longest rest.
pub const S3_REST_MAX: Duration = Duration::from_secs(300);
/// Largest manifest of an export that is read back.
pub const MANIFEST_MAX: u64 = 64 << 20;

/// Series of all machines together.
pub const SERIES_MAX: usize = 100_000;
/// Longest name of a machine or a metric in telemetry, in bytes.
pub const SERIES_NAME_MAX: usize = 200;
/// Longest text a machine may tell as one value, in bytes.
pub const READING_TEXT_MAX: usize = 4_096;
/// Samples in one batch for the telemetry lane.
pub const SAMPLES_MAX: usize = 500_000;
/// Batches waiting for the telemetry lane.
pub const LANE_QUEUE_MAX: usize = 1_024;
/// How far back a machine may measure; older samples are quarantined unless they are told as history.
pub const SAMPLE_BACK: Duration = Duration::from_secs(30 * 86_400);
/// How far ahead a machine's clock may be.
pub const SAMPLE_AHEAD: Duration = Duration::from_secs(600);
/// Bytes of an original kept in quarantine.
pub const QUARANTINED_BYTES_MAX: usize = 4_096;
/// Originals kept in quarantine; the oldest make room.
pub const QUARANTINE_MAX: u64 = 10_000;
/// Largest body of samples, packed or unpacked.
pub const SAMPLES_BODY_MAX: usize = 25 << 20;
/// Samples of a body that are handed to the lane at once; a larger body takes several turns.
pub const SAMPLES_TURN: usize = 100_000;
/// Largest body of samples that is read where it arrives; a larger one would delay other requests.
pub const SAMPLES_BODY_SMALL: usize = 64 << 10;
/// Lines of a body that are read before another body has its turn.
pub const LINES_TURN: usize = 2_048;
/// Longest measurement with its tags in a line of line protocol, in bytes.
pub const POINT_KEY_MAX: usize = 1_024;
/// Fields in one line of line protocol.
pub const POINT_FIELDS_MAX: usize = 4_096;
/// Measurements with tags whose series are remembered; beyond them all are looked up anew.
pub const POINT_KEYS_MAX: usize = 50_000;
/// Faults of a body of samples that are named; the rest is counted.
pub const SAMPLE_FAULTS_MAX: usize = 100;

/// Largest MQTT message that is read at all, in bytes; a larger one blocks its session until the broker drops it.
pub const MQTT_PACKET_MAX: usize = 64 << 20;
/// MQTT messages that are made durable together.
pub const MQTT_GATHERED_MAX: usize = 50_000;
/// Bytes of MQTT messages that are made durable together, give or take a message.
pub const MQTT_GATHERED_BYTES_MAX: usize = 4 << 20;
/// Samples in one MQTT message.
pub const MQTT_MEMBERS_MAX: usize = 10_000;
/// Rules of one connection, and levels of a topic in one.
pub const MQTT_RULES_MAX: usize = 200;
/// Sparkplug edge nodes of one connection.
pub const SPARKPLUG_EDGES_MAX: usize = 10_000;
/// Connections to the embedded MQTT broker at once.
pub const BROKER_CONNECTIONS_MAX: usize = 4_096;
/// How long whoever connects to it may take to say who it is.
pub const BROKER_CONNECT_TIME: Duration = Duration::from_secs(5);
/// Largest first packet, which a stranger sends, in bytes.
pub const BROKER_CONNECT_BYTES_MAX: usize = 128 << 10;
/// Largest packet of whoever is logged in, in bytes.
pub const BROKER_PACKET_MAX: usize = 1 << 20;
/// How long a client that asks for no keep-alive may be silent.
pub const BROKER_IDLE_TIME: Duration = Duration::from_secs(86_400);
/// How long a client may take no byte of what waits for it.
pub const BROKER_SEND_TIME: Duration = Duration::from_secs(10);
/// Longest topic and longest topic filter, in bytes.
pub const BROKER_TOPIC_MAX: usize = 1_024;
/// Rules of access of one connector of the plant's own broker.
pub const BROKER_RULES_MAX: usize = 200;
/// Topic filters of one session.
pub const BROKER_FILTERS_MAX: usize = 100;
/// Sessions that are remembered, connected or not; the longest absent make room.
pub const BROKER_SESSIONS_MAX: usize = 8_192;
/// Messages with quality 1 on their way to one client that it has not acknowledged.
pub const BROKER_INFLIGHT_MAX: usize = 100;
/// Messages that wait for one session; the oldest make room.
pub const BROKER_WAITING_MAX: usize = 10_000;
/// Bytes that wait for one session.
pub const BROKER_WAITING_BYTES_MAX: usize = 16 << 20;
/// Bytes that wait for all sessions.
pub const BROKER_ALL_WAITING_BYTES_MAX: usize = 256 << 20;
/// Retained messages; beyond them none is retained on a new topic.
pub const BROKER_RETAINED_MAX: usize = 10_000;
/// Bytes of retained messages.
pub const BROKER_RETAINED_BYTES_MAX: usize = 64 << 20;
/// Batches of samples in one commit.
pub const LANE_BATCHES_MAX: usize = 512;
/// Samples in memory beyond which the oldest hour is sealed before its time.
pub const UNSEALED_EARLY: usize = 2_000_000;
/// Samples in memory beyond which no more are taken until some are sealed.
pub const UNSEALED_MAX: usize = 8_000_000;
/// How long after its end an hour waits for samples that come late.
pub const SEAL_LATENESS: Duration = Duration::from_secs(120);
/// How long samples are kept one by one; what their hours come to is kept for ever.
pub const SAMPLES_KEPT: Duration = Duration::from_secs(400 * 86_400);
/// Sealed hours that are retired with one commit.
pub const RETIRED_AT_ONCE: usize = 2_000;
/// Distinct texts of which one stretch says how long they held.
pub const TALLY_TEXTS_MAX: usize = 64;
/// How far back a state is looked for that still holds.
pub const STATE_BACK_DAYS: u32 = 31;
/// How long a machine may stand in the middle of a job before a stop is opened that wants its reason, where the plant does not say.
pub const SILENT_STOP: Duration = Duration::from_secs(300);
/// The longest time that the plant may say instead.
pub const SILENT_STOP_MINUTES_MAX: i64 = 240;
/// Backups kept in the data folder; the oldest makes room.
pub const BACKUPS_KEPT: usize = 10;
/// Readings of a part counter that are looked at in one turn.
pub const COUNTS_AT_ONCE: usize = 100_000;
/// Pieces that a part counter may jump where no standard time says what is possible.
pub const COUNT_JUMP_MAX: i64 = 1_000;
/// Sensors that are watched; those beyond are not, and the log says so.
pub const SENSORS_WATCHED_MAX: usize = 20_000;
/// How old a reading may be that a fault is found from.
pub const READING_FRESH: Duration = Duration::from_secs(1_800);
/// Sensors whose last hour is compared with their week in one turn.
pub const HOURS_JUDGED_AT_ONCE: usize = 100;
/// Connections to machines tried at once, and how long at most.
pub const TRIALS_MAX: usize = 4;
/// See [`TRIALS_MAX`].
pub const TRIAL_TIME: Duration = Duration::from_secs(20);
/// Bytes of a connection's secret: a password, or a certificate with those that vouch for it and its key.
pub const SECRET_MAX: usize = 32 << 10;
/// Rules of precision of one connection.
pub const PRECISION_RULES_MAX: usize = 1_000;
/// Minutes after which a number within its dead band is kept nevertheless: a day.
pub const KEEP_MINUTES_MAX: u32 = 1_440;
/// Series that a trial shows.
pub const TRIAL_SERIES_MAX: usize = 500;
/// Samples in one answer.
pub const QUERY_SAMPLES_MAX: usize = 1_000_000;
/// Samples in one answer, unless asked for.
pub const QUERY_SAMPLES_DEFAULT: usize = 100_000;
/// Steps in one answer.
pub const QUERY_STEPS_MAX: i64 = 500_000;

/// Largest document of an MTConnect agent, and largest part of its stream, in bytes.
pub const DOCUMENT_MAX: usize = 16 << 20;
/// How deep the elements of such a document may stand.
pub const XML_DEPTH_MAX: usize = 64;
/// Attributes of one element.
pub const XML_ATTRIBUTES_MAX: usize = 64;
/// Longest attribute, in bytes.
pub const XML_ATTRIBUTE_MAX: usize = 16 << 10;
/// Longest text of one element, in bytes: a time series is one.
pub const XML_TEXT_MAX: usize = 1 << 20;
/// Longest heading of a part of a stream, in bytes.
pub const PART_HEAD_MAX: usize = 8 << 10;
/// Longest line of an SHDR adapter, in bytes.
pub const SHDR_LINE_MAX: usize = 64 << 10;
/// Keys of one SHDR adapter.
pub const SHDR_KEYS_MAX: usize = 10_000;
/// Warnings and faults of one data item at once.
pub const CONDITIONS_MAX: usize = 100;
/// First pause before a connection to a machine is tried again; it doubles with each failure.
pub const RETRY_FIRST: Duration = Duration::from_millis(250);
/// Longest pause before a connection to a machine is tried again.
pub const RETRY_MAX: Duration = Duration::from_secs(30);
/// How long a machine may take to answer one request, or to accept a connection.
pub const ANSWER_TIME: Duration = Duration::from_secs(30);
/// How long an SHDR adapter that knows no heartbeat may be silent before it is called anew.
pub const SHDR_SILENCE: Duration = Duration::from_secs(600);

/// Variables of one OPC UA connection, and objects that are looked at to find them.
pub const OPCUA_NODES_MAX: usize = 5_000;
/// How deep a browse may go.
pub const OPCUA_DEPTH_MAX: usize = 16;
/// Changes of one variable that a server is asked to hold between two messages.
pub const OPCUA_QUEUE_MAX: u32 = 10_000;
/// Numbers of one list that become metrics of their own.
pub const OPCUA_LIST_MAX: usize = 16;
/// Largest OPC UA message, in bytes, and most of its parts.
pub const OPCUA_MESSAGE_MAX: usize = 16 << 20;
/// See [`OPCUA_MESSAGE_MAX`].
pub const OPCUA_PARTS_MAX: usize = 1_024;
/// Values in one OPC UA message, as servers are asked to observe.
pub const OPCUA_VALUES_MAX: u32 = 1_000;
/// OPC UA messages that wait while the lane takes nothing; beyond them values are lost, and a gap is noted.
pub const OPCUA_WAITING_MAX: usize = 256;
/// Certificates that wait for approval.
pub const OPCUA_REJECTED_MAX: usize = 100;

/// Longest text of SQL statements, in bytes.
pub const SQL_TEXT_MAX: usize = 1 << 20;
/// How deep a statement may be nested.
pub const SQL_DEPTH_MAX: usize = 100;
/// Operators of one text: a chain of them is as deep as it is long.
pub const SQL_OPERATORS_MAX: usize = 2_000;
/// Statements in one text.
pub const SQL_STATEMENTS_MAX: usize = 64;
/// How long a statement may take.
pub const SQL_TIME: Duration = Duration::from_secs(60);
/// Rows of one answer; more are an error, never left out in silence.
pub const SQL_ROWS_MAX: usize = 1_000_000;
/// Rows of one answer over HTTP, which is made in memory.
pub const SQL_HTTP_ROWS_MAX: usize = 100_000;
/// Rows that a scan reads with one snapshot.
pub const SQL_PAGE: usize = 1_000;
/// Entries since a moment beyond which indexes, which show the newest, are of no use for it.
pub const SQL_CHANGES_MAX: u64 = 2_000;
/// Numbers of one piece of a table whose columns are kept in memory between statements.
pub const SQL_PIECE: u64 = 4_096;
/// Memory that columns kept between statements may take.
pub const SQL_KEPT: usize = 128 << 20;
/// How long a kept piece stays after it was last read.
pub const SQL_KEPT_TIME: Duration = Duration::from_secs(600);
/// Entries since the last statement beyond which nothing kept is worth looking through them.
pub const SQL_KEPT_BEHIND_MAX: u64 = 100_000;
/// Memory that all statements together may hold beyond their pages; what can goes to disk, the rest is an error.
pub const SQL_MEMORY: usize = 256 << 20;
/// Bytes that all statements together may put on disk.
pub const SQL_SPILL_MAX: u64 = 2 << 30;
/// Statements at work at once; more wait a little, then are refused.
pub const SQL_AT_ONCE: usize = 8;
/// How long a statement waits for its turn.
pub const SQL_TURN: Duration = Duration::from_secs(10);
/// Longest text that a function of SQL may make of a short one, in characters.
pub const SQL_REPEATED_MAX: i64 = 100_000;
/// Connections of SQL clients at once.
pub const SQL_CONNECTIONS_MAX: usize = 500;
/// Prepared statements of one connection.
pub const SQL_PREPARED_MAX: usize = 500;
/// Largest message of a SQL client; a statement of it may be [`SQL_TEXT_MAX`].
pub const SQL_MESSAGE_MAX: usize = 16 << 20;
/// How long a client of SQL may take to log in.
pub const SQL_LOGIN_TIME: Duration = Duration::from_secs(20);
/// How long a connection of a SQL client may be silent.
pub const SQL_IDLE_TIME: Duration = Duration::from_secs(3_600);
/// Nodes of one trace as a table.
pub const SQL_TRACE_MAX: usize = 100_000;

/// Pages of one report.
pub const REPORT_PAGES_MAX: usize = 500;
/// Records of one kind that a report looks at, from the newest back; beyond them it says that it was cut short.
pub const REPORT_LOOK_MAX: usize = 50_000;
/// Rows of a table of a recall, each of a kind; the counts go beyond.
pub const RECALL_ROWS_MAX: usize = 5_000;
/// Badges on one sheet.
pub const BADGES_MAX: usize = 500;
/// Copies of a label printed at once.
pub const LABEL_COPIES_MAX: u64 = 200;
/// How long a printer may take to accept a label.
pub const PRINT_TIME: Duration = Duration::from_secs(5);
/// Labels on their way to printers at once; more are refused.
pub const PRINTS_AT_ONCE: usize = 4;
/// Reports of one schedule that are made late after a pause; older ones are passed over.
pub const REPORTS_LATE_MAX: usize = 7;
/// Recipients of a scheduled report.
pub const RECIPIENTS_MAX: usize = 20;
/// How long a mail server may take for one letter.
pub const MAIL_TIME: Duration = Duration::from_secs(30);
/// Between two tries to deliver a report.
pub const DELIVERY_PAUSE: Duration = Duration::from_secs(60);
