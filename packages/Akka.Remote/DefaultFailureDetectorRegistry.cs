using System.Collections.Concurrent;

namespace Akka.Remote;

/// <summary>A failure detector for each of many resources.</summary>
public interface IFailureDetectorRegistry<T> where T : notnull
{
    /// <summary>Whether the resource is thought to be up; true of one that is not monitored.</summary>
    bool IsAvailable(T resource);

    /// <summary>Whether a heartbeat of the resource has been received.</summary>
    bool IsMonitoring(T resource);

    /// <summary>Notes a heartbeat, starting to monitor the resource with the first.</summary>
    void Heartbeat(T resource);

    /// <summary>Stops monitoring the resource.</summary>
    void Remove(T resource);

    /// <summary>Stops monitoring every resource.</summary>
    void Reset();
}

/// <summary>Lock-free registry which makes a detector with the given factory on the first heartbeat.</summary>
public class DefaultFailureDetectorRegistry<T> : IFailureDetectorRegistry<T> where T : notnull
{
    private readonly Func<FailureDetector> _factory;
    private readonly ConcurrentDictionary<T, FailureDetector> _detectors = new();

    public DefaultFailureDetectorRegistry(Func<FailureDetector> factory)
    {
        _factory = factory;
    }

    /// <inheritdoc />
    public bool IsAvailable(T resource) => !_detectors.TryGetValue(resource, out var detector) || detector.IsAvailable;

    /// <inheritdoc />
    public bool IsMonitoring(T resource) => _detectors.TryGetValue(resource, out var detector) && detector.IsMonitoring;

    /// <inheritdoc />
    public void Heartbeat(T resource) => _detectors.GetOrAdd(resource, static (_, factory) => factory(), _factory).HeartBeat();

    /// <inheritdoc />
    public void Remove(T resource) => _detectors.TryRemove(resource, out _);

    /// <inheritdoc />
    public void Reset() => _detectors.Clear();

    /// <summary>The detector of a resource, or null. The multi-node tests put it into a known state.</summary>
    internal FailureDetector? GetFailureDetector(T resource) => _detectors.GetValueOrDefault(resource);
}
