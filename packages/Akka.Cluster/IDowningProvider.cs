using Akka.Actor;

namespace Akka.Cluster;

/// <summary>Decides what happens to members that cannot be reached.</summary>
public interface IDowningProvider
{
    /// <summary>How long after a member was removed its work (singletons, shards) may be taken over.</summary>
    TimeSpan DownRemovalMargin { get; }

    /// <summary>The actor that decides; null for none.</summary>
    Props? DowningActorProps { get; }
}

/// <summary>Unreachable members stay until somebody takes them out by hand.</summary>
public sealed class NoDowning : IDowningProvider
{
    private readonly Cluster _cluster;

    public NoDowning(ActorSystem system, Cluster cluster)
    {
        _cluster = cluster;
    }

    /// <inheritdoc />
    public TimeSpan DownRemovalMargin => _cluster.Settings.DownRemovalMargin;

    /// <inheritdoc />
    public Props? DowningActorProps => null;
}
