namespace Akka.Persistence.Sql.Db;

/// <summary>
/// The writers of one database. What is queued while a transaction is in flight goes together into the next one, so the
/// cost of making a commit durable is shared by everybody who waits.
/// </summary>
/// <remarks>
/// A failure is isolated: when a shared transaction fails, it is undone and each of its operations is tried in a
/// transaction of its own, so one lost race never fails a neighbour.
/// </remarks>
internal sealed class GroupCommitter : IDisposable
{
    /// <summary>Most rows in one transaction: bounds how long the first in it waits for the last.</summary>
    private const int RowsPerTransactionMax = 5000;

    private readonly ISqlBackend _backend;
    private readonly int _capacity;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly List<Thread> _threads = [];
    private readonly Queue<WriteOperation> _queue = new();
    private bool _closed;

    /// <param name="backend">The database.</param>
    /// <param name="capacity">Most operations that may wait (count); one more fails at once.</param>
    /// <param name="name">Appears in thread names.</param>
    public GroupCommitter(ISqlBackend backend, int capacity, string name)
    {
        _backend = backend;
        _capacity = capacity;
        for (var i = 0; i < backend.WriterCount; i++)
        {
            var thread = new Thread(Run) { IsBackground = true, Name = $"sql-writer-{name}-{i}" };
            _threads.Add(thread);
            thread.Start();
        }
    }

    /// <summary>Queues the operation; the returned task ends when it is durable or has failed.</summary>
    public Task Enqueue(WriteOperation operation)
    {
        lock (_gate)
        {
            if (_closed)
            {
                operation.Fail(new SqlJournalException("the journal's database has been closed"));
                return operation.Task;
            }
            if (_queue.Count >= _capacity)
            {
                operation.Fail(new SqlJournalException($"the journal's write queue is full ({_capacity} operations wait)"));
                return operation.Task;
            }
            _queue.Enqueue(operation);
        }
        _work.Release();
        return operation.Task;
    }

    /// <summary>Writes what is queued, then stops the writers.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
        }
        _work.Release(_threads.Count);
        foreach (var thread in _threads) thread.Join();
        _work.Dispose();
    }

    private void Run()
    {
        IWriteSession? session = null;
        var group = new List<WriteOperation>();
        while (Take(group))
        {
            Commit(group, ref session);
            group.Clear();
        }
        session?.Dispose();
    }

    /// <summary>Waits for work and takes as much of it as one transaction may hold; false when closed and empty.</summary>
    private bool Take(List<WriteOperation> group)
    {
        while (true)
        {
            _work.Wait();
            lock (_gate)
            {
                var rows = 0;
                while (_queue.TryPeek(out var next) && (group.Count == 0 || rows + next.Weight <= RowsPerTransactionMax))
                {
                    rows += next.Weight;
                    group.Add(_queue.Dequeue());
                }
                if (group.Count > 0) return true;
                if (_closed) return false;
            }
        }
    }

    private void Commit(List<WriteOperation> group, ref IWriteSession? session)
    {
        try
        {
            session ??= _backend.OpenWriter();
            session.Commit(group);
            foreach (var operation in group) operation.Succeed();
        }
        catch (Exception error)
        {
            var cause = _backend.Translate(error);
            if (cause is not SequenceConflictException)
            {
                // After any error but a lost race a fresh connection is safer than one in an unknown state.
                session?.Dispose();
                session = null;
            }
            if (group.Count == 1 || cause is SqlJournalException { Outage: true })
            {
                foreach (var operation in group) operation.Fail(cause);
                return;
            }
            foreach (var operation in group) Commit([operation], ref session);
        }
    }
}
