using System.Globalization;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Cluster.SBR;

/// <summary>Takes unreachable members out by one of the strategies of <c>akka.cluster.split-brain-resolver</c>.</summary>
public class SplitBrainResolverProvider : IDowningProvider
{
    private readonly Cluster _cluster;
    private readonly SplitBrainResolverSettings _settings;

    public SplitBrainResolverProvider(ActorSystem system, Cluster cluster)
    {
        _cluster = cluster;
        _settings = new SplitBrainResolverSettings(system.Settings.Config);
    }

    /// <summary>The configured margin; if none is, the time for which the resolver waits for stability.</summary>
    public TimeSpan DownRemovalMargin => _cluster.Settings.DownRemovalMargin > TimeSpan.Zero
        ? _cluster.Settings.DownRemovalMargin
        : _settings.StableAfter;

    /// <inheritdoc />
    public Props DowningActorProps
    {
        get
        {
            var cluster = _cluster;
            var settings = _settings;
            return Props.Create(() => new SplitBrainResolver(cluster, settings));
        }
    }
}

/// <summary>The keys of <c>akka.cluster.split-brain-resolver</c>.</summary>
internal sealed class SplitBrainResolverSettings
{
    public SplitBrainResolverSettings(Config config)
    {
        var resolver = config.GetConfig("akka.cluster.split-brain-resolver") ?? ConfigurationFactory.Empty;
        StableAfter = resolver.GetTimeSpan("stable-after", TimeSpan.FromSeconds(20));
        if (StableAfter <= TimeSpan.Zero)
            throw new ConfigurationException("akka.cluster.split-brain-resolver.stable-after must be positive.");
        Strategy = CreateStrategy(resolver);
        DownAllWhenUnstable = resolver.GetString("down-all-when-unstable", "on").ToLower(CultureInfo.InvariantCulture) switch
        {
            "off" or "false" or "no" => null,
            // Three quarters of the stability time on top, but not less than four seconds.
            "on" or "true" or "yes" => TimeSpan.FromTicks(Math.Max(TimeSpan.FromSeconds(4).Ticks, StableAfter.Ticks * 3 / 4)),
            _ => resolver.GetTimeSpan("down-all-when-unstable"),
        };
    }

    public TimeSpan StableAfter { get; }

    public DowningStrategy Strategy { get; }

    /// <summary>How long beyond <see cref="StableAfter"/> the membership may go on changing before all is given up; null for ever.</summary>
    public TimeSpan? DownAllWhenUnstable { get; }

    private static DowningStrategy CreateStrategy(Config resolver)
    {
        var name = resolver.GetString("active-strategy", "keep-majority");
        switch (name)
        {
            case "keep-majority":
                return new KeepMajority(resolver.GetString("keep-majority.role", ""));
            case "keep-oldest":
                return new KeepOldest(resolver.GetBoolean("keep-oldest.down-if-alone", true), resolver.GetString("keep-oldest.role", ""));
            case "down-all":
                return new DownAllNodes();
            case "static-quorum":
                var size = resolver.GetString("static-quorum.quorum-size", "undefined");
                if (!int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var quorum) || quorum < 1)
                    throw new ConfigurationException($"akka.cluster.split-brain-resolver.static-quorum.quorum-size is '{size}'.");
                return new StaticQuorum(quorum, resolver.GetString("static-quorum.role", ""));
            default:
                throw new NotSupportedException($"akka.cluster.split-brain-resolver.active-strategy '{name}' is not supported.");
        }
    }
}
