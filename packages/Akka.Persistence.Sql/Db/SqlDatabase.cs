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
        if (_idle.TryTake(out var idle))
        {
            try
            {
                return Query(idle, query);
            }
            catch (Exception e) when (_backend.ForgetLostConnections(e))
            {
                // It was lost while it was idle, as after a restart of the server, and so were the others. A query changes nothing,
                // so it may be asked again.
                CloseIdle();
            }
            catch (Exception e)
            {
                throw _backend.Translate(e);
            }
        }
        try
        {
            return Query(_backend.OpenReader(), query);
        }
        catch (Exception e)
        {
            throw _backend.Translate(e);
        }
    }

    private T Query<T>(IReadSession session, Func<IReadSession, T> query)
    {
        T result;
        try
        {
            result = query(session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
        _idle.Add(session);
        if (_closed) CloseIdle();
        return result;
    }

    private void CloseIdle()
    {
        while (_idle.TryTake(out var session)) session.Dispose();
    }
}
