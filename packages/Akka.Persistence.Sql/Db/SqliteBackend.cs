using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Akka.Persistence.Sql.Db;

/// <summary>SQLite in write-ahead-log mode: one writer thread per process and file, many readers, several processes per file.</summary>
internal sealed class SqliteBackend : ISqlBackend
{
    private static readonly Lock InitGate = new();
    private static bool _nativeReady;

    private readonly string _connectionString;
    private readonly SqliteSettings _settings;

    public SqliteBackend(string connectionString, SqliteSettings settings)
    {
        var builder = new SqliteConnectionStringBuilder(connectionString);
        if (builder.DataSource.Length == 0 || builder.DataSource == ":memory:" || builder.Mode == SqliteOpenMode.Memory)
        {
            throw new NotSupportedException(
                $"the SQLite journal needs a file that several connections can open, which '{connectionString}' does not name");
        }
        // Pooled connections would keep the file open after the journal has been closed.
        builder.Pooling = false;
        builder.Cache = SqliteCacheMode.Default;
        _connectionString = builder.ToString();
        _settings = settings;
        DataSource = builder.DataSource;
    }

    public string DataSource { get; }

    public int WriterCount => 1;

    public void CreateTables(JournalTable table)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(DataSource)) ?? ".");
        using var connection = Open();
        InTransaction(connection, SqliteSchema.Journal(table));
    }

    public void CreateTables(SnapshotTable table)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(DataSource)) ?? ".");
        using var connection = Open();
        InTransaction(connection, SqliteSchema.Snapshot(table));
    }

    public IWriteSession OpenWriter() => new SqliteWriteSession(Open(), _settings.BusyTimeout);

    public IReadSession OpenReader() => new SqliteReadSession(Open());

    /// <summary>Never: there is no server that could close a connection to a file.</summary>
    public bool ForgetLostConnections(Exception error) => false;

    public Exception Translate(Exception error)
    {
        if (error is SequenceConflictException or SqlJournalException) return error;
        if (error is not SqliteException sqlite) return new SqlJournalException($"journal {DataSource}: {error.Message}", error);
        // Extended result codes are on: the low byte is the primary code.
        return (sqlite.SqliteErrorCode & 0xff) switch
        {
            raw.SQLITE_CONSTRAINT when sqlite.SqliteErrorCode is raw.SQLITE_CONSTRAINT_UNIQUE or raw.SQLITE_CONSTRAINT_PRIMARYKEY =>
                new SequenceConflictException($"journal {DataSource}: another writer has written this sequence number first: {sqlite.Message}", sqlite),
            // Not an outage of all: what is small enough may still find room.
            raw.SQLITE_FULL => new SqlJournalException($"journal {DataSource}: the disk or the database is full (SQLite error 13)", sqlite),
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
                Outage($"the database stayed locked by another process for {_settings.BusyTimeout.TotalSeconds:0.#} s", sqlite),
            raw.SQLITE_IOERR => Outage("an input/output error on the disk", sqlite),
            raw.SQLITE_READONLY => Outage("the database is read-only", sqlite),
            raw.SQLITE_CANTOPEN => Outage("the file cannot be opened", sqlite),
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => Outage("the file is damaged or is no SQLite database", sqlite),
            _ => new SqlJournalException($"journal {DataSource}: {sqlite.Message}", sqlite),
        };
    }

    public void Dispose()
    {
        // Every session owns its connection; there is nothing shared to close.
    }

    private SqlJournalException Outage(string what, SqliteException cause) =>
        new($"journal {DataSource}: {what} (SQLite error {cause.SqliteErrorCode})", cause, outage: true);

    private SqliteConnection Open()
    {
        lock (InitGate)
        {
            if (!_nativeReady) Batteries_V2.Init();
            _nativeReady = true;
        }
        var connection = new SqliteConnection(_connectionString);
        try
        {
            connection.Open();
            var handle = connection.Handle!;
            raw.sqlite3_extended_result_codes(handle, 1);
            SqliteBusyHandler.Install(handle, _settings.BusyTimeout);
            // The first switch to the log writes the first page, and with it the size of all.
            Pragma(handle, "page_size", _settings.PageSize);
            SwitchToWal(handle);
            Pragma(handle, "synchronous", _settings.Synchronous);
            foreach (var (name, value) in _settings.Others) Pragma(handle, name, value);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The first switch of a new file needs it alone, and SQLite does not wait for that by the busy timeout; with several
    /// processes starting on one file somebody has to try again.
    /// </summary>
    private void SwitchToWal(sqlite3 handle)
    {
        var deadline = Environment.TickCount64 + (long)_settings.BusyTimeout.TotalMilliseconds;
        while (true)
        {
            try
            {
                Pragma(handle, "journal_mode", "WAL");
                return;
            }
            catch (SqliteException e) when ((e.SqliteErrorCode & 0xff) is raw.SQLITE_BUSY or raw.SQLITE_LOCKED && Environment.TickCount64 < deadline)
            {
                Thread.Sleep(10);
            }
        }
    }

    private static void Pragma(sqlite3 handle, string name, string value)
    {
        if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') || !value.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
        {
            throw new ArgumentException($"'{name} = {value}' is no SQLite pragma");
        }
        using var statement = new SqliteStatement(handle, $"PRAGMA {name} = {value}");
        statement.Execute();
    }

    private static void InTransaction(SqliteConnection connection, IEnumerable<string> statements)
    {
        Run(connection.Handle!, "BEGIN IMMEDIATE");
        try
        {
            foreach (var sql in statements) Run(connection.Handle!, sql);
            Run(connection.Handle!, "COMMIT");
        }
        catch
        {
            if (raw.sqlite3_get_autocommit(connection.Handle!) == 0) Run(connection.Handle!, "ROLLBACK");
            throw;
        }
    }

    private static void Run(sqlite3 handle, string sql)
    {
        using var statement = new SqliteStatement(handle, sql);
        statement.Execute();
    }
}
