using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Akka.Persistence.Sql.Db;

/// <summary>Waits for a lock that somebody else holds, a millisecond at a time at first.</summary>
/// <remarks>
/// SQLite's own handler, which sqlite3_busy_timeout installs, does the same where it was compiled to use usleep. The library
/// that comes with the package is not, and sleeps whole seconds: two connections that open one new file cost each other one.
/// Source: https://www.sqlite.org/compile.html#have_usleep.
/// </remarks>
internal static unsafe partial class SqliteBusyHandler
{
    /// <summary>So many waits of a millisecond (count), and then longer ones.</summary>
    private const int ShortWaits = 50;

    private const int LongWait = 10;

    /// <param name="database">An open connection.</param>
    /// <param name="timeout">How long its statements wait before they fail with SQLITE_BUSY.</param>
    public static void Install(sqlite3 database, TimeSpan timeout)
    {
        var code = SetHandler(database.DangerousGetHandle(), &Wait, (nint)timeout.TotalMilliseconds);
        if (code != raw.SQLITE_OK) throw new ExternalException($"SQLite returned {code}", code);
        GC.KeepAlive(database);
    }

    /// <summary>How long a statement that waited <paramref name="count"/> times waits once more (ms); 0 when its time is over.</summary>
    public static int Next(int count, long timeout)
    {
        var waited = Math.Min(count, ShortWaits) + (Math.Max(0L, count - ShortWaits) * LongWait);
        return (int)Math.Min(count < ShortWaits ? 1 : LongWait, Math.Max(0, timeout - waited));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Wait(nint timeout, int count)
    {
        var wait = Next(count, timeout);
        if (wait > 0) Thread.Sleep(wait);
        return wait;
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_busy_handler")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int SetHandler(nint database, delegate* unmanaged[Cdecl]<nint, int, int> handler, nint argument);
}
