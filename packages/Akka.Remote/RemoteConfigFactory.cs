using Akka.Configuration;

namespace Akka.Remote;

/// <summary>The defaults of <c>akka.remote</c>.</summary>
internal static class RemoteConfigFactory
{
    public static Config Default() =>
        ConfigurationFactory.FromResource("Akka.Remote.Configuration.reference.conf", typeof(RemoteConfigFactory).Assembly);
}
