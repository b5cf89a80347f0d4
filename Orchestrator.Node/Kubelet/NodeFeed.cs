using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Akka.Actor;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Kubelet;

/// <summary>Tells the kubelets of this process what concerns them: each change is looked at once, however many nodes there are.</summary>
/// <remarks>It tells them directly and not through the region, so that pods need nobody but the registries to reach their node.</remarks>
public sealed class NodeFeed(IRegistries registries)
{
    private readonly ConcurrentDictionary<string, IActorRef> _kubelets = new(StringComparer.Ordinal);
    private readonly Channel<string> _begun = Channel.CreateUnbounded<string>();

    /// <summary>The version up to which changes were told; a list must not be older. Guarded by <see cref="_telling"/>.</summary>
    private long _told;
    private readonly Lock _telling = new();

    /// <summary>A kubelet has begun, or begun anew: it gets the whole state and then the changes.</summary>
    public void Add(string node, IActorRef kubelet)
    {
        _kubelets[node] = kubelet;
        _begun.Writer.TryWrite(node);
    }

    /// <summary>A kubelet has ended.</summary>
    public void Remove(string node, IActorRef kubelet) => _kubelets.TryRemove(new(node, kubelet));

    /// <summary>Sends pods and configuration to the kubelets until cancelled, beginning with the whole state.</summary>
    public async Task RunAsync(LateConfigSource config, CancellationToken cancellationToken)
    {
        config.Set(await RegistryConfigSource.StartAsync(registries, cancellationToken).ConfigureAwait(false));
        var pods = await registries.InformerAsync(ResourceTypes.Pods, cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(
            ListsAsync(pods, cancellationToken),
            ChangesAsync(pods, cancellationToken),
            ConfigAsync(ResourceTypes.ConfigMaps, cancellationToken),
            ConfigAsync(ResourceTypes.Secrets, cancellationToken),
            ConfigAsync(ResourceTypes.PersistentVolumeClaims, cancellationToken)).ConfigureAwait(false);
    }

    private async Task ListsAsync(Informer pods, CancellationToken cancellationToken)
    {
        while (await _begun.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var nodes = new HashSet<string>(StringComparer.Ordinal);
            while (_begun.Reader.TryRead(out var node)) nodes.Add(node);
            await ListAsync(pods, nodes, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ListAsync(Informer pods, HashSet<string> nodes, CancellationToken cancellationToken)
    {
        while (true)
        {
            await pods.WaitForAsync(Volatile.Read(ref _told), cancellationToken).ConfigureAwait(false);
            lock (_telling)
            {
                var all = pods.Objects;
                if (all.Revision < _told) continue;
                var byNode = all.EnumerateFrom().Select(p => (Pod: p, Node: NodeNameOf(p))).Where(p => nodes.Contains(p.Node)).ToLookup(p => p.Node, p => p.Pod);
                foreach (var node in nodes)
                    if (_kubelets.TryGetValue(node, out var kubelet)) kubelet.Tell(new NodePodsListed([.. byNode[node]], all.Revision));
                return;
            }
        }
    }

    private async Task ChangesAsync(Informer pods, CancellationToken cancellationToken)
    {
        while (true)
        {
            // What was before this is in the lists, which everybody who has begun already needs now.
            var cursor = pods.Watch(pods.Revision);
            foreach (var (node, _) in _kubelets) _begun.Writer.TryWrite(node);
            while (await cursor.NextAsync(cancellationToken).ConfigureAwait(false) is { } changes) Tell(changes);
        }
    }

    private void Tell(IReadOnlyList<ObjectChange> changes)
    {
        lock (_telling)
        {
            foreach (var change in changes)
            {
                if (change.Object.Revision > _told) Volatile.Write(ref _told, change.Object.Revision);
                if (_kubelets.TryGetValue(NodeNameOf(change.Object), out var kubelet))
                    kubelet.Tell(new NodePodChanged(change.Object, change.Kind == ChangeKind.Deleted));
            }
        }
    }

    private async Task ConfigAsync(ResourceType type, CancellationToken cancellationToken)
    {
        var informer = await registries.InformerAsync(type, cancellationToken).ConfigureAwait(false);
        for (var first = true; ; first = false)
        {
            var cursor = informer.Watch(informer.Revision);
            // What was changed between the end of the last cursor and the beginning of this one is not told.
            if (!first)
                foreach (var (_, kubelet) in _kubelets) kubelet.Tell(new ConfigMissed());
            while (await cursor.NextAsync(cancellationToken).ConfigureAwait(false) is { } changes)
                foreach (var change in changes)
                    foreach (var (_, kubelet) in _kubelets) kubelet.Tell(new ConfigChanged(type, change.Object.Key));
        }
    }

    /// <summary>Has the pods of a namespace bring their volumes up to date.</summary>
    public void Refresh(ConfigChanged changed)
    {
        foreach (var (_, kubelet) in _kubelets) kubelet.Tell(changed);
    }

    /// <summary>Reads <c>spec.nodeName</c> and nothing else of a pod.</summary>
    public static string NodeNameOf(StoredObject pod)
    {
        var json = pod.Json.Span;
        // Most changes of a flood are of pods that have no node yet: those need no parsing.
        if (json.IndexOf("\"nodeName\""u8) < 0) return "";
        var reader = new Utf8JsonReader(json);
        if (!ObjectJson.Enter(ref reader, "spec"u8) || !ObjectJson.Enter(ref reader, "nodeName"u8)) return "";
        return reader.TokenType == JsonTokenType.String ? reader.GetString()! : "";
    }
}
