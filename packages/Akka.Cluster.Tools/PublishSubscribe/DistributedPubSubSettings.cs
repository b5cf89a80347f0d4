using Akka.Actor;
using Akka.Configuration;

namespace Akka.Cluster.Tools.PublishSubscribe;

/// <summary>The keys of <c>akka.cluster.pub-sub</c>.</summary>
public sealed class DistributedPubSubSettings : INoSerializationVerificationNeeded
{
    internal DistributedPubSubSettings(string? role, bool roundRobin, TimeSpan gossipInterval, TimeSpan removedTimeToLive,
        int maxDeltaElements, bool sendToDeadLettersWhenNoSubscribers)
    {
        Role = role;
        RoundRobin = roundRobin;
        GossipInterval = gossipInterval;
        RemovedTimeToLive = removedTimeToLive;
        MaxDeltaElements = maxDeltaElements;
        SendToDeadLettersWhenNoSubscribers = sendToDeadLettersWhenNoSubscribers;
    }

    /// <summary>Only members with this role take part; null for all.</summary>
    public string? Role { get; }

    internal bool RoundRobin { get; }

    public TimeSpan GossipInterval { get; }

    public TimeSpan RemovedTimeToLive { get; }

    /// <summary>Most keys in one message of gossip (count).</summary>
    public int MaxDeltaElements { get; }

    public bool SendToDeadLettersWhenNoSubscribers { get; }

    /// <summary>Reads <c>akka.cluster.pub-sub</c>.</summary>
    public static DistributedPubSubSettings Create(ActorSystem system)
    {
        system.Settings.InjectTopLevelFallback(ClusterToolsConfig.Default());
        return Create(system.Settings.Config.GetConfig("akka.cluster.pub-sub"));
    }

    /// <summary>Reads the keys of <c>akka.cluster.pub-sub</c> from the given section.</summary>
    public static DistributedPubSubSettings Create(Config config)
    {
        var role = config.GetString("role", "");
        var logic = config.GetString("routing-logic", "random");
        if (logic is not ("random" or "round-robin"))
            throw new ConfigurationException($"akka.cluster.pub-sub.routing-logic '{logic}' is neither random nor round-robin.");
        return new DistributedPubSubSettings(role.Length == 0 ? null : role, logic == "round-robin",
            config.GetTimeSpan("gossip-interval", TimeSpan.FromSeconds(1)),
            config.GetTimeSpan("removed-time-to-live", TimeSpan.FromSeconds(120)),
            config.GetInt("max-delta-elements", 3000),
            config.GetBoolean("send-to-dead-letters-when-no-subscribers", true));
    }
}
