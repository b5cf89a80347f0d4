using Akka.Actor;

namespace Akka.Event;

/// <summary>Hands events to those who subscribed to their classifier.</summary>
public abstract class EventBus<TEvent, TClassifier, TSubscriber>
{
    private readonly Dictionary<TClassifier, List<TSubscriber>> _subscriptions = [];
    private readonly Lock _lock = new();

    // What an event's classifier leads to, worked out once until the subscriptions change.
    private volatile Dictionary<TClassifier, TSubscriber[]> _cache = [];

    public virtual bool Subscribe(TSubscriber subscriber, TClassifier classifier)
    {
        lock (_lock)
        {
            if (!_subscriptions.TryGetValue(classifier, out var subscribers)) _subscriptions[classifier] = subscribers = [];
            if (subscribers.Contains(subscriber)) return false;
            subscribers.Add(subscriber);
            _cache = [];
            return true;
        }
    }

    public virtual bool Unsubscribe(TSubscriber subscriber)
    {
        lock (_lock)
        {
            var removed = false;
            foreach (var subscribers in _subscriptions.Values) removed |= subscribers.Remove(subscriber);
            if (removed) _cache = [];
            return removed;
        }
    }

    public virtual bool Unsubscribe(TSubscriber subscriber, TClassifier classifier)
    {
        lock (_lock)
        {
            var removed = _subscriptions.TryGetValue(classifier, out var subscribers) && subscribers.Remove(subscriber);
            if (removed) _cache = [];
            return removed;
        }
    }

    public virtual void Publish(TEvent @event)
    {
        var classifier = GetClassifier(@event);
        var cache = _cache;
        if (!cache.TryGetValue(classifier, out var subscribers)) subscribers = Find(classifier);
        foreach (var subscriber in subscribers) Publish(@event, subscriber);
    }

    protected abstract bool IsSubClassification(TClassifier parent, TClassifier child);
    protected abstract void Publish(TEvent @event, TSubscriber subscriber);
    protected abstract bool Classify(TEvent @event, TClassifier classifier);
    protected abstract TClassifier GetClassifier(TEvent @event);

    private TSubscriber[] Find(TClassifier classifier)
    {
        lock (_lock)
        {
            TSubscriber[] found = [.. _subscriptions.Where(s => IsSubClassification(s.Key, classifier)).SelectMany(s => s.Value).Distinct()];
            // A copy, since others read the cache without the lock.
            _cache = new Dictionary<TClassifier, TSubscriber[]>(_cache) { [classifier] = found };
            return found;
        }
    }
}

/// <summary>An event bus whose subscribers are actors.</summary>
public abstract class ActorEventBus<TEvent, TClassifier> : EventBus<TEvent, TClassifier, IActorRef>;

/// <summary>The bus of one actor system: subscribers get events of a class and of all classes below it.</summary>
public class EventStream(bool debug) : LoggingBus
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<IActorRef, bool> _subscribers = new();

    /// <summary>Ends the subscriptions of an actor that stopped, which has no way left to end them itself.</summary>
    internal void Forget(IActorRef stopped)
    {
        if (_subscribers.TryRemove(stopped, out _)) base.Unsubscribe(stopped);
    }

    public override bool Subscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        if (debug) Publish(new Debug(nameof(EventStream), GetType(), $"subscribing [{subscriber}] to channel {channel}"));
        var added = base.Subscribe(subscriber, channel);
        _subscribers[subscriber] = true;
        // It may have stopped in between, and then nothing would end the subscription.
        if (subscriber is LocalActorRef { IsTerminated: true }) Forget(subscriber);
        return added;
    }

    public override bool Unsubscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        if (debug) Publish(new Debug(nameof(EventStream), GetType(), $"unsubscribing [{subscriber}] from channel {channel}"));
        return base.Unsubscribe(subscriber, channel);
    }

    public override bool Unsubscribe(IActorRef subscriber)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        if (debug) Publish(new Debug(nameof(EventStream), GetType(), $"unsubscribing [{subscriber}] from all channels"));
        return base.Unsubscribe(subscriber);
    }
}

public static class EventStreamExtensions
{
    public static bool Subscribe<TChannel>(this EventStream eventStream, IActorRef subscriber) => eventStream.Subscribe(subscriber, typeof(TChannel));

    public static bool Unsubscribe<TChannel>(this EventStream eventStream, IActorRef subscriber) => eventStream.Unsubscribe(subscriber, typeof(TChannel));
}
