using System.Collections.Concurrent;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Controllers;

/// <summary>The names of the groups that <see cref="TypeCache"/> keeps.</summary>
public static class CacheGroups
{
    /// <summary>The ended pods.</summary>
    public const string Ended = "ended";

    /// <summary>What one object controls. By name, not uid: what an object of the past has left is found too.</summary>
    public static string ControlledBy(string ns, string kind, string name) => $"c/{ns}/{kind}/{name}";

    /// <summary>What nothing controls in a namespace.</summary>
    public static string Orphans(string ns) => $"o/{ns}";

    public static string OnNode(string node) => $"n/{node}";

    /// <summary>The pods that use a claim, as <see cref="PodView.Claims"/> tells.</summary>
    public static string Using(ObjectKey claim) => $"v/{claim.Namespace}/{claim.Name}";

    public static IEnumerable<string> Of(ResourceType type, StoredObject o)
    {
        yield return o.Meta.Controller is { } owner ? ControlledBy(o.Key.Namespace, owner.Kind, owner.Name) : Orphans(o.Key.Namespace);
        if (type != ResourceTypes.Pods) yield break;
        var pod = PodView.Of(o);
        if (pod.NodeName.Length > 0) yield return OnNode(pod.NodeName);
        if (pod.Finished) yield return Ended;
        foreach (var claim in pod.Claims) yield return Using(new ObjectKey(o.Key.Namespace, claim.Claim));
    }
}

/// <summary>All that the controllers of this process read, one <see cref="TypeCache"/> per type.</summary>
public sealed class ControllerCaches(IRegistries registries)
{
    private readonly ConcurrentDictionary<ResourceType, TypeCache> _caches = new();

    /// <exception cref="InvalidOperationException">The type has not been opened: its controller does not declare that it reads it.</exception>
    public TypeCache this[ResourceType type] =>
        _caches.TryGetValue(type, out var cache) ? cache : throw new InvalidOperationException($"no cache of {type} is open");

    public TypeCache? Find(ResourceType type) => _caches.GetValueOrDefault(type);

    /// <summary>The cache of a type, opened when this is the first call for it. It fills when the trigger source feeds it.</summary>
    public async ValueTask<TypeCache> OpenAsync(ResourceType type, CancellationToken cancellationToken = default)
    {
        if (_caches.TryGetValue(type, out var cache)) return cache;
        var informer = await registries.InformerAsync(type, cancellationToken).ConfigureAwait(false);
        return _caches.GetOrAdd(type, static (type, informer) => new TypeCache(informer, o => CacheGroups.Of(type, o)), informer);
    }

    /// <summary>Waits until the caches show all that was committed before this call.</summary>
    public async Task CatchUpAsync(IEnumerable<ResourceType> types, CancellationToken cancellationToken = default)
    {
        foreach (var type in types)
        {
            var informer = await registries.ConsistentAsync(type, cancellationToken).ConfigureAwait(false);
            var cache = await OpenAsync(type, cancellationToken).ConfigureAwait(false);
            await cache.WaitForAsync(informer.Revision).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
