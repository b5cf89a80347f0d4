using Akka.Actor;
using Akka.Configuration;

namespace Akka.Persistence.Sql;

/// <summary>Brings the defaults of the SQL plugins into an actor system.</summary>
public class SqlPersistence : IExtension
{
    /// <summary>Configuration path of the journal.</summary>
    public const string JournalConfigPath = "akka.persistence.journal.sql";

    /// <summary>Configuration path of the snapshot store.</summary>
    public const string SnapshotStoreConfigPath = "akka.persistence.snapshot-store.sql";

    /// <summary>The defaults of every key of the journal and the snapshot store.</summary>
    public static readonly Config DefaultConfiguration =
        ConfigurationFactory.FromResource<SqlPersistence>("Akka.Persistence.Sql.persistence.conf");

    /// <summary>Adds the defaults to the system's settings.</summary>
    public SqlPersistence(ExtendedActorSystem system) => system.Settings.InjectTopLevelFallback(DefaultConfiguration);

    /// <summary>The extension of a system.</summary>
    public static SqlPersistence Get(ActorSystem system) => system.WithExtension<SqlPersistence, SqlPersistenceProvider>();
}

/// <summary>Creates <see cref="SqlPersistence"/>.</summary>
public class SqlPersistenceProvider : ExtensionIdProvider<SqlPersistence>
{
    /// <inheritdoc/>
    public override SqlPersistence CreateExtension(ExtendedActorSystem system) => new(system);
}
