using System.Globalization;
using Akka.Configuration;
using Akka.Persistence.Sql.Db;

namespace Akka.Persistence.Sql;

/// <summary>What the configuration of a journal or snapshot store says.</summary>
internal static class SqlSettings
{
    private static readonly string[] KnownPragmas = ["synchronous", "busy_timeout", "page_size"];

    /// <summary>The database that the plugin's configuration names. The caller disposes it.</summary>
    /// <exception cref="ConfigurationException">A key is missing or has an unknown value.</exception>
    public static SqlDatabase Open(Config config)
    {
        var connection = config.GetString("connection-string") ?? "";
        var provider = config.GetString("provider-name") ?? "";
        if (connection.Length == 0) throw new ConfigurationException("connection-string of the SQL plugin must be set");
        if (config.GetBoolean("delete-compatibility-mode")) throw new NotSupportedException("delete-compatibility-mode = true is not supported");
        var parallelism = Math.Max(1, config.GetInt("parallelism", 3));
        var queue = Math.Max(1, config.GetInt("buffer-size", 5000));
        if (provider.StartsWith("SQLite", StringComparison.OrdinalIgnoreCase))
        {
            var settings = Sqlite(config);
            // Two plugins on one file share its writer, unless they want different guarantees.
            return SqlDatabase.Get(
                $"sqlite:{settings.Synchronous}:{connection}", () => new SqliteBackend(connection, settings), queue, parallelism);
        }
        if (provider.StartsWith("PostgreSQL", StringComparison.OrdinalIgnoreCase))
        {
            return SqlDatabase.Get($"postgresql:{connection}", () => new PostgresBackend(connection, parallelism), queue, parallelism);
        }
        throw new ConfigurationException($"provider-name '{provider}' is not known: it starts with SQLite or PostgreSQL");
    }

    public static JournalTable Journal(Config config)
    {
        var mapping = Mapping(config);
        var tags = config.GetString("tag-write-mode", "TagTable");
        var table = new JournalTable
        {
            Schema = Schema(mapping),
            Name = mapping.GetString("journal.table-name", "journal"),
            Ordering = Column(mapping, "journal", "ordering", "ordering"),
            Deleted = Column(mapping, "journal", "deleted", "deleted"),
            PersistenceId = Column(mapping, "journal", "persistence-id", "persistence_id"),
            SequenceNr = Column(mapping, "journal", "sequence-number", "sequence_number"),
            Created = Column(mapping, "journal", "created", "created"),
            Tags = Column(mapping, "journal", "tags", "tags"),
            Message = Column(mapping, "journal", "message", "message"),
            SerializerId = Column(mapping, "journal", "identifier", "identifier"),
            Manifest = Column(mapping, "journal", "manifest", "manifest"),
            WriterUuid = mapping.GetBoolean("journal.use-writer-uuid-column", true) ? Column(mapping, "journal", "writer-uuid", "writer_uuid") : null,
            TagTable = mapping.GetString("tag.table-name", "tags"),
            TagOrdering = Column(mapping, "tag", "ordering-id", "ordering_id"),
            TagValue = Column(mapping, "tag", "tag-value", "tag"),
            TagPersistenceId = Column(mapping, "tag", "persistence-id", "persistence_id"),
            TagSequenceNr = Column(mapping, "tag", "sequence-nr", "sequence_nr"),
            TagMode = Enum.TryParse<TagWriteMode>(tags, ignoreCase: true, out var mode)
                ? mode
                : throw new ConfigurationException($"tag-write-mode '{tags}' is not known: TagTable, Csv or Both"),
            TagSeparator = config.GetString("tag-separator", ";"),
        };
        return table;
    }

    public static SnapshotTable Snapshot(Config config)
    {
        var mapping = Mapping(config);
        return new SnapshotTable
        {
            Schema = Schema(mapping),
            Name = mapping.GetString("snapshot.table-name", "snapshot"),
            PersistenceId = Column(mapping, "snapshot", "persistence-id", "persistence_id"),
            SequenceNr = Column(mapping, "snapshot", "sequence-number", "sequence_number"),
            Created = Column(mapping, "snapshot", "created", "created"),
            Snapshot = Column(mapping, "snapshot", "snapshot", "snapshot"),
            Manifest = Column(mapping, "snapshot", "manifest", "manifest"),
            SerializerId = Column(mapping, "snapshot", "serializerId", "serializer_id"),
        };
    }

    private static string Column(Config mapping, string section, string key, string byDefault) =>
        mapping.GetString($"{section}.columns.{key}", byDefault);

    private static string? Schema(Config mapping)
    {
        var schema = mapping.GetString("schema-name");
        return string.IsNullOrEmpty(schema) || schema == "null" ? null : schema;
    }

    private static Config Mapping(Config config)
    {
        var name = config.GetString("table-mapping", "default");
        if (!config.HasPath(name)) throw new ConfigurationException($"table-mapping '{name}' has no section of that name");
        return config.GetConfig(name);
    }

    private static SqliteSettings Sqlite(Config config)
    {
        var others = new List<KeyValuePair<string, string>>();
        if (config.HasPath("sqlite-pragma"))
        {
            foreach (var (name, value) in config.GetConfig("sqlite-pragma").AsEnumerable())
            {
                if (!KnownPragmas.Contains(name)) others.Add(new(name, value.GetString()));
            }
        }
        return new SqliteSettings
        {
            Synchronous = config.GetString("sqlite-pragma.synchronous", "FULL").ToUpperInvariant(),
            BusyTimeout = config.GetTimeSpan("sqlite-pragma.busy_timeout", TimeSpan.FromSeconds(8)),
            PageSize = PageSize(config.GetInt("sqlite-pragma.page_size", 8192)),
            Others = others,
        };
    }

    // SQLite would pass over a size that it does not know, in silence.
    private static string PageSize(int bytes) => bytes is >= 512 and <= 65536 && int.IsPow2(bytes)
        ? bytes.ToString(CultureInfo.InvariantCulture)
        : throw new ConfigurationException($"sqlite-pragma.page_size = {bytes} is no power of two from 512 to 65536");
}
