using Akka.Configuration;

namespace Akka.Cluster.Tools;

/// <summary>The defaults of singletons, their proxies and publish-subscribe.</summary>
internal static class ClusterToolsConfig
{
    private static readonly Lazy<Config> Parsed = new(() => ConfigurationFactory.FromResource(
        "Akka.Cluster.Tools.Configuration.reference.conf", typeof(ClusterToolsConfig).Assembly));

    public static Config Default() => Parsed.Value;
}
