using System.Globalization;
using Akka.Util;

namespace Akka.Cluster.Sharding;

/// <summary>Tells for which entity a message is and in which shard that entity lives.</summary>
public interface IMessageExtractor
{
    /// <summary>The entity's id, or null for a message that is for no entity.</summary>
    string? EntityId(object message);

    /// <summary>What the entity gets: the message without its envelope.</summary>
    object? EntityMessage(object message);

    /// <summary>The shard of an entity. It must be the same for an entity whatever the hint.</summary>
    string ShardId(string entityId, object? messageHint = null);
}

/// <summary>Spreads entities over a fixed number of shards by the hash of their id.</summary>
public abstract class HashCodeMessageExtractor : IMessageExtractor
{
    /// <summary>Number of shards; ten times the number of processes is a good start. It must never change.</summary>
    public readonly int MaxNumberOfShards;

    /// <summary>An extractor for so many shards.</summary>
    protected HashCodeMessageExtractor(int maxNumberOfShards)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNumberOfShards);
        MaxNumberOfShards = maxNumberOfShards;
    }

    /// <summary>An extractor made of functions.</summary>
    public static HashCodeMessageExtractor Create(
        int maxNumberOfShards, Func<object, string> entityIdExtractor, Func<object, object>? messageExtractor = null) =>
        new OfFunctions(maxNumberOfShards, entityIdExtractor, messageExtractor);

    /// <inheritdoc/>
    public abstract string? EntityId(object message);

    /// <inheritdoc/>
    public virtual object? EntityMessage(object message) => message;

    /// <inheritdoc/>
    public virtual string ShardId(string entityId, object? messageHint = null)
    {
        // A hash of the same value in every process and version; string.GetHashCode differs between processes.
        var hash = MurmurHash.StringHash(entityId);
        return (Math.Abs((long)hash) % MaxNumberOfShards).ToString(CultureInfo.InvariantCulture);
    }

    private sealed class OfFunctions(int shards, Func<object, string> entityId, Func<object, object>? entityMessage) : HashCodeMessageExtractor(shards)
    {
        public override string? EntityId(object message) => entityId(message);

        public override object? EntityMessage(object message) => entityMessage is null ? message : entityMessage(message);
    }
}

/// <summary>Adds to an extractor what every region understands: envelopes and the command that starts an entity.</summary>
internal sealed class ExtractorAdapter(IMessageExtractor inner) : IMessageExtractor
{
    public string? EntityId(object message) => message switch
    {
        ShardingEnvelope envelope => envelope.EntityId,
        ShardRegion.StartEntity start => start.EntityId,
        _ => inner.EntityId(message),
    };

    public object? EntityMessage(object message) => message switch
    {
        ShardingEnvelope envelope => envelope.Message,
        ShardRegion.StartEntity => message,
        _ => inner.EntityMessage(message),
    };

    public string ShardId(string entityId, object? messageHint = null) => inner.ShardId(entityId, messageHint);
}
