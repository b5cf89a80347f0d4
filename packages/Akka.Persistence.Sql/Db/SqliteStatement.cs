using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Akka.Persistence.Sql.Db;

/// <summary>A prepared statement that is used over and over.</summary>
/// <remarks>
/// The statement is driven through the native interface and not through SqliteCommand, because a command looks every
/// parameter up by name and boxes every value, which at one row per event is most of the cost of a write.
/// </remarks>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private readonly string?[] _boundTexts;
    private byte[] _utf8 = new byte[512];

    public SqliteStatement(sqlite3 database, string sql)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v2(database, sql, out _statement));
        _boundTexts = new string?[raw.sqlite3_bind_parameter_count(_statement) + 1];
    }

    public SqliteStatement Bind(int index, long value)
    {
        _boundTexts[index] = null;
        Check(raw.sqlite3_bind_int64(_statement, index, value));
        return this;
    }

    /// <summary>Binds a text; the same reference as in the row before is not bound again.</summary>
    public SqliteStatement Bind(int index, string? value)
    {
        if (value is null)
        {
            _boundTexts[index] = null;
            Check(raw.sqlite3_bind_null(_statement, index));
            return this;
        }
        if (ReferenceEquals(_boundTexts[index], value)) return this;
        var needed = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (_utf8.Length < needed) _utf8 = new byte[needed];
        var count = Encoding.UTF8.GetBytes(value, _utf8);
        Check(raw.sqlite3_bind_text(_statement, index, _utf8.AsSpan(0, count)));
        _boundTexts[index] = value;
        return this;
    }

    public SqliteStatement Bind(int index, ReadOnlySpan<byte> value)
    {
        _boundTexts[index] = null;
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(_statement, index, 0) : raw.sqlite3_bind_blob(_statement, index, value));
        return this;
    }

    /// <summary>Runs a statement that has no result.</summary>
    public void Execute()
    {
        try
        {
            int code;
            do code = raw.sqlite3_step(_statement);
            while (code == raw.SQLITE_ROW);
            if (code != raw.SQLITE_DONE) Check(code);
        }
        finally
        {
            raw.sqlite3_reset(_statement);
        }
    }

    /// <summary>Runs a statement that has no result; false when somebody else holds the lock that it needs.</summary>
    public bool ExecuteUnlessBusy()
    {
        var code = raw.sqlite3_step(_statement);
        raw.sqlite3_reset(_statement);
        if ((code & 0xff) == raw.SQLITE_BUSY) return false;
        Check(code);
        return true;
    }

    /// <summary>Moves to the next row; false after the last.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW) return true;
        if (code != raw.SQLITE_DONE) Check(code);
        return false;
    }

    /// <summary>Ends a query. Needed before the statement can run again.</summary>
    public void Reset() => raw.sqlite3_reset(_statement);

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    public byte[] Blob(int column) => raw.sqlite3_column_blob(_statement, column).ToArray();

    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string() ?? "";

    /// <summary>The column's text, reusing <paramref name="previous"/> where it is equal: rows of one id repeat themselves.</summary>
    public string Text(int column, string previous)
    {
        var bytes = raw.sqlite3_column_blob(_statement, column);
        if (bytes.IsEmpty) return "";
        Span<char> chars = stackalloc char[256];
        if (bytes.Length <= chars.Length && Encoding.UTF8.TryGetChars(bytes, chars, out var count)
            && chars[..count].SequenceEqual(previous))
        {
            return previous;
        }
        return Encoding.UTF8.GetString(bytes);
    }

    public void Dispose() => _statement.Dispose();

    private void Check(int code)
    {
        if (code is raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE) return;
        SqliteException.ThrowExceptionForRC(code, _database);
        throw new ExternalException($"SQLite returned {code}", code);
    }
}
