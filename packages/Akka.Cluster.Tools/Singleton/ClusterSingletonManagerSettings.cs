using Akka.Actor;
using Akka.Configuration;

namespace Akka.Cluster.Tools.Singleton;

/// <summary>How a singleton is run (<c>akka.cluster.singleton</c>).</summary>
public sealed class ClusterSingletonManagerSettings : INoSerializationVerificationNeeded
{
    /// <param name="singletonName">Name of the singleton actor below its manager.</param>
    /// <param name="role">Only members with this role run it; null or empty for all.</param>
    /// <param name="removalMargin">How long after the removal of a member that may have run it a new one is started.</param>
    /// <param name="handOverRetryInterval">Time between two attempts to reach the other manager while handing over.</param>
    /// <param name="considerAppVersion">Whether members with a newer version are preferred to older members.</param>
    public ClusterSingletonManagerSettings(string singletonName, string? role, TimeSpan removalMargin, TimeSpan handOverRetryInterval,
        bool considerAppVersion)
    {
        if (string.IsNullOrWhiteSpace(singletonName))
            throw new ArgumentException("The singleton needs a name.", nameof(singletonName));
        if (removalMargin < TimeSpan.Zero)
            throw new ArgumentException("The removal margin must not be negative.", nameof(removalMargin));
        if (handOverRetryInterval <= TimeSpan.Zero)
            throw new ArgumentException("The retry interval must be positive.", nameof(handOverRetryInterval));
        SingletonName = singletonName;
        Role = role;
        RemovalMargin = removalMargin;
        HandOverRetryInterval = handOverRetryInterval;
        ConsiderAppVersion = considerAppVersion;
    }

    public string SingletonName { get; }

    public string? Role { get; }

    /// <summary>Zero stands for the margin of the downing provider.</summary>
    public TimeSpan RemovalMargin { get; }

    public TimeSpan HandOverRetryInterval { get; }

    public bool ConsiderAppVersion { get; }

    /// <summary>Least number of attempts to hand over before the other side is given up.</summary>
    internal int MinNumberOfHandOverRetries { get; init; } = 15;

    /// <summary>Reads <c>akka.cluster.singleton</c>.</summary>
    public static ClusterSingletonManagerSettings Create(ActorSystem system)
    {
        system.Settings.InjectTopLevelFallback(ClusterToolsConfig.Default());
        return Create(system.Settings.Config.GetConfig("akka.cluster.singleton"))
            .WithRemovalMargin(Cluster.Get(system).DowningProvider.DownRemovalMargin);
    }

    /// <summary>Reads the keys of <c>akka.cluster.singleton</c> from the given section.</summary>
    public static ClusterSingletonManagerSettings Create(Config config)
    {
        if (!string.IsNullOrEmpty(config.GetString("use-lease", "")))
            throw new NotSupportedException("akka.cluster.singleton.use-lease is not supported.");
        var role = config.GetString("role", "");
        return new ClusterSingletonManagerSettings(config.GetString("singleton-name", "singleton"), role.Length == 0 ? null : role,
            TimeSpan.Zero, config.GetTimeSpan("hand-over-retry-interval", TimeSpan.FromSeconds(1)),
            config.GetBoolean("consider-app-version"))
        {
            MinNumberOfHandOverRetries = config.GetInt("min-number-of-hand-over-retries", 15),
        };
    }

    public ClusterSingletonManagerSettings WithSingletonName(string singletonName) => Copy(singletonName, Role, RemovalMargin, HandOverRetryInterval);

    public ClusterSingletonManagerSettings WithRole(string? role) => Copy(SingletonName, role, RemovalMargin, HandOverRetryInterval);

    public ClusterSingletonManagerSettings WithRemovalMargin(TimeSpan removalMargin) =>
        Copy(SingletonName, Role, removalMargin, HandOverRetryInterval);

    public ClusterSingletonManagerSettings WithHandOverRetryInterval(TimeSpan handOverRetryInterval) =>
        Copy(SingletonName, Role, RemovalMargin, handOverRetryInterval);

    private ClusterSingletonManagerSettings Copy(string name, string? role, TimeSpan margin, TimeSpan retry) =>
        new(name, role, margin, retry, ConsiderAppVersion) { MinNumberOfHandOverRetries = MinNumberOfHandOverRetries };
}
