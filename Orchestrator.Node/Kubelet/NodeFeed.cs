using System.Collections.Immutable;
using System.Text.Json;
using Akka.Actor;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Kubelet;

/// <summary>Tells the kubelets of this process what concerns them: each change is looked at once, however many nodes there are.</summary>
public sealed class NodeFeed(IRegistries registries)
{
    private volatile ImmutableDictionary<string, IActorRef> _kubelets = ImmutableDictionary<string, IActorRef>.Empty;

    /// <summary>Sends pods and configuration to the kubelets until cancelled, beginning with the whole state.</summary>
    public async Task RunAsync(ImmutableDictionary<string, IActorRef> kubelets, LateConfigSource config, CancellationToken cancellationToken)
    {
        _kubelets = kubelets;
        config.Set(await RegistryConfigSource.StartAsync(registries, cancellationToken).ConfigureAwait(false));
        await Task.WhenAll(
            PodsAsync(cancellationToken),
            ConfigAsync(ResourceTypes.ConfigMaps, cancellationToken),
            ConfigAsync(ResourceTypes.Secrets, cancellationToken)).ConfigureAwait(false);
    }

    private async Task PodsAsync(CancellationToken cancellationToken)
    {
        var informer = await registries.InformerAsync(ResourceTypes.Pods, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var all = informer.Objects;
            var byNode = all.EnumerateFrom().Select(p => (Pod: p, Node: NodeNameOf(p))).Where(p => p.Node.Length > 0).ToLookup(p => p.Node, p => p.Pod);
            foreach (var (node, kubelet) in _kubelets) kubelet.Tell(new NodePodsListed([.. byNode[node]]));
            var cursor = informer.Watch(all.Revision);
            while (await cursor.NextAsync(cancellationToken).ConfigureAwait(false) is { } changes)
                foreach (var change in changes)
                    if (_kubelets.TryGetValue(NodeNameOf(change.Object), out var kubelet))
                        kubelet.Tell(new NodePodChanged(change.Object, change.Kind == ChangeKind.Deleted));
        }
    }

    private async Task ConfigAsync(ResourceType type, CancellationToken cancellationToken)
    {
        var informer = await registries.InformerAsync(type, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var cursor = informer.Watch(informer.Revision);
            while (await cursor.NextAsync(cancellationToken).ConfigureAwait(false) is { } changes)
                foreach (var change in changes)
                    foreach (var kubelet in _kubelets.Values) kubelet.Tell(new ConfigChanged(type, change.Object.Key));
        }
    }

    /// <summary>Reads <c>spec.nodeName</c> and nothing else of a pod.</summary>
    public static string NodeNameOf(StoredObject pod)
    {
        var reader = new Utf8JsonReader(pod.Json.Span);
        if (!Enter(ref reader, "spec"u8) || !Enter(ref reader, "nodeName"u8)) return "";
        return reader.TokenType == JsonTokenType.String ? reader.GetString()! : "";
    }

    /// <summary>Moves into the object that comes next and to the value of one of its properties.</summary>
    private static bool Enter(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        if (reader.TokenType != JsonTokenType.StartObject && (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)) return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var here = reader.ValueTextEquals(name);
            reader.Read();
            if (here) return true;
            reader.Skip();
        }
        return false;
    }
}
