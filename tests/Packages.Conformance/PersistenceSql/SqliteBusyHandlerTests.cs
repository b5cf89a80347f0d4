using Akka.Persistence.Sql.Db;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Packages.Conformance.PersistenceSql;

public sealed class SqliteBusyHandlerTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public SqliteBusyHandlerTests() => Batteries_V2.Init();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(57)]
    [InlineData(8000)]
    public void Waits_AreShort_AndAddUpToTheTimeout(int timeout)
    {
        var (sum, count) = (0, 0);
        for (int wait; (wait = SqliteBusyHandler.Next(count, timeout)) > 0; count++)
        {
            Assert.InRange(wait, 1, 10);
            sum += wait;
        }
        Assert.Equal(timeout, sum);
    }

    [Fact]
    public async Task Statement_WaitsForTheLock_UntilItsTimeIsOver()
    {
        using var holder = Open();
        using var waiter = Open();
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(holder.Handle!, "BEGIN IMMEDIATE"));
        SqliteBusyHandler.Install(waiter.Handle!, TimeSpan.FromMilliseconds(20));
        Assert.Equal(raw.SQLITE_BUSY, raw.sqlite3_exec(waiter.Handle!, "BEGIN IMMEDIATE"));

        SqliteBusyHandler.Install(waiter.Handle!, TimeSpan.FromSeconds(60));
        var waiting = Task.Run(() => raw.sqlite3_exec(waiter.Handle!, "BEGIN IMMEDIATE"));
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(holder.Handle!, "COMMIT"));
        Assert.Equal(raw.SQLITE_OK, await waiting);
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={_scratch.File("busy.db")};Pooling=False");
        connection.Open();
        return connection;
    }
}
