using Akka.Actor;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;

namespace Akka.Cluster.Sharding;

/// <summary>Where the coordinator keeps its state.</summary>
public enum StateStoreMode
{
    /// <summary>In the journal.</summary>
    Persistence = 0,

    /// <summary>In replicated memory; not supported here.</summary>
    DData = 1,

    /// <summary>Elsewhere; not supported here.</summary>
    Custom = 2,
}

/// <summary>Where remembered entities are kept.</summary>
public enum RememberEntitiesStore
{
    /// <summary>In replicated memory; not supported here.</summary>
    DData = 0,

    /// <summary>In the journal.</summary>
    Eventsourced = 1,

    /// <summary>Elsewhere; not supported here.</summary>
    Custom = 2,
}

/// <summary>The settings of one type of entity.</summary>
public sealed class ClusterShardingSettings : INoSerializationVerificationNeeded
{
    /// <summary>Members of this role run the entities; empty for all members.</summary>
    public readonly string? Role;

    /// <summary>Entities that ran are started again after a move or crash of their shard.</summary>
    public readonly bool RememberEntities;

    /// <summary>Journal of the coordinator; empty for the default one.</summary>
    public readonly string JournalPluginId;

    /// <summary>Snapshot store of the coordinator; empty for the default one.</summary>
    public readonly string SnapshotPluginId;

    /// <summary>Where the coordinator keeps its state.</summary>
    public readonly StateStoreMode StateStoreMode;

    /// <summary>Where remembered entities are kept.</summary>
    public readonly RememberEntitiesStore RememberEntitiesStore;

    /// <summary>How long a shard may take to answer a question.</summary>
    public readonly TimeSpan ShardRegionQueryTimeout;

    /// <summary>An entity that got no message for so long is stopped; zero for never. Remembered entities never are.</summary>
    public readonly TimeSpan PassivateIdleEntityAfter;

    /// <summary>Times and bounds.</summary>
    public readonly TuningParameters TuningParameters;

    /// <summary>The coordinator's singleton.</summary>
    public readonly ClusterSingletonManagerSettings CoordinatorSingletonSettings;

    private ClusterShardingSettings(
        string? role, bool rememberEntities, string journalPluginId, string snapshotPluginId, StateStoreMode stateStoreMode,
        RememberEntitiesStore rememberEntitiesStore, TimeSpan shardRegionQueryTimeout, TimeSpan passivateIdleEntityAfter,
        TuningParameters tuningParameters, ClusterSingletonManagerSettings coordinatorSingletonSettings)
    {
        Role = string.IsNullOrEmpty(role) ? null : role;
        RememberEntities = rememberEntities;
        JournalPluginId = journalPluginId;
        SnapshotPluginId = snapshotPluginId;
        StateStoreMode = stateStoreMode;
        RememberEntitiesStore = rememberEntitiesStore;
        ShardRegionQueryTimeout = shardRegionQueryTimeout;
        PassivateIdleEntityAfter = passivateIdleEntityAfter;
        TuningParameters = tuningParameters;
        CoordinatorSingletonSettings = coordinatorSingletonSettings;
    }

    /// <summary>The settings of <c>akka.cluster.sharding</c>.</summary>
    public static ClusterShardingSettings Create(ActorSystem system)
    {
        var config = system.Settings.Config.GetConfig("akka.cluster.sharding");
        var singleton = system.Settings.Config.GetConfig(config.GetString("coordinator-singleton", "akka.cluster.singleton"));
        return Create(config, singleton);
    }

    /// <summary>The settings of a section.</summary>
    /// <exception cref="NotSupportedException">The section asks for something that this implementation does not do; the message names the key.</exception>
    public static ClusterShardingSettings Create(Config config, Config singletonConfig)
    {
        if (!string.IsNullOrEmpty(config.GetString("use-lease")))
        {
            throw new NotSupportedException("akka.cluster.sharding.use-lease is not supported");
        }
        var stateStore = config.GetString("state-store-mode", "persistence").ToLowerInvariant() switch
        {
            "persistence" => StateStoreMode.Persistence,
            "ddata" => StateStoreMode.DData,
            _ => StateStoreMode.Custom,
        };
        var remembering = config.GetString("remember-entities-store", "ddata").ToLowerInvariant() switch
        {
            "eventsourced" => RememberEntitiesStore.Eventsourced,
            "ddata" => RememberEntitiesStore.DData,
            _ => RememberEntitiesStore.Custom,
        };
        var idle = config.GetString("passivate-idle-entity-after", "off").ToLowerInvariant() is "off" or "false"
            ? TimeSpan.Zero
            : config.GetTimeSpan("passivate-idle-entity-after");
        return new ClusterShardingSettings(
            config.GetString("role"),
            config.GetBoolean("remember-entities"),
            config.GetString("journal-plugin-id", ""),
            config.GetString("snapshot-plugin-id", ""),
            stateStore,
            remembering,
            config.GetTimeSpan("shard-region-query-timeout", TimeSpan.FromSeconds(3)),
            idle,
            Sharding.TuningParameters.Create(config),
            ClusterSingletonManagerSettings.Create(singletonConfig));
    }

    /// <summary>The same with another role.</summary>
    public ClusterShardingSettings WithRole(string? role) => Copy(role: role ?? "");

    /// <summary>The same with remembered entities or without.</summary>
    public ClusterShardingSettings WithRememberEntities(bool rememberEntities) => Copy(rememberEntities: rememberEntities);

    /// <summary>The same with another journal.</summary>
    public ClusterShardingSettings WithJournalPluginId(string journalPluginId) => Copy(journalPluginId: journalPluginId ?? "");

    /// <summary>The same with another snapshot store.</summary>
    public ClusterShardingSettings WithSnapshotPluginId(string snapshotPluginId) => Copy(snapshotPluginId: snapshotPluginId ?? "");

    /// <summary>The same with the coordinator's state elsewhere.</summary>
    public ClusterShardingSettings WithStateStoreMode(StateStoreMode mode) => Copy(stateStoreMode: mode);

    /// <summary>The same with other times and bounds.</summary>
    public ClusterShardingSettings WithTuningParameters(TuningParameters tuningParameters) => Copy(tuningParameters: tuningParameters);

    /// <summary>The same with another time until an idle entity is stopped; zero for never.</summary>
    public ClusterShardingSettings WithPassivateIdleAfter(TimeSpan duration) => Copy(passivateIdleEntityAfter: duration);

    /// <summary>The same with another singleton for the coordinator.</summary>
    public ClusterShardingSettings WithCoordinatorSingletonSettings(ClusterSingletonManagerSettings coordinatorSingletonSettings) =>
        Copy(coordinatorSingletonSettings: coordinatorSingletonSettings);

    /// <summary>True for a member that runs entities; others have a proxy only.</summary>
    internal bool ShouldHostShard(Cluster cluster) => Role is null || cluster.SelfRoles.Contains(Role);

    internal TimeSpan IdleAfter => RememberEntities ? TimeSpan.Zero : PassivateIdleEntityAfter;

    /// <summary>Refuses what this implementation does not do.</summary>
    internal void Validate()
    {
        if (StateStoreMode != StateStoreMode.Persistence)
        {
            throw new NotSupportedException(
                $"akka.cluster.sharding.state-store-mode = {StateStoreMode} is not supported: set it to persistence");
        }
        if (RememberEntities && RememberEntitiesStore != RememberEntitiesStore.Eventsourced)
        {
            throw new NotSupportedException(
                $"akka.cluster.sharding.remember-entities-store = {RememberEntitiesStore} is not supported: set it to eventsourced");
        }
    }

    private ClusterShardingSettings Copy(
        string? role = null, bool? rememberEntities = null, string? journalPluginId = null, string? snapshotPluginId = null,
        StateStoreMode? stateStoreMode = null, TimeSpan? passivateIdleEntityAfter = null, TuningParameters? tuningParameters = null,
        ClusterSingletonManagerSettings? coordinatorSingletonSettings = null) =>
        new(
            role ?? Role, rememberEntities ?? RememberEntities, journalPluginId ?? JournalPluginId, snapshotPluginId ?? SnapshotPluginId,
            stateStoreMode ?? StateStoreMode, RememberEntitiesStore, ShardRegionQueryTimeout, passivateIdleEntityAfter ?? PassivateIdleEntityAfter,
            tuningParameters ?? TuningParameters, coordinatorSingletonSettings ?? CoordinatorSingletonSettings);
}
