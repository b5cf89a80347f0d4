using Akka.Actor;
using Akka.Configuration;

namespace Akka.Cluster.Tools.Singleton;

/// <summary>How a proxy finds its singleton (<c>akka.cluster.singleton-proxy</c>).</summary>
public sealed class ClusterSingletonProxySettings : INoSerializationVerificationNeeded
{
    /// <param name="singletonName">Name of the singleton actor below its manager.</param>
    /// <param name="role">Role of the members that run it; null or empty for all.</param>
    /// <param name="singletonIdentificationInterval">Time between two attempts to find it.</param>
    /// <param name="bufferSize">Messages kept while it is not found (count); the oldest go first. 0 for none.</param>
    /// <param name="considerAppVersion">As in the settings of the manager.</param>
    public ClusterSingletonProxySettings(string singletonName, string? role, TimeSpan singletonIdentificationInterval, int bufferSize,
        bool considerAppVersion)
    {
        if (string.IsNullOrWhiteSpace(singletonName))
            throw new ArgumentException("The singleton needs a name.", nameof(singletonName));
        if (bufferSize is < 0 or > 10_000)
            throw new ArgumentException("The buffer size must be between 0 and 10000.", nameof(bufferSize));
        if (singletonIdentificationInterval <= TimeSpan.Zero)
            throw new ArgumentException("The identification interval must be positive.", nameof(singletonIdentificationInterval));
        SingletonName = singletonName;
        Role = role;
        SingletonIdentificationInterval = singletonIdentificationInterval;
        BufferSize = bufferSize;
        ConsiderAppVersion = considerAppVersion;
    }

    public string SingletonName { get; }

    public string? Role { get; }

    public TimeSpan SingletonIdentificationInterval { get; }

    public int BufferSize { get; }

    public bool ConsiderAppVersion { get; }

    /// <summary>Reads <c>akka.cluster.singleton-proxy</c>.</summary>
    public static ClusterSingletonProxySettings Create(ActorSystem system)
    {
        system.Settings.InjectTopLevelFallback(ClusterToolsConfig.Default());
        return Create(system.Settings.Config.GetConfig("akka.cluster.singleton-proxy"),
            system.Settings.Config.GetBoolean("akka.cluster.singleton.consider-app-version"));
    }

    /// <summary>Reads the keys of <c>akka.cluster.singleton-proxy</c> from the given section.</summary>
    public static ClusterSingletonProxySettings Create(Config config, bool considerAppVersion)
    {
        var role = config.GetString("role", "");
        return new ClusterSingletonProxySettings(config.GetString("singleton-name", "singleton"), role.Length == 0 ? null : role,
            config.GetTimeSpan("singleton-identification-interval", TimeSpan.FromSeconds(1)), config.GetInt("buffer-size", 1000),
            considerAppVersion);
    }

    public ClusterSingletonProxySettings WithSingletonName(string singletonName) =>
        new(singletonName, Role, SingletonIdentificationInterval, BufferSize, ConsiderAppVersion);

    public ClusterSingletonProxySettings WithRole(string? role) =>
        new(SingletonName, role, SingletonIdentificationInterval, BufferSize, ConsiderAppVersion);

    public ClusterSingletonProxySettings WithSingletonIdentificationInterval(TimeSpan singletonIdentificationInterval) =>
        new(SingletonName, Role, singletonIdentificationInterval, BufferSize, ConsiderAppVersion);

    public ClusterSingletonProxySettings WithBufferSize(int bufferSize) =>
        new(SingletonName, Role, SingletonIdentificationInterval, bufferSize, ConsiderAppVersion);
}
