namespace Akka.Persistence.Sql.Db;

/// <summary>Pragmas set on every SQLite connection of the journal.</summary>
internal sealed record SqliteSettings
{
    /// <summary>
    /// FULL makes every commit wait for the disk, so an acknowledged event survives a power loss. NORMAL survives the death
    /// of the process only: the last commits may be lost with the power.
    /// </summary>
    public string Synchronous { get; init; } = "FULL";

    /// <summary>How long a connection waits for a lock that another process holds.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>
    /// Bytes per page of a new database; one that exists keeps its own. An event of two or three kilobytes fills a page of
    /// 4096 alone: pages of 8192 make the file a third smaller, and a write of many events a fifth cheaper.
    /// </summary>
    public string PageSize { get; init; } = "8192";

    /// <summary>Further pragmas (name, value), set after those above.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Others { get; init; } = [];
}
