using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Util;

namespace Akka.Cluster;

/// <summary>The keys of <c>akka.cluster</c>, read once.</summary>
public sealed class ClusterSettings
{
    public ClusterSettings(Config config, string systemName)
    {
        var cluster = config.GetConfig("akka.cluster");
        if (cluster is null)
            throw new ConfigurationException("The configuration has no akka.cluster.");
        FailureDetectorConfig = cluster.GetConfig("failure-detector");
        FailureDetectorImplementationClass = FailureDetectorConfig.GetString("implementation-class");
        HeartbeatInterval = FailureDetectorConfig.GetTimeSpan("heartbeat-interval", TimeSpan.FromSeconds(1));
        HeartbeatExpectedResponseAfter = FailureDetectorConfig.GetTimeSpan("expected-response-after", TimeSpan.FromSeconds(1));
        MonitoredByNrOfMembers = FailureDetectorConfig.GetInt("monitored-by-nr-of-members", 9);
        SeedNodes = [.. cluster.GetStringList("seed-nodes", []).Select(Address.Parse)];
        SeedNodeTimeout = cluster.GetTimeSpan("seed-node-timeout", TimeSpan.FromSeconds(5));
        RetryUnsuccessfulJoinAfter = OptionalTime(cluster, "retry-unsuccessful-join-after");
        ShutdownAfterUnsuccessfulJoinSeedNodes = OptionalTime(cluster, "shutdown-after-unsuccessful-join-seed-nodes");
        PeriodicTasksInitialDelay = cluster.GetTimeSpan("periodic-tasks-initial-delay", TimeSpan.FromSeconds(1));
        GossipInterval = cluster.GetTimeSpan("gossip-interval", TimeSpan.FromSeconds(1));
        GossipTimeToLive = cluster.GetTimeSpan("gossip-time-to-live", TimeSpan.FromSeconds(2));
        LeaderActionsInterval = cluster.GetTimeSpan("leader-actions-interval", TimeSpan.FromSeconds(1));
        UnreachableNodesReaperInterval = cluster.GetTimeSpan("unreachable-nodes-reaper-interval", TimeSpan.FromSeconds(1));
        DownRemovalMargin = OptionalTime(cluster, "down-removal-margin") ?? TimeSpan.Zero;
        AllowWeaklyUpAfter = OptionalTime(cluster, "allow-weakly-up-members");
        RunCoordinatedShutdownWhenDown = cluster.GetBoolean("run-coordinated-shutdown-when-down", true);
        Roles = [.. cluster.GetStringList("roles", [])];
        AppVersion = AppVersion.Create(cluster.GetString("app-version", "assembly-version"));
        MinNrOfMembers = cluster.GetInt("min-nr-of-members", 1);
        MinNrOfMembersOfRole = ReadRoleMinimums(cluster);
        LogInfo = cluster.GetBoolean("log-info", true);
        VerboseHeartbeatLogging = cluster.GetBoolean("debug.verbose-heartbeat-logging");
        GossipDifferentViewProbability = cluster.GetDouble("gossip-different-view-probability", 0.8);
        ReduceGossipDifferentViewProbability = cluster.GetInt("reduce-gossip-different-view-probability", 400);
        UseDispatcher = cluster.GetString("use-dispatcher", "");
        DowningProviderType = ReadDowningProvider(cluster);
        SystemName = systemName;
    }

    internal Config FailureDetectorConfig { get; }
    internal string FailureDetectorImplementationClass { get; }

    /// <summary>Time between two heartbeats to a monitored member.</summary>
    public TimeSpan HeartbeatInterval { get; }

    internal TimeSpan HeartbeatExpectedResponseAfter { get; }
    internal int MonitoredByNrOfMembers { get; }

    /// <summary>Where the cluster is looked for at the start.</summary>
    public ImmutableList<Address> SeedNodes { get; }

    /// <summary>How long the seed nodes are waited for before they are asked again.</summary>
    public TimeSpan SeedNodeTimeout { get; }

    internal TimeSpan? RetryUnsuccessfulJoinAfter { get; }
    internal TimeSpan? ShutdownAfterUnsuccessfulJoinSeedNodes { get; }
    internal TimeSpan PeriodicTasksInitialDelay { get; }

    /// <summary>Time between two rounds of gossip.</summary>
    public TimeSpan GossipInterval { get; }

    internal TimeSpan GossipTimeToLive { get; }
    internal TimeSpan LeaderActionsInterval { get; }
    internal TimeSpan UnreachableNodesReaperInterval { get; }
    internal TimeSpan DownRemovalMargin { get; }

    /// <summary>How long there may be no convergence before joining members become WeaklyUp; null for never.</summary>
    internal TimeSpan? AllowWeaklyUpAfter { get; }

    internal bool RunCoordinatedShutdownWhenDown { get; }

    /// <summary>Roles of this member.</summary>
    public ImmutableHashSet<string> Roles { get; }

    /// <summary>Version of the application in this member.</summary>
    public AppVersion AppVersion { get; }

    /// <summary>Members that must have joined before the leader moves any of them to Up.</summary>
    public int MinNrOfMembers { get; }

    /// <summary>The same per role.</summary>
    public ImmutableDictionary<string, int> MinNrOfMembersOfRole { get; }

    internal bool LogInfo { get; }
    internal bool VerboseHeartbeatLogging { get; }
    internal double GossipDifferentViewProbability { get; }
    internal int ReduceGossipDifferentViewProbability { get; }
    internal string UseDispatcher { get; }

    /// <summary>Decides what happens to unreachable members.</summary>
    public Type DowningProviderType { get; }

    internal string SystemName { get; }

    private static TimeSpan? OptionalTime(Config config, string key)
    {
        var text = config.GetString(key, "off");
        return text.ToLower(CultureInfo.InvariantCulture) is "off" or "false" or "no" or "" or "undefined"
            ? null
            : config.GetTimeSpan(key);
    }

    private static ImmutableDictionary<string, int> ReadRoleMinimums(Config cluster)
    {
        var roles = cluster.GetConfig("role");
        if (roles is null || roles.IsEmpty)
            return ImmutableDictionary<string, int>.Empty;
        return roles.Root.GetObject().Items
            .Select(i => (Role: i.Key, Least: roles.GetInt($"{i.Key}.min-nr-of-members")))
            .Where(r => r.Least > 0)
            .ToImmutableDictionary(r => r.Role, r => r.Least);
    }

    private static Type ReadDowningProvider(Config cluster)
    {
        var name = cluster.GetString("downing-provider-class", "");
        if (string.IsNullOrEmpty(name))
            return typeof(NoDowning);
        return Type.GetType(name) ?? throw new ConfigurationException($"akka.cluster.downing-provider-class '{name}' is no known type.");
    }
}
