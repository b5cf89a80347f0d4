using System.Collections.Concurrent;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Controllers;

/// <summary>One of the groups that <see cref="TypeCache"/> keeps.</summary>
/// <param name="Namespace">Empty for a group of the cluster.</param>
/// <param name="Kind">The kind of what its objects have in common.</param>
/// <param name="Name">The name of that, or empty.</param>
public readonly record struct CacheGroup(string Namespace, string Kind, string Name)
{
    /// <summary>The ended pods.</summary>
    public static readonly CacheGroup Ended = new("", "", "ended");

    /// <summary>What one object controls. By name, not uid: what an object of the past has left is found too.</summary>
    public static CacheGroup ControlledBy(string ns, string kind, string name) => new(ns, kind, name);

    /// <summary>What nothing controls in a namespace.</summary>
    public static CacheGroup Orphans(string ns) => new(ns, "", "");

    public static CacheGroup OnNode(string node) => new("", "Node", node);

    /// <summary>The pods that use a claim, as <see cref="PodView.Claims"/> tells. The blank keeps them apart from what a claim controls.</summary>
    public static CacheGroup Using(ObjectKey claim) => new(claim.Namespace, "uses PersistentVolumeClaim", claim.Name);

    /// <summary>Adds the groups that an object belongs to.</summary>
    public static void AddGroups(ResourceType type, StoredObject o, List<CacheGroup> groups)
    {
        groups.Add(o.Meta.Controller is { } owner ? ControlledBy(o.Key.Namespace, owner.Kind, owner.Name) : Orphans(o.Key.Namespace));
        if (type != ResourceTypes.Pods) return;
        var pod = PodView.Of(o);
        if (pod.NodeName.Length > 0) groups.Add(OnNode(pod.NodeName));
        if (pod.Finished) groups.Add(Ended);
        foreach (var claim in pod.Claims) groups.Add(Using(new ObjectKey(o.Key.Namespace, claim.Claim)));
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
        return _caches.GetOrAdd(type, static (type, informer) => new TypeCache(informer), informer);
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
