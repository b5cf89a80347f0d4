using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Akka.Cluster.Tools.PublishSubscribe;

/// <summary>Marks what mediators understand and send each other.</summary>
public interface IDistributedPubSubMessage
{
}

/// <summary>The actor wants what is published to the topic (of the group, if one is given).</summary>
public sealed class Subscribe
{
    public Subscribe(string topic, IActorRef @ref, string? group = null)
    {
        if (string.IsNullOrEmpty(topic))
            throw new ArgumentException("The topic must have a name.", nameof(topic));
        Topic = topic;
        Ref = @ref;
        Group = group;
    }

    public string Topic { get; }

    public string? Group { get; }

    public IActorRef Ref { get; }
}

/// <summary>The subscription is registered here; other members learn of it by gossip.</summary>
public sealed class SubscribeAck(Subscribe subscribe) : IDeadLetterSuppression
{
    public Subscribe Subscribe { get; } = subscribe;
}

/// <summary>The actor wants nothing more of the topic.</summary>
public sealed class Unsubscribe
{
    public Unsubscribe(string topic, IActorRef @ref, string? group = null)
    {
        if (string.IsNullOrEmpty(topic))
            throw new ArgumentException("The topic must have a name.", nameof(topic));
        Topic = topic;
        Ref = @ref;
        Group = group;
    }

    public string Topic { get; }

    public string? Group { get; }

    public IActorRef Ref { get; }
}

/// <summary>The subscription has ended here.</summary>
public sealed class UnsubscribeAck(Unsubscribe unsubscribe)
{
    public Unsubscribe Unsubscribe { get; } = unsubscribe;
}

/// <summary>Sends to all subscribers of the topic, or to one of each of its groups.</summary>
public sealed class Publish(string topic, object message, bool sendOneMessageToEachGroup = false) : IDistributedPubSubMessage, IWrappedMessage
{
    public string Topic { get; } = topic;

    public object Message { get; } = message;

    public bool SendOneMessageToEachGroup { get; } = sendOneMessageToEachGroup;
}

/// <summary>Sends to one actor that was put under the path.</summary>
public sealed class Send(string path, object message, bool localAffinity = false) : IDistributedPubSubMessage, IWrappedMessage
{
    public string Path { get; } = path;

    public object Message { get; } = message;

    /// <summary>Whether an actor of this member is preferred.</summary>
    public bool LocalAffinity { get; } = localAffinity;
}

/// <summary>Sends to all actors that were put under the path.</summary>
public sealed class SendToAll(string path, object message, bool excludeSelf = false) : IDistributedPubSubMessage, IWrappedMessage
{
    public string Path { get; } = path;

    public object Message { get; } = message;

    public bool ExcludeSelf { get; } = excludeSelf;
}

/// <summary>Makes the actor known under its path.</summary>
public sealed class Put(IActorRef @ref)
{
    public IActorRef Ref { get; } = @ref;
}

/// <summary>Takes back what was put under the path.</summary>
public sealed class Remove(string path)
{
    public string Path { get; } = path;
}

/// <summary>Asks for the topics that anybody subscribes to; answered with <see cref="CurrentTopics"/>.</summary>
public sealed class GetTopics
{
    public static GetTopics Instance { get; } = new();
}

/// <summary>The topics known here.</summary>
public sealed class CurrentTopics(IImmutableSet<string> topics)
{
    public IImmutableSet<string> Topics { get; } = topics;
}

/// <summary>Deliver to the subscribers at the receiving member: all of the topic, or one of the group.</summary>
internal sealed record DeliverToTopic(string Topic, string? Group, object Message) : IDistributedPubSubMessage;

/// <summary>Deliver to the actor under the path at the receiving member.</summary>
internal sealed record DeliverToPath(string Path, object Message) : IDistributedPubSubMessage;

/// <summary>
/// What the sender knows of every member's registry. While both know the same, only the digest is exchanged.
/// </summary>
internal sealed record Status(ulong Digest, ImmutableDictionary<Address, long>? Versions, bool IsReply) : IDistributedPubSubMessage, IDeadLetterSuppression;

/// <summary>Changes of registries that the receiver lacks.</summary>
internal sealed record Delta(ImmutableArray<Bucket> Buckets) : IDistributedPubSubMessage, IDeadLetterSuppression;
