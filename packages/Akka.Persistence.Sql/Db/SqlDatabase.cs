using System.Collections.Concurrent;

namespace Akka.Persistence.Sql.Db;

/// <summary>One database of this process: its writers and its readers, shared by every journal and snapshot store that names it.</summary>
internal sealed class SqlDatabase : IDisposable
{
    private static readonly Dictionary<string, SqlDatabase> Opened = new(StringComparer.Ordinal);
    private static readonly Lock OpenedGate = new();

    private readonly string _key;
    private readonly ISqlBackend _backend;
    private readonly GroupCommitter _writer;
    private readonly ConcurrentBag<IReadSession> _idle = [];
    private readonly SemaphoreSlim _readers;
    private int _users;
    private volatile bool _closed;

    private SqlDatabase(string key, ISqlBackend backend, int writeQueueMax, int readersMax)
    {
        _key = key;
        _backend = backend;
        _writer = new GroupCommitter(backend, writeQueueMax, Path.GetFileName(key));
        _readers = new SemaphoreSlim(readersMax, readersMax);
    }

    /// <summary>The database of that key, opened by the first who asks. Every caller disposes what it got.</summary>
    public static SqlDatabase Get(string key, Func<ISqlBackend> open, int writeQueueMax, int readersMax)
    {
        lock (OpenedGate)
        {
            if (!Opened.TryGetValue(key, out var database))
            {
                database = new SqlDatabase(key, open(), writeQueueMax, readersMax);
                Opened.Add(key, database);
            }
            database._users++;
            return database;
        }
    }

    public ISqlBackend Backend => _backend;

    /// <summary>Queues a change; the task ends when it is durable.</summary>
    public Task Write(WriteOperation operation) => _writer.Enqueue(operation);

    /// <summary>Runs a query on a background thread with a reader connection of its own.</summary>
    public async Task<T> Read<T>(Func<IReadSession, T> query)
    {
        await _readers.WaitAsync().ConfigureAwait(false);
        try
        {
            return await Task.Run(() => ReadNow(query)).ConfigureAwait(false);
        }
        finally
        {
            _readers.Release();
        }
    }

    /// <summary>Closes the database when the last user has gone.</summary>
    public void Dispose()
    {
        lock (OpenedGate)
        {
            if (--_users > 0) return;
            Opened.Remove(_key);
        }
        _writer.Dispose();
        _closed = true;
        CloseIdle();
        _backend.Dispose();
    }

    private T ReadNow<T>(Func<IReadSession, T> query)
    {
        IReadSession? session = null;
        try
        {
            if (!_idle.TryTake(out session)) session = _backend.OpenReader();
            var result = query(session);
            _idle.Add(session);
            if (_closed) CloseIdle();
            return result;
        }
        catch (Exception e)
        {
            session?.Dispose();
            throw _backend.Translate(e);
        }
    }

    private void CloseIdle()
    {
        while (_idle.TryTake(out var session)) session.Dispose();
    }
}
