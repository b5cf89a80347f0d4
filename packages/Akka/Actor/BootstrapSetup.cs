using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Util;

namespace Akka.Actor;

/// <summary>Which provider makes the references of a system.</summary>
public abstract class ProviderSelection
{
    internal ProviderSelection(string identifier, string fqn, bool hasCluster) => (Identifier, Fqn, HasCluster) = (identifier, fqn, hasCluster);

    internal string Identifier { get; }
    internal string Fqn { get; }
    internal bool HasCluster { get; }

    public sealed class Local : ProviderSelection
    {
        public static readonly Local Instance = new();

        private Local() : base("local", "Akka.Actor.LocalActorRefProvider", false) { }
    }

    public sealed class Remote : ProviderSelection
    {
        public static readonly Remote Instance = new();

        private Remote() : base("remote", "Akka.Remote.RemoteActorRefProvider, Akka.Remote", false) { }
    }

    public sealed class Cluster : ProviderSelection
    {
        public static readonly Cluster Instance = new();

        private Cluster() : base("cluster", "Akka.Cluster.ClusterActorRefProvider, Akka.Cluster", true) { }
    }

    public sealed class Custom(string fqn, string identifier = null, bool hasCluster = false) : ProviderSelection(identifier ?? fqn, fqn, hasCluster);

    internal static ProviderSelection GetProvider(string providerClass) => providerClass switch
    {
        "local" or "Akka.Actor.LocalActorRefProvider" => Local.Instance,
        "remote" or "Akka.Remote.RemoteActorRefProvider, Akka.Remote" => Remote.Instance,
        "cluster" or "Akka.Cluster.ClusterActorRefProvider, Akka.Cluster" => Cluster.Instance,
        _ => new Custom(providerClass),
    };
}

/// <summary>The configuration and provider that a system starts with.</summary>
public sealed class BootstrapSetup : Setup.Setup
{
    private BootstrapSetup(Option<Config> config, Option<ProviderSelection> provider, Option<Config> fallback) =>
        (Config, ActorRefProvider, Fallback) = (config, provider, fallback);

    public Option<Config> Config { get; }
    public Option<ProviderSelection> ActorRefProvider { get; }
    internal Option<Config> Fallback { get; }

    public static BootstrapSetup Create() => new(Option<Config>.None, Option<ProviderSelection>.None, Option<Config>.None);

    public BootstrapSetup WithActorRefProvider(ProviderSelection name) => new(Config, new Option<ProviderSelection>(name), Fallback);

    public BootstrapSetup WithConfig(Config config) => new(new Option<Config>(config), ActorRefProvider, Fallback);

    public BootstrapSetup WithConfigFallback(Config config) => new(
        Config.HasValue ? new Option<Config>(Config.Value.WithFallback(config)) : new Option<Config>(config), ActorRefProvider, Fallback);
}
