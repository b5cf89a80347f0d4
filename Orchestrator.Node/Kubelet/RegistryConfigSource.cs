using System.Collections.Immutable;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Kubelet;

/// <summary>Configuration as this process's informers have it.</summary>
public sealed class RegistryConfigSource : IConfigSource
{
    private readonly Informer _configMaps, _secrets, _services;

    private RegistryConfigSource(Informer configMaps, Informer secrets, Informer services) =>
        (_configMaps, _secrets, _services) = (configMaps, secrets, services);

    /// <summary>Starts the informers and waits until they have everything.</summary>
    public static async Task<RegistryConfigSource> StartAsync(IRegistries registries, CancellationToken cancellationToken) => new(
        await registries.InformerAsync(ResourceTypes.ConfigMaps, cancellationToken).ConfigureAwait(false),
        await registries.InformerAsync(ResourceTypes.Secrets, cancellationToken).ConfigureAwait(false),
        await registries.InformerAsync(ResourceTypes.Services, cancellationToken).ConfigureAwait(false));

    public StoredObject? Find(ResourceType type, ObjectKey key) =>
        type == ResourceTypes.ConfigMaps ? _configMaps.Get(key) : type == ResourceTypes.Secrets ? _secrets.Get(key) : null;

    public ImmutableArray<StoredObject> Services(string @namespace) => [.. _services.Objects.InNamespace(@namespace)];
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
