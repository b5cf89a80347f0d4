using System.Collections.Frozen;
using System.Collections.Immutable;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Kubelet;

/// <summary>Configuration as this process's informers have it.</summary>
public sealed class RegistryConfigSource : IConfigSource
{
    private static readonly ImmutableArray<ResourceType> Types =
        [ResourceTypes.ConfigMaps, ResourceTypes.Secrets, ResourceTypes.Services, ResourceTypes.PersistentVolumeClaims, ResourceTypes.PersistentVolumes];

    private readonly FrozenDictionary<ResourceType, Informer> _informers;

    private RegistryConfigSource(FrozenDictionary<ResourceType, Informer> informers) => _informers = informers;

    /// <summary>Starts the informers and waits until they have everything.</summary>
    public static async Task<RegistryConfigSource> StartAsync(IRegistries registries, CancellationToken cancellationToken)
    {
        var informers = new Dictionary<ResourceType, Informer>();
        foreach (var type in Types) informers[type] = await registries.InformerAsync(type, cancellationToken).ConfigureAwait(false);
        return new RegistryConfigSource(informers.ToFrozenDictionary());
    }

    public StoredObject? Find(ResourceType type, ObjectKey key) => _informers.GetValueOrDefault(type)?.Get(key);

    public ImmutableArray<StoredObject> Services(string @namespace) => [.. _informers[ResourceTypes.Services].Objects.InNamespace(@namespace)];
}

/// <summary>A source that may become ready later: until then nothing is there, so that pods wait and are told of changes.</summary>
public sealed class LateConfigSource : IConfigSource
{
    private volatile IConfigSource? _inner;

    public bool IsReady => _inner is not null;

    public void Set(IConfigSource source) => _inner = source;

    public StoredObject? Find(ResourceType type, ObjectKey key) => _inner?.Find(type, key);

    public ImmutableArray<StoredObject> Services(string @namespace) => _inner?.Services(@namespace) ?? [];
}
